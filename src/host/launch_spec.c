#include "host/launch_spec.h"

#include "base/error.h"
#include "base/json.h"

#include <stddef.h>
#include <string.h>

#define SPEC_NUMBER_MAX G_GINT64_CONSTANT(0x7fffffffffff)

LaunchDisk *
launch_disk_new(guint lun, guint size_gib, const char *file)
{
    LaunchDisk *disk = g_new0(LaunchDisk, 1);
    *disk = (LaunchDisk){ .lun = lun, .size_gib = size_gib, .file = g_strdup(file) };
    return disk;
}

void
launch_disk_free(LaunchDisk *disk)
{
    if (!disk)
        return;
    g_free(disk->file);
    g_free(disk);
}

static void
lists_make(LaunchSpec *spec)
{
    spec->data_disks = g_ptr_array_new_with_free_func((GDestroyNotify)launch_disk_free);
    spec->leaving = g_ptr_array_new_with_free_func((GDestroyNotify)launch_disk_free);
    spec->ssh_keys = g_ptr_array_new_with_free_func(g_free);
}

LaunchSpec *
launch_spec_new(void)
{
    LaunchSpec *spec = g_new0(LaunchSpec, 1);
    lists_make(spec);
    return spec;
}

/* One row per member, for codec, copy and free alike. */
typedef enum { MEMBER_TEXT, MEMBER_UINT, MEMBER_UINT64, MEMBER_BOOL } MemberType;
static const struct {
    const char *name;
    MemberType type;
    gsize offset;
    gboolean required;
} members[] = {
#define M(name, member, type, required)                                                                                        \
    {                                                                                                                          \
        name, type, offsetof(LaunchSpec, member), required                                                                     \
    }
    M("key", key, MEMBER_TEXT, TRUE),
    M("name", name, MEMBER_TEXT, TRUE),
    M("vmId", vm_id, MEMBER_TEXT, TRUE),
    M("owner", owner, MEMBER_TEXT, TRUE),
    M("epoch", epoch, MEMBER_UINT64, TRUE),
    M("revision", revision, MEMBER_UINT, TRUE),
    M("vcpus", vcpus, MEMBER_UINT, TRUE),
    M("memoryMiB", memory_mib, MEMBER_UINT, TRUE),
    M("generation", generation, MEMBER_UINT, TRUE),
    M("architecture", architecture, MEMBER_TEXT, TRUE),
    M("trustedLaunch", trusted_launch, MEMBER_BOOL, TRUE),
    M("secureBoot", secure_boot, MEMBER_BOOL, TRUE),
    M("vtpm", vtpm, MEMBER_BOOL, TRUE),
    M("image", image_urn, MEMBER_TEXT, TRUE),
    M("imageFormat", image_format, MEMBER_TEXT, TRUE),
    M("imageSha256", image_sha256, MEMBER_TEXT, TRUE),
    M("guestAgent", guest_agent, MEMBER_BOOL, TRUE),
    M("diskGeneration", disk_gen, MEMBER_UINT64, TRUE),
    M("variablesGeneration", vars_gen, MEMBER_UINT64, TRUE),
    M("vtpmGeneration", vtpm_gen, MEMBER_UINT64, TRUE),
    M("dataGeneration", data_gen, MEMBER_UINT64, TRUE),
    M("hold", hold, MEMBER_BOOL, FALSE), /* was not there from the first */
    M("osDiskGiB", os_disk_gib, MEMBER_UINT, TRUE),
    M("adminUsername", admin_username, MEMBER_TEXT, FALSE),
    M("passwordHash", password_hash, MEMBER_TEXT, FALSE),
    M("customData", custom_data, MEMBER_TEXT, FALSE),
#undef M
};

#define AT(spec, i) ((void *)((char *)(spec) + members[i].offset))

static void
disks_copy(GPtrArray *to, const GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++) {
        const LaunchDisk *disk = g_ptr_array_index(from, i);
        g_ptr_array_add(to, launch_disk_new(disk->lun, disk->size_gib, disk->file));
    }
}

LaunchSpec *
launch_spec_copy(const LaunchSpec *spec)
{
    LaunchSpec *copy = g_memdup2(spec, sizeof *spec);
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        if (members[i].type == MEMBER_TEXT)
            *(char **)AT(copy, i) = g_strdup(*(char **)AT(spec, i));
    }
    lists_make(copy);
    disks_copy(copy->data_disks, spec->data_disks);
    disks_copy(copy->leaving, spec->leaving);
    for (guint i = 0; i < spec->ssh_keys->len; i++)
        g_ptr_array_add(copy->ssh_keys, g_strdup(g_ptr_array_index(spec->ssh_keys, i)));
    return copy;
}

void
launch_spec_free(LaunchSpec *spec)
{
    if (!spec)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        if (members[i].type == MEMBER_TEXT)
            g_free(*(char **)AT(spec, i));
    }
    g_clear_pointer(&spec->data_disks, g_ptr_array_unref);
    g_clear_pointer(&spec->leaving, g_ptr_array_unref);
    g_clear_pointer(&spec->ssh_keys, g_ptr_array_unref);
    g_free(spec);
}

static json_t *
disks_json(const GPtrArray *list)
{
    json_t *disks = json_array();
    for (guint i = 0; i < list->len; i++) {
        const LaunchDisk *disk = g_ptr_array_index(list, i);
        json_t *item = json_pack("{si si}", "lun", (int)disk->lun, "sizeGiB", (int)disk->size_gib);
        json_set_text(item, "file", disk->file);
        json_array_append_new(disks, item);
    }
    return disks;
}

json_t *
launch_spec_json(const LaunchSpec *spec)
{
    json_t *object = json_object();
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        switch (members[i].type) {
        case MEMBER_TEXT:
            json_set_text(object, members[i].name, *(char **)AT(spec, i));
            break;
        case MEMBER_UINT:
            json_object_set_new(object, members[i].name, json_integer(*(guint *)AT(spec, i)));
            break;
        case MEMBER_UINT64:
            json_object_set_new(object, members[i].name, json_integer((json_int_t) * (guint64 *)AT(spec, i)));
            break;
        case MEMBER_BOOL:
            json_object_set_new(object, members[i].name, json_boolean(*(gboolean *)AT(spec, i)));
            break;
        }
    }
    json_t *keys = json_array();
    for (guint i = 0; i < spec->ssh_keys->len; i++)
        json_array_append_new(keys, json_string(g_ptr_array_index(spec->ssh_keys, i)));
    json_object_set_new(object, "dataDisks", disks_json(spec->data_disks));
    if (spec->leaving->len > 0)
        json_object_set_new(object, "leaving", disks_json(spec->leaving));
    json_object_set_new(object, "sshKeys", keys);
    return object;
}

static gboolean
spec_fail(GError **error, const char *member)
{
    return arm_fail(error, ARM_INTERNAL, member, "run.json: '%s' is missing or wrong.", member);
}

static gboolean
member_parse(LaunchSpec *spec, guint i, const json_t *value, GError **error)
{
    json_int_t number = json_integer_value(value);
    switch (members[i].type) {
    case MEMBER_TEXT:
        if (!json_is_string(value))
            break;
        *(char **)AT(spec, i) = g_strdup(json_string_value(value));
        return TRUE;
    case MEMBER_UINT:
        if (!json_is_integer(value) || number < 0 || number > G_MAXINT32)
            break;
        *(guint *)AT(spec, i) = (guint)number;
        return TRUE;
    case MEMBER_UINT64:
        if (!json_is_integer(value) || number < 0 || number > SPEC_NUMBER_MAX)
            break;
        *(guint64 *)AT(spec, i) = (guint64)number;
        return TRUE;
    case MEMBER_BOOL:
        if (!json_is_boolean(value))
            break;
        *(gboolean *)AT(spec, i) = json_is_true(value);
        return TRUE;
    }
    return spec_fail(error, members[i].name);
}

static LaunchDisk *
disk_parse(const json_t *item, const char *member, GError **error)
{
    const json_t *lun = json_object_get(item, "lun"), *file = json_object_get(item, "file");
    json_int_t number = json_integer_value(lun), gib = json_integer_value(json_object_get(item, "sizeGiB"));
    if (json_is_integer(lun) && number >= 0 && number <= 63 && gib >= 1 && gib <= 32767 && (!file || json_is_string(file)))
        return launch_disk_new((guint)number, (guint)gib, json_string_value(file));
    spec_fail(error, member);
    return NULL;
}

static gboolean
disks_parse(GPtrArray *disks, const json_t *object, const char *member, GError **error)
{
    const json_t *list = json_object_get(object, member);
    for (size_t i = 0; i < json_array_size(list); i++) {
        LaunchDisk *disk = disk_parse(json_array_get(list, i), member, error);
        if (!disk)
            return FALSE;
        g_ptr_array_add(disks, disk);
    }
    return TRUE;
}

static gboolean
lists_parse(LaunchSpec *spec, const json_t *object, GError **error)
{
    const json_t *keys = json_object_get(object, "sshKeys");
    if (!disks_parse(spec->data_disks, object, "dataDisks", error) || !disks_parse(spec->leaving, object, "leaving", error))
        return FALSE;
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        if (!key)
            return spec_fail(error, "sshKeys");
        g_ptr_array_add(spec->ssh_keys, g_strdup(key));
    }
    return TRUE;
}

LaunchSpec *
launch_spec_parse(const char *text, gsize length, GError **error)
{
    g_autoptr(json_t) object = json_parse(text, length, error);
    g_autoptr(LaunchSpec) spec = launch_spec_new();
    if (!object)
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        const json_t *value = json_object_get(object, members[i].name);
        if (!value && !members[i].required)
            continue;
        if (!member_parse(spec, i, value, error))
            return NULL;
    }
    return lists_parse(spec, object, error) ? g_steal_pointer(&spec) : NULL;
}
