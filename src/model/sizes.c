#include "model/sizes.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define VCPUS_MAX             4096
#define MEMORY_MIN_MIB        64
#define MEMORY_MAX_GIB        65536
#define DATA_DISKS_MAX        64 /* a lun is 0 to 63 */
#define RESOURCE_DISK_MAX_MIB 1000000000

struct SizeCatalogue {
    GPtrArray *list;     /* of SizeInfo */
    GHashTable *by_name; /* folded name (owned) -> SizeInfo, borrowed */
};

static void
size_info_free(void *data)
{
    SizeInfo *size = data;
    g_free(size->name);
    g_free(size->tier);
    g_free(size->size);
    g_free(size->family);
    g_free(size->architecture);
    json_decref(size->capabilities);
    g_free(size);
}

static gboolean
entry_fail(GError **error, const char *entry, const char *member, const char *accepted)
{
    return arm_fail(error, ARM_INVALID_PARAMETER, member, "Size '%s': '%s' is missing or wrong; accepted: %s.", entry, member,
                    accepted);
}

static char *
member_copy(const json_t *object, const char *name)
{
    return g_strdup(json_member_text(object, name));
}

/* Capabilities are texts, numbers too, as Microsoft.Compute/skus gives them. */
static gboolean
whole_read(const SizeInfo *size, const char *name, guint min, guint max, guint *ret_value, GError **error)
{
    const char *text = json_member_text(size->capabilities, name);
    guint64 value;
    if (text && g_ascii_string_to_unsigned(text, 10, min, max, &value, NULL)) {
        *ret_value = (guint)value;
        return TRUE;
    }
    g_autofree char *accepted = g_strdup_printf("a whole number from %u to %u, as text", min, max);
    return entry_fail(error, size->name, name, accepted);
}

static gboolean
memory_read(SizeInfo *size, GError **error)
{
    const char *text = json_member_text(size->capabilities, "MemoryGB");
    char *end = NULL;
    double gib = text ? g_ascii_strtod(text, &end) : 0;
    if (!text || *end || !(gib * 1024 >= MEMORY_MIN_MIB && gib <= MEMORY_MAX_GIB))
        return entry_fail(error, size->name, "MemoryGB", "a number of GiB from 0.0625 to 65536, as text");
    size->memory_mib = (guint)(gib * 1024);
    return TRUE;
}

static gboolean
flag_read(const SizeInfo *size, const char *name, gboolean *ret_flag, GError **error)
{
    const char *text = json_member_text(size->capabilities, name);
    *ret_flag = text && g_ascii_strcasecmp(text, "True") == 0;
    return !text || *ret_flag || g_ascii_strcasecmp(text, "False") == 0 ||
           entry_fail(error, size->name, name, "\"True\" or \"False\"");
}

static gboolean
generations_read(SizeInfo *size, GError **error)
{
    const char *text = json_member_text(size->capabilities, "HyperVGenerations");
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", 3);
    for (char **part = parts; *part; part++) {
        if (strcmp(g_strstrip(*part), "V1") == 0)
            size->generations |= SIZE_GENERATION_V1;
        else if (strcmp(*part, "V2") == 0)
            size->generations |= SIZE_GENERATION_V2;
        else
            return entry_fail(error, size->name, "HyperVGenerations", "\"V1\", \"V2\" or \"V1,V2\"");
    }
    return size->generations || entry_fail(error, size->name, "HyperVGenerations", "\"V1\", \"V2\" or \"V1,V2\"");
}

static gboolean
capabilities_read(SizeInfo *size, GError **error)
{
    const char *name;
    json_t *value;
    json_object_foreach(size->capabilities, name, value)
    {
        if (!json_is_string(value))
            return entry_fail(error, size->name, name, "a text (numbers too: \"2\")");
    }
    if (!whole_read(size, "vCPUs", 1, VCPUS_MAX, &size->vcpus, error) || !memory_read(size, error) ||
        !whole_read(size, "MaxDataDiskCount", 0, DATA_DISKS_MAX, &size->max_data_disks, error) ||
        !generations_read(size, error))
        return FALSE;
    if (json_member(size->capabilities, "MaxResourceVolumeMB") &&
        !whole_read(size, "MaxResourceVolumeMB", 0, RESOURCE_DISK_MAX_MIB, &size->resource_disk_mib, error))
        return FALSE;
    size->architecture = member_copy(size->capabilities, "CpuArchitectureType");
    if (!size->architecture)
        size->architecture = g_strdup("x64");
    if (g_ascii_strcasecmp(size->architecture, "x64") != 0 && g_ascii_strcasecmp(size->architecture, "Arm64") != 0)
        return entry_fail(error, size->name, "CpuArchitectureType", "\"x64\" or \"Arm64\"");
    size->confidential = json_member_text(size->capabilities, "ConfidentialComputingType") != NULL;
    return flag_read(size, "TrustedLaunchDisabled", &size->trusted_launch_disabled, error);
}

static gboolean
size_add(SizeCatalogue *catalogue, const json_t *entry, gsize index, GError **error)
{
    SizeInfo *size = g_new0(SizeInfo, 1);
    g_autofree char *position = g_strdup_printf("#%" G_GSIZE_FORMAT, index + 1);
    g_ptr_array_add(catalogue->list, size);

    size->name = member_copy(entry, "name");
    size->tier = member_copy(entry, "tier");
    size->size = member_copy(entry, "size");
    size->family = member_copy(entry, "family");
    size->capabilities = json_incref(json_member(entry, "capabilities"));
    if (!size->name || !size->name[0] || strlen(size->name) > 80)
        return entry_fail(error, position, "name", "a name such as \"Standard_B1ms\"");
    if (!size->tier || !size->size || !size->family)
        return entry_fail(error, size->name, !size->tier ? "tier" : !size->size ? "size" : "family", "a text");
    if (!json_is_object(size->capabilities))
        return entry_fail(error, size->name, "capabilities", "an object of texts");
    if (!capabilities_read(size, error))
        return FALSE;
    if (!g_hash_table_insert(catalogue->by_name, g_ascii_strdown(size->name, -1), size))
        return arm_fail(error, ARM_INVALID_PARAMETER, "name", "Size '%s' is there twice.", size->name);
    return TRUE;
}

SizeCatalogue *
size_catalogue_parse(const char *text, gsize length, GError **error)
{
    g_autoptr(json_t) root = json_parse(text, length, error);
    if (!root)
        return NULL;
    const json_t *sizes = json_member(root, "sizes");
    if (!json_is_array(sizes) || json_array_size(sizes) == 0) {
        arm_fail(error, ARM_INVALID_PARAMETER, "sizes", "The catalogue has no array \"sizes\" with at least one size.");
        return NULL;
    }
    g_autoptr(SizeCatalogue) catalogue = g_new0(SizeCatalogue, 1);
    catalogue->list = g_ptr_array_new_with_free_func(size_info_free);
    catalogue->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < json_array_size(sizes); i++) {
        if (!size_add(catalogue, json_array_get(sizes, i), i, error))
            return NULL;
    }
    return g_steal_pointer(&catalogue);
}

void
size_catalogue_free(SizeCatalogue *catalogue)
{
    if (!catalogue)
        return;
    g_hash_table_unref(catalogue->by_name);
    g_ptr_array_unref(catalogue->list);
    g_free(catalogue);
}

const SizeInfo *
size_catalogue_find(const SizeCatalogue *catalogue, const char *name)
{
    g_autofree char *folded = g_ascii_strdown(name, -1);
    return g_hash_table_lookup(catalogue->by_name, folded);
}

guint
size_catalogue_count(const SizeCatalogue *catalogue)
{
    return catalogue->list->len;
}

const SizeInfo *
size_catalogue_at(const SizeCatalogue *catalogue, guint index)
{
    return g_ptr_array_index(catalogue->list, index);
}

static void
quota_family_free(void *data)
{
    QuotaFamily *family = data;
    g_free(family->family);
    g_free(family->localized_name);
    g_free(family);
}

static gboolean
limit_read(const json_t *root, const char *name, guint *ret_limit, GError **error)
{
    const json_t *limit = json_member(json_member(root, name), "limit");
    json_int_t value = json_integer_value(limit);
    if (!json_is_integer(limit) || value < 0 || value > G_MAXINT32)
        return arm_fail(error, ARM_INVALID_PARAMETER, name,
                        "Quota '%s': \"limit\" is missing or wrong; accepted: a whole "
                        "number from 0 to %d.",
                        name, G_MAXINT32);
    *ret_limit = (guint)value;
    return TRUE;
}

Quota *
quota_parse(const char *text, gsize length, GError **error)
{
    g_autoptr(json_t) root = json_parse(text, length, error);
    if (!root)
        return NULL;
    g_autoptr(Quota) quota = g_new0(Quota, 1);
    quota->families = g_ptr_array_new_with_free_func(quota_family_free);
    if (!limit_read(root, "regionalCores", &quota->regional_cores, error) ||
        !limit_read(root, "virtualMachines", &quota->virtual_machines, error) ||
        !limit_read(root, "virtualMachineScaleSets", &quota->scale_sets, error))
        return NULL;
    json_t *families = json_member(root, "families"), *entry;
    if (families && !json_is_object(families)) {
        arm_fail(error, ARM_INVALID_PARAMETER, "families", "Quota 'families' is an object: {\"FAMILY\": {\"limit\": N}}.");
        return NULL;
    }
    const char *name;
    json_object_foreach(families, name, entry)
    {
        QuotaFamily *family = g_new0(QuotaFamily, 1);
        const char *localized = json_member_text(entry, "localizedName");
        g_ptr_array_add(quota->families, family);
        family->family = g_strdup(name);
        family->localized_name = g_strdup(localized ? localized : name);
        if (!limit_read(families, name, &family->limit, error))
            return NULL;
    }
    return g_steal_pointer(&quota);
}

void
quota_free(Quota *quota)
{
    if (!quota)
        return;
    g_ptr_array_unref(quota->families);
    g_free(quota);
}

guint
quota_family_limit(const Quota *quota, const char *family)
{
    for (guint i = 0; i < quota->families->len; i++) {
        const QuotaFamily *entry = g_ptr_array_index(quota->families, i);
        if (g_ascii_strcasecmp(entry->family, family) == 0)
            return entry->limit;
    }
    return G_MAXUINT;
}

static guint
left(guint limit, guint used)
{
    return limit - MIN(limit, used);
}

guint
quota_room(const Quota *quota, const SizeInfo *size, guint family_cores, guint regional_cores, guint virtual_machines)
{
    guint cores = MIN(left(quota_family_limit(quota, size->family), family_cores), left(quota->regional_cores, regional_cores));
    return MIN(cores / MAX(size->vcpus, 1), left(quota->virtual_machines, virtual_machines));
}
