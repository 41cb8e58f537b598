#include "attest/assessment.h"

#include "base/guest_wire.h"
#include "base/json.h"

#include <string.h>

/* What a fact says besides its name. */
#define WORDS_MAX 4

typedef struct {
    json_t *json;
    json_t *refused, *locked_out, *not_seen; /* borrowed of it */
} Assessment;

static void __attribute__((format(printf, 4, 5)))
found(json_t *list, const char *kind, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *reason = g_strdup_vprintf(format, args);
    va_end(args);
    json_t *finding = json_object();
    json_set_text(finding, "kind", kind);
    json_set_text(finding, "name", name);
    json_set_text(finding, "reason", reason);
    json_array_append_new(list, finding);
}

/* ---- what Secure Boot would refuse ---- */

static void
secure_boot_take(Assessment *a, char **words)
{
    static const char *const states[] = { "on", "off", "none", WIRE_UNSEEN, NULL };
    if (!g_strv_contains(states, words[1]))
        return;
    json_set_text(a->json, "secureBoot", words[1]);
    if (strcmp(words[1], "none") == 0)
        found(a->not_seen, "Firmware", NULL,
              "The guest did not boot by UEFI: whether its disk has a boot loader for UEFI was not looked at. Trusted launch "
              "needs a generation 2 image.");
}

static void
tpm_take(Assessment *a, char **words)
{
    json_object_set_new(a->json, "tpm", json_boolean(strcmp(words[1], "yes") == 0));
}

static void
module_signatures_take(Assessment *a, char **words)
{
    if (strcmp(words[1], "checked") != 0)
        found(a->not_seen, "Kernel", NULL,
              "This kernel checks no signatures of modules (it was built without, or does not show it): it cannot tell which "
              "ones another kernel would refuse.");
}

static void
kernel_take(Assessment *a, char **words)
{
    if (strcmp(words[2], WIRE_UNSIGNED) == 0)
        found(a->refused, "Kernel", words[1], "/boot/vmlinuz-%s has no signature: Secure Boot does not start it.", words[1]);
    else if (strcmp(words[2], WIRE_SIGNED) != 0)
        found(a->not_seen, "Kernel", words[1],
              "/boot/vmlinuz-%s was not found, or is no program for UEFI: whether the kernel is signed is not known.",
              words[1]);
}

static void
loader_take(Assessment *a, char **words)
{
    if (strcmp(words[2], WIRE_UNSIGNED) == 0)
        found(a->refused, "BootLoader", words[1], "It has no signature: Secure Boot does not start it.");
    else if (strcmp(words[2], WIRE_SIGNED) != 0)
        found(a->not_seen, "BootLoader", words[1], "It could not be read, or is no program for UEFI.");
}

/* Documentation/admin-guide/tainted-kernels.rst: E: unsigned, or by a key that this kernel does not know; O: out of tree; P:
 * proprietary. */
static void
module_take(Assessment *a, char **words)
{
    const gboolean is_signed = strcmp(words[3], WIRE_SIGNED) == 0;
    if (strchr(words[2], 'E'))
        found(a->refused, "KernelModule", words[1],
              is_signed ? "It is signed by a key that this kernel does not know: with Secure Boot it is not loaded."
                        : "Its signature is missing or by a key that this kernel does not know: with Secure Boot it is not "
                          "loaded.");
    else if (strchr(words[2], 'O') || strchr(words[2], 'P'))
        found(a->not_seen, "KernelModule", words[1],
              "It is not part of the kernel (%s), and its signature passes here; by a machine owner's key (MOK) it would not: "
              "new UEFI variables have none.",
              words[2]);
}

/* ---- what a new vTPM would lock out ---- */

static void
luks_take(Assessment *a, char **words)
{
    g_autofree char *device = g_strdup_printf("/dev/%s", words[1]);
    found(a->locked_out, "LuksVolume", device,
          "LUKS volume %s has a key in this TPM (%s): a new one does not open it. Another of its keys does, if there is one.",
          words[2], words[3]);
}

static void
crypttab_take(Assessment *a, char **words)
{
    found(a->locked_out, "CrypttabVolume", words[1], "/etc/crypttab opens it by the TPM (tpm2-device).");
}

static void
credential_take(Assessment *a, char **words)
{
    found(a->locked_out, "Credential", words[1], "It is encrypted with a key in this TPM: a new one does not decrypt it.");
}

/* ---- what was not looked at ---- */

static void
unseen_take(Assessment *a, char **words)
{
    static const struct {
        const char *what, *kind, *reason;
    } kinds[] = {
        { "modules", "KernelModule", "The list of modules in use could not be read to its end." },
        { "loaders", "BootLoader", "No EFI system partition is mounted: boot loaders were not looked at." },
        { "volumes", "LuksVolume", "The list of block devices could not be read: no volume was looked at." },
        { "volume", "LuksVolume", "The block device could not be read." },
        { "luks", "LuksVolume", "Its LUKS header is one that was not understood: whether a TPM opens it is not known." },
        { "luks1", "LuksVolume", "It is LUKS1: whether clevis (luksmeta) has bound it to a TPM was not looked at." },
        { "clevis", "LuksVolume", "clevis opens it, by a policy that was not read: it may need this TPM." },
        { "crypttab", "CrypttabVolume", "/etc/crypttab could not be read." },
        { "credential", "Credential", "What it is encrypted with is not known." },
        { "rest", "Everything", "There is more than the guest may say." },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(words[1], kinds[i].what) == 0) {
            g_autofree char *device = strcmp(kinds[i].kind, "LuksVolume") == 0 && words[2] && words[2][0] != '/'
                                          ? g_strdup_printf("/dev/%s", words[2])
                                          : g_strdup(words[2]);
            found(a->not_seen, kinds[i].kind, device, "%s", kinds[i].reason);
            return;
        }
    }
}

static const struct {
    const char *name;
    guint words; /* at least, with its name */
    void (*take)(Assessment *a, char **words);
} facts[] = {
    { WIRE_SECURE_BOOT, 2, secure_boot_take },
    { WIRE_TPM, 2, tpm_take },
    { WIRE_MODULE_SIGNATURES, 2, module_signatures_take },
    { WIRE_KERNEL, 3, kernel_take },
    { WIRE_LOADER, 3, loader_take },
    { WIRE_MODULE, 4, module_take },
    { WIRE_LUKS, 4, luks_take },
    { WIRE_CRYPTTAB, 2, crypttab_take },
    { WIRE_CREDENTIAL, 2, credential_take },
    { WIRE_UNSEEN, 2, unseen_take },
};

static void
fact_take(Assessment *a, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", WORDS_MAX + 1);
    const guint n = g_strv_length(words);
    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++) {
        if (n > 0 && strcmp(words[0], facts[i].name) == 0 && n >= facts[i].words)
            facts[i].take(a, words);
    }
}

/* What nobody can tell from inside a guest, so that no empty list is taken for more than it is. */
static void
limits_tell(Assessment *a)
{
    found(a->not_seen, "BootLoader", NULL,
          "Whose signatures boot loaders and kernel have, and whether dbx or SBAT revoke them, was not judged.");
    found(a->not_seen, "Credential", NULL,
          "What programs keep in the TPM themselves (SSH and TLS keys, credentials in unit files) was not looked at.");
}

static gboolean
is_printable(const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if ((bytes[i] < ' ' || bytes[i] > '~') && bytes[i] != '\n')
            return FALSE;
    }
    return TRUE;
}

json_t *
assessment_json(const void *bytes, gsize length, GError **error)
{
    const char *text = bytes;
    g_autofree char *copy = length > 0 && is_printable(text, length) ? g_strndup(text, length) : g_strdup("");
    g_auto(GStrv) lines = g_strsplit(copy, "\n", ASSESSMENT_LINES_MAX + 1);
    const guint n = g_strv_length(lines);
    /* The last line's end makes one more, which is empty. */
    if (n < 3 || strcmp(lines[0], WIRE_ASSESSMENT) != 0 || strcmp(lines[n - 2], WIRE_END) != 0 || *lines[n - 1]) {
        arm_fail(error, ARM_GUEST_RUN_FAILED, NULL, "What the guest answered is no assessment, or was cut short.");
        return NULL;
    }
    g_autoptr(json_t) json =
        json_pack("{ss sb s[] s[] s[]}", "secureBoot", WIRE_UNSEEN, "tpm", 0, "refused", "lockedOut", "notSeen");
    Assessment a = { json, json_object_get(json, "refused"), json_object_get(json, "lockedOut"),
                     json_object_get(json, "notSeen") };
    for (guint i = 1; i < n - 2; i++)
        fact_take(&a, lines[i]);
    limits_tell(&a);
    return g_steal_pointer(&json);
}
