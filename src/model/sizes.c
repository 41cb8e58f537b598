#include "model/sizes.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

struct SizeCatalogue {
    GPtrArray *list;        /* of SizeInfo */
    GHashTable *by_name;    /* folded name (owned) -> SizeInfo, borrowed */
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
    return arm_fail(error, ARM_INVALID_PARAMETER, member, "Size '%s': '%s' is missing or wrong; accepted: %s.", entry,
                    member, accepted);
}

static char *
member_copy(const json_t *object, const char *name)
{
    return g_strdup(json_member_text(object, name));
}

/* Capabilities are texts, numbers too, as Microsoft.Compute/skus gives them. */
static gboolean
capability_number(const SizeInfo *size, const char *name, double max, double *ret_value)
{
    const char *text = json_member_text(size->capabilities, name);
    char *end = NULL;
    if (!text)
        return FALSE;
    double value = g_ascii_strtod(text, &end);
    if (end == text || *end || !(value >= 0) || value > max)
        return FALSE;
    *ret_value = value;
    return TRUE;
}

static gboolean
capability_is_true(const SizeInfo *size, const char *name)
{
    const char *text = json_member_text(size->capabilities, name);
    return text && g_ascii_strcasecmp(text, "True") == 0;
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
    double vcpus, memory, disks, resource = 0;

    if (!capability_number(size, "vCPUs", 4096, &vcpus) || vcpus < 1)
        return entry_fail(error, size->name, "vCPUs", "a number from 1 to 4096, as text");
    if (!capability_number(size, "MemoryGB", 65536, &memory) || memory <= 0)
        return entry_fail(error, size->name, "MemoryGB", "a number of GiB, as text");
    if (!capability_number(size, "MaxDataDiskCount", 1024, &disks))
        return entry_fail(error, size->name, "MaxDataDiskCount", "a number from 0 to 1024, as text");
    capability_number(size, "MaxResourceVolumeMB", 1e9, &resource);
    if (!generations_read(size, error))
        return FALSE;
    size->vcpus = (guint)vcpus;
    size->memory_mib = (guint)(memory * 1024);
    size->max_data_disks = (guint)disks;
    size->resource_disk_mib = (guint)resource;
    size->architecture = member_copy(size->capabilities, "CpuArchitectureType");
    if (!size->architecture)
        size->architecture = g_strdup("x64");
    if (g_ascii_strcasecmp(size->architecture, "x64") != 0 && g_ascii_strcasecmp(size->architecture, "Arm64") != 0)
        return entry_fail(error, size->name, "CpuArchitectureType", "\"x64\" or \"Arm64\"");
    size->trusted_launch_disabled = capability_is_true(size, "TrustedLaunchDisabled");
    size->confidential = json_member_text(size->capabilities, "ConfidentialComputingType") != NULL;
    return TRUE;
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
        return arm_fail(error, ARM_INVALID_PARAMETER, name, "Quota '%s': \"limit\" is missing or wrong; accepted: a whole "
                        "number from 0 to %d.", name, G_MAXINT32);
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
