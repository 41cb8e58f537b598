#include "cli/evidence_files.h"

#include "attest/bundle.h"
#include "base/file.h"
#include "cli/input.h"

#include <sys/stat.h>

/* Keys, certificate and quote, and the lines between the parts. */
#define BUNDLE_BESIDES_LOG 65536
/* An event log in base64, and what is said of it. */
#define BASELINE_MAX (2 * EVENT_LOG_MAX_BYTES)

static const struct {
    const char *name;
    size_t bytes; /* where in a Folder */
} parts[] = {
    { "quote.attest", offsetof(Folder, evidence.attest) }, { "quote.sig", offsetof(Folder, evidence.signature) },
    { "ak.pub", offsetof(Folder, evidence.ak) },           { "ek.pub", offsetof(Folder, evidence.ek) },
    { "eventlog.bin", offsetof(Folder, evidence.log) },    { "nonce.bin", offsetof(Folder, nonce) },
    { "ek-rsa.crt.der", offsetof(Folder, certificate) },
};

static GBytes **
part_of(Folder *folder, guint part)
{
    return G_STRUCT_MEMBER_P(folder, parts[part].bytes);
}

void
folder_clear(Folder *folder)
{
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        g_clear_pointer(part_of(folder, i), g_bytes_unref);
}

static gboolean
part_read(const char *folder, const char *name, const char *option, GBytes **ret_bytes, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    gsize size;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    char *text = input_read(path, option, EVIDENCE_FILE_MAX, &size, error);
    if (text)
        *ret_bytes = g_bytes_new_take(text, size);
    return text != NULL;
}

/* Its parts go over to the folder. It has no nonce: --nonce says what was asked for. */
static gboolean
bundle_read(const char *path, Folder *ret_folder, GError **error)
{
    gsize size;
    Bundle bundle;
    char *text = input_read(path, "FOLDER", EVIDENCE_FILE_MAX + BUNDLE_BESIDES_LOG, &size, error);
    if (!text)
        return FALSE;
    g_autoptr(GBytes) bytes = g_bytes_new_take(text, size);
    if (!bundle_parse(bytes, &bundle, error))
        return FALSE;
    ret_folder->evidence = bundle.evidence;
    ret_folder->certificate = bundle.certificate;
    g_clear_pointer(&bundle.refused, g_bytes_unref);
    ret_folder->nonce = g_bytes_new(NULL, 0);
    return TRUE;
}

static gboolean
folder_read(const char *path, const char *option, const char *names, Folder *ret_folder, GError **error)
{
    gboolean any = FALSE;
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return arm_fail(error, ARM_INVALID_PARAMETER, option, "%s: there is no file or folder '%s'; %s.", option, path, names);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (!part_read(path, parts[i].name, option, part_of(ret_folder, i), error))
            return FALSE;
        any = any || *part_of(ret_folder, i);
    }
    if (!ret_folder->nonce)
        ret_folder->nonce = g_bytes_new(NULL, 0);
    return any ||
           arm_fail(error, ARM_INVALID_PARAMETER, option,
                    "Folder '%s' has no evidence: quote.attest, quote.sig, ak.pub, nonce.bin and eventlog.bin are looked "
                    "for.",
                    path);
}

gboolean
evidence_read(const char *path, Folder *ret_folder, GError **error)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR)
               ? bundle_read(path, ret_folder, error)
               : folder_read(path, "FOLDER", "evidence, in a folder or a file, or a change record is named", ret_folder, error);
}

static gboolean
part_write(const char *folder, const char *name, const char *base64, GError **error)
{
    gsize size;
    g_autofree guchar *bytes = g_base64_decode(base64, &size);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return file_write(path, (const char *)bytes, size, 0644, error);
}

gboolean
evidence_write(const json_t *evidence, const char *folder, GError **error)
{
    if (json_object_size(evidence) == 0)
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL, "There is no evidence of the present boot.");
    if (mkdir(folder, 0755) != 0)
        return io_fail(error, "make", folder);
    /* The names are ours: whoever answers does not say where in the file system he writes. */
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        const char *base64 = json_member_text(evidence, parts[i].name);
        if (base64 && !part_write(folder, parts[i].name, base64, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- references ---- */

void
reference_clear(Reference *reference)
{
    g_clear_pointer(&reference->name, g_free);
    g_clear_pointer(&reference->log, event_log_free);
}

static gboolean
baseline_read(const char *path, Reference *ret_reference, GError **error)
{
    gsize size;
    char *text = input_read(path, "--reference", BASELINE_MAX, &size, error);
    if (!text)
        return FALSE;
    g_autoptr(GBytes) bytes = g_bytes_new_take(text, size);
    g_autoptr(GError) problem = NULL;
    g_autoptr(Baseline) baseline = baseline_parse(bytes, &problem);
    if (!baseline)
        return arm_fail(error, ARM_INVALID_PARAMETER, "--reference", "'%s' is no baseline as it is exported: %s", path,
                        problem->message);
    ret_reference->name = g_steal_pointer(&baseline->name);
    ret_reference->log = g_steal_pointer(&baseline->log);
    return TRUE;
}

/* Known to be good: then its evidence holds. */
static gboolean
known_good_read(const char *path, Reference *ret_reference, GError **error)
{
    g_auto(Folder) folder = { 0 };
    g_auto(Evidenced) known = { 0 };
    if (!folder_read(path, "--reference", "an exported baseline, or a folder with evidence, is named", &folder, error))
        return FALSE;
    evidence_check(&folder.evidence, folder.nonce, &known);
    if (known.check != EVIDENCE_HOLDS)
        return arm_fail(error, ARM_INVALID_PARAMETER, "--reference", "The evidence in '%s' is no reference: %s", path,
                        known.reason);
    ret_reference->name = g_strdup("the reference");
    ret_reference->log = g_steal_pointer(&known.log);
    return TRUE;
}

gboolean
reference_read(const char *path, Reference *ret_reference, GError **error)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? baseline_read(path, ret_reference, error)
                                                     : known_good_read(path, ret_reference, error);
}
