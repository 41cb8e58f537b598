#include "attest/components.h"

#include "attest/authenticode.h"
#include "attest/digest.h"
#include "attest/event_info.h"
#include "attest/event_type.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    guint partition;
    char *path;
    char *sha256;
    char *program; /* NULL: it is none */
    gboolean is_signed;
} File;

typedef struct {
    guint number;
    gboolean read;
} PartitionRead;

struct Components {
    char *image_urn, *image_sha256;
    GArray *partitions; /* of PartitionRead */
    GPtrArray *files;   /* of File */
};

static void
file_free(void *data)
{
    File *file = data;
    g_free(file->path);
    g_free(file->sha256);
    g_free(file->program);
    g_free(file);
}

Components *
components_new(const char *image_urn, const char *image_sha256)
{
    Components *components = g_new0(Components, 1);
    components->image_urn = g_strdup(image_urn);
    components->image_sha256 = g_strdup(image_sha256);
    components->partitions = g_array_new(FALSE, FALSE, sizeof(PartitionRead));
    components->files = g_ptr_array_new_with_free_func(file_free);
    return components;
}

void
components_free(Components *components)
{
    if (!components)
        return;
    g_free(components->image_urn);
    g_free(components->image_sha256);
    g_array_unref(components->partitions);
    g_ptr_array_unref(components->files);
    g_free(components);
}

void
components_add_partition(Components *components, guint number, gboolean read)
{
    const PartitionRead one = { number, read };
    g_array_append_val(components->partitions, one);
}

static void
file_add(Components *components, guint partition, const char *path, const char *sha256_text, const char *program,
         gboolean is_signed)
{
    File *file = g_new0(File, 1);
    file->partition = partition;
    file->path = g_strdup(path);
    file->sha256 = g_strdup(sha256_text);
    file->program = g_strdup(program);
    file->is_signed = is_signed;
    g_ptr_array_add(components->files, file);
}

void
components_add_file(Components *components, guint partition, const char *path, const guint8 *content, gsize size)
{
    guint8 digest[SHA256_SIZE];
    sha256(content, size, digest);
    g_autofree char *text = sha256_hex(digest);
    g_autofree char *program = authenticode_sha256(content, size, digest) ? sha256_hex(digest) : NULL;
    file_add(components, partition, path, text, program, authenticode_is_signed(content, size));
}

guint
components_n_files(const Components *components)
{
    return components->files->len;
}

const char *
components_image_sha256(const Components *components)
{
    return components->image_sha256;
}

/* ---- the boot chain ---- */

#define BOOTS_FIRST "/EFI/BOOT/BOOTX64.EFI"

/* Where a disk is booted for the first time, as an image is, no variable names another. Then: shim's default loader; its
 * fallback, and the shim of the distribution that this starts. FAT knows no case. */
static gboolean
is_of_boot_chain(const File *file)
{
    static const char *const names[] = { "grubx64.efi", "fbx64.efi", "shimx64.efi" };
    const char *name = strrchr(file->path, '/') + 1;
    if (g_ascii_strcasecmp(file->path, BOOTS_FIRST) == 0)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_ascii_strcasecmp(name, names[i]) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
components_boot_chain(const Components *components, gboolean *ret_signed)
{
    gboolean boots = FALSE, all_signed = TRUE;
    for (guint i = 0; i < components->files->len; i++) {
        const File *file = g_ptr_array_index(components->files, i);
        if (!file->program || !is_of_boot_chain(file))
            continue;
        boots = boots || g_ascii_strcasecmp(file->path, BOOTS_FIRST) == 0;
        all_signed = all_signed && file->is_signed;
    }
    if (boots)
        *ret_signed = all_signed;
    return boots;
}

/* ---- JSON ---- */

json_t *
components_json(const Components *components)
{
    json_t *json = json_object(), *partitions = json_array(), *files = json_array();
    json_set_text(json, "image", components->image_urn);
    json_set_text(json, "imageSha256", components->image_sha256);
    for (guint i = 0; i < components->partitions->len; i++) {
        const PartitionRead *one = &g_array_index(components->partitions, PartitionRead, i);
        json_array_append_new(partitions, json_pack("{si sb}", "number", (int)one->number, "read", one->read));
    }
    for (guint i = 0; i < components->files->len; i++) {
        const File *file = g_ptr_array_index(components->files, i);
        json_t *one = json_pack("{si}", "partition", (int)file->partition);
        json_set_text(one, "path", file->path);
        json_set_text(one, "sha256", file->sha256);
        json_set_text(one, "program", file->program);
        if (file->program)
            json_object_set_new(one, "signed", json_boolean(file->is_signed));
        json_array_append_new(files, one);
    }
    json_object_set_new(json, "partitions", partitions);
    json_object_set_new(json, "files", files);
    return json;
}

static gboolean
is_digest(const char *text)
{
    return text && strlen(text) == 2 * SHA256_SIZE && text[strspn(text, "0123456789abcdef")] == '\0';
}

static gboolean
is_number(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) > 0 && json_integer_value(value) <= G_MAXINT;
}

static gboolean
partition_parse(Components *components, const json_t *json)
{
    const json_t *number = json_object_get(json, "number"), *read = json_object_get(json, "read");
    if (!is_number(number) || !json_is_boolean(read))
        return FALSE;
    components_add_partition(components, (guint)json_integer_value(number), json_is_true(read));
    return TRUE;
}

static gboolean
file_parse(Components *components, const json_t *json)
{
    const json_t *partition = json_object_get(json, "partition");
    const char *path = json_string_value(json_object_get(json, "path"));
    const char *digest = json_string_value(json_object_get(json, "sha256"));
    const char *program = json_string_value(json_object_get(json, "program"));
    if (!is_number(partition) || !path || *path != '/' || !is_digest(digest) || (program && !is_digest(program)))
        return FALSE;
    file_add(components, (guint)json_integer_value(partition), path, digest, program,
             json_is_true(json_object_get(json, "signed")));
    return TRUE;
}

static gboolean
each_parse(Components *components, const json_t *list, gboolean (*parse)(Components *, const json_t *))
{
    gsize i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        if (!parse(components, one))
            return FALSE;
    }
    return json_is_array(list);
}

Components *
components_parse(const json_t *json, GError **error)
{
    const char *urn = json_string_value(json_object_get(json, "image"));
    const char *digest = json_string_value(json_object_get(json, "imageSha256"));
    g_autoptr(Components) components = components_new(urn, digest);
    if (urn && digest && each_parse(components, json_object_get(json, "partitions"), partition_parse) &&
        each_parse(components, json_object_get(json, "files"), file_parse))
        return g_steal_pointer(&components);
    arm_fail(error, ARM_BAD_REQUEST, NULL, "These are no components of an image.");
    return NULL;
}

/* ---- a boot beside it ---- */

#define MARKER_MAX 64u

typedef struct {
    const Components *components;
    gboolean of_programs; /* PCR 4; else PCR 9 */
    guint judged[2];      /* events that are of one of these files, in PCR 9 and PCR 4 */
    guint programs;       /* events of programs so far */
    guint passed_over;
    GPtrArray *differences;
} Beside;

static const char *
digest_of(const File *file, gboolean of_program)
{
    return of_program ? file->program : file->sha256;
}

static gboolean
is_known(const Beside *beside, const char *digest)
{
    for (guint i = 0; i < beside->components->files->len; i++) {
        if (g_strcmp0(digest_of(g_ptr_array_index(beside->components->files, i), beside->of_programs), digest) == 0)
            return TRUE;
    }
    return FALSE;
}

/* "\EFI\BOOT\grubx64.efi" of UEFI; "(hd0,gpt1)/vmlinuz" of GRUB. partition 0: it says none. NULL: it is no path. */
static char *
path_of(const char *name, guint *ret_partition)
{
    guint disk;
    int end = 0;
    *ret_partition = 0;
    if (sscanf(name, "(hd%u,gpt%u)%n", &disk, ret_partition, &end) >= 2 && end > 0)
        name += end;
    return *name == '/' || *name == '\\' ? g_strdelimit(g_strdup(name), "\\", '/') : NULL;
}

/* FAT knows no case. */
static const File *
file_find(const Beside *beside, const char *path, guint partition)
{
    for (guint i = 0; path && i < beside->components->files->len; i++) {
        const File *file = g_ptr_array_index(beside->components->files, i);
        if ((partition == 0 || file->partition == partition) && g_ascii_strcasecmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

/* Of what has no path, nothing follows from its being unknown: a unified kernel image loads a part of itself so.
 * Would the file be known if the image had it? partition 0: wherever it lies. */
static gboolean
is_read(const Components *components, guint partition)
{
    gboolean any = FALSE;
    for (guint i = 0; i < components->partitions->len; i++) {
        const PartitionRead *one = &g_array_index(components->partitions, PartitionRead, i);
        if (partition != 0 && one->number != partition)
            continue;
        any = TRUE;
        if (!one->read)
            return FALSE;
    }
    return any;
}

static void
difference_add(Beside *beside, const LogEvent *event, guint place, const char *name, const File *expected, const char *seen)
{
    Difference *difference = g_new0(Difference, 1);
    difference->kind = expected ? DIFFERENCE_CHANGED : DIFFERENCE_NEW;
    difference->pcr = event->pcr;
    difference->type = event->type;
    difference->event = place;
    difference->name = g_strdup(name);
    difference->expected = expected ? g_strdup(digest_of(expected, beside->of_programs)) : NULL;
    difference->seen = g_strdup(seen);
    g_ptr_array_add(beside->differences, difference);
}

static gboolean
has_programs(const Components *components)
{
    for (guint i = 0; i < components->files->len; i++) {
        if (((const File *)g_ptr_array_index(components->files, i))->program)
            return TRUE;
    }
    return FALSE;
}

static void
event_judge(Beside *beside, const LogEvent *event, guint place)
{
    g_auto(EventInfo) info = { 0 };
    guint partition;
    g_autofree char *digest = sha256_hex(event->digest);
    /* The firmware loads it, from a file system that was read: it is of the image, whatever the log says of its path. */
    const gboolean is_first = beside->of_programs && beside->programs++ == 0;
    if (is_known(beside, digest)) {
        beside->judged[beside->of_programs ? 1 : 0]++;
        return;
    }
    event_info_read(event, &info);
    g_autofree char *path = path_of(info.name, &partition);
    const File *expected = file_find(beside, path, partition);
    if ((path && (expected || is_read(beside->components, partition))) || (is_first && has_programs(beside->components)))
        difference_add(beside, event, place, info.name, expected, digest);
    else
        beside->passed_over++;
}

/* "Calling EFI Application from Boot Option", a separator. No program is so short. */
static gboolean
is_marker(const LogEvent *event)
{
    return (event->type == EV_EFI_ACTION || event->type == EV_SEPARATOR) && event->size <= MARKER_MAX &&
           event_proof(event) == EVENT_PROOF_HOLDS;
}

/* Types are the log's word, and no digest covers them: a program is what was not proven to be another thing. */
static gboolean
is_program(const LogEvent *event)
{
    return event->pcr == 4 && event->type != EV_NO_ACTION && !is_marker(event);
}

static void
log_judge(Beside *beside, const EventLog *log)
{
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *event = event_log_get(log, i);
        beside->of_programs = is_program(event);
        if (beside->of_programs || (event->pcr == 9 && event->type == EV_IPL))
            event_judge(beside, event, i + 1);
    }
}

void
components_judge(const Components *components, const Evidenced *seen, const char *reference, Judgement *ret_judgement)
{
    Beside beside = { .components = components,
                      .differences = g_ptr_array_new_with_free_func((GDestroyNotify)difference_free) };
    log_judge(&beside, seen->log);
    *ret_judgement = (Judgement){ .verdict = VERDICT_NOT_JUDGED, .differences = beside.differences };
    ret_judgement->worst = differences_worst(beside.differences);
    if (ret_judgement->worst) {
        ret_judgement->verdict = VERDICT_DEVIATION;
        ret_judgement->reason = difference_text(ret_judgement->worst, reference);
        return;
    }
    g_autofree char *rest =
        beside.passed_over > 0 ? g_strdup_printf(" %u more could not be computed.", beside.passed_over) : NULL;
    ret_judgement->reason =
        g_strdup_printf("%u programs (PCR 4) and %u files (PCR 9) are those of %s.%s Of firmware, Secure Boot, "
                        "commands and MOK state (PCRs 0 to 3, 5 to 8, 14) nothing was approved yet.",
                        beside.judged[1], beside.judged[0], reference, rest ? rest : "");
}
