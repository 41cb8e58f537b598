/* skus, vmSizes, usages, and the host itself. */
#include "api/call.h"
#include "api/filter.h"

#include <string.h>

#define COMPUTE "/subscriptions/{subscription}/providers/Microsoft.Compute"

static json_t *
sku_json(const Call *call, const SizeInfo *size)
{
    const char *location = call->api->config.location, *name;
    json_t *capabilities = json_array(), *value;
    json_object_foreach(size->capabilities, name, value)
    {
        json_array_append_new(capabilities, json_pack("{ss sO}", "name", name, "value", value));
    }
    return json_pack("{ss ss ss ss ss s[s] s[{ss s[] s[]}] so s[]}", "resourceType", "virtualMachines", "name", size->name,
                     "tier", size->tier, "size", size->size, "family", size->family, "locations", location, "locationInfo",
                     "location", location, "zones", "zoneDetails", "capabilities", capabilities, "restrictions");
}

static ApiResponse *
skus_list(Call *call, GError **error)
{
    const SizeCatalogue *sizes = call->api->config.sizes;
    static const char *const fields[] = { "location", NULL };
    g_auto(Filter) filter = { 0 };
    if (!filter_parse(call_query(call, "$filter"), fields, &filter, error))
        return NULL;
    gboolean mine = filter_matches(filter.values[0], call->api->config.location);
    json_t *list = json_array();
    for (guint i = 0; mine && i < size_catalogue_count(sizes); i++)
        json_array_append_new(list, sku_json(call, size_catalogue_at(sizes, i)));
    g_autoptr(json_t) body = json_pack("{so}", "value", list);
    return respond_json(200, body);
}

static ApiResponse *
sizes_list(Call *call, GError **error)
{
    const SizeCatalogue *sizes = call->api->config.sizes;
    json_t *list = json_array();
    (void)error;
    for (guint i = 0; i < size_catalogue_count(sizes); i++) {
        const SizeInfo *size = size_catalogue_at(sizes, i);
        json_array_append_new(list,
                              json_pack("{ss si si si si si}", "name", size->name, "numberOfCores", (int)size->vcpus,
                                        "memoryInMB", (int)size->memory_mib, "osDiskSizeInMB", 1047552, "resourceDiskSizeInMB",
                                        (int)size->resource_disk_mib, "maxDataDiskCount", (int)size->max_data_disks));
    }
    g_autoptr(json_t) body = json_pack("{so}", "value", list);
    return respond_json(200, body);
}

static json_t *
usage_json(const char *value, const char *localized, guint current, guint limit)
{
    return json_pack("{ss si si s{ss ss}}", "unit", "Count", "currentValue", (int)current, "limit", (int)limit, "name", "value",
                     value, "localizedValue", localized);
}

static ApiResponse *
usages_list(Call *call, GError **error)
{
    const Quota *quota = call->api->config.quota;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreUsage) usage = tx ? store_usage(tx, 0, error) : NULL;
    if (!usage)
        return NULL;
    json_t *list = json_array();
    json_array_append_new(list, usage_json("cores", "Total Regional vCPUs", usage->regional_cores, quota->regional_cores));
    json_array_append_new(list,
                          usage_json("virtualMachines", "Virtual Machines", usage->virtual_machines, quota->virtual_machines));
    json_array_append_new(
        list, usage_json("virtualMachineScaleSets", "Virtual Machine Scale Sets", usage->scale_sets, quota->scale_sets));
    for (guint i = 0; i < quota->families->len; i++) {
        const QuotaFamily *family = g_ptr_array_index(quota->families, i);
        json_array_append_new(list, usage_json(family->family, family->localized_name,
                                               store_usage_family_cores(usage, family->family), family->limit));
    }
    g_autoptr(json_t) body = json_pack("{so}", "value", list);
    return respond_json(200, body);
}

const Route routes_catalogue[] = {
    /* There are no extended locations, so including them adds nothing. */
    { "GET", COMPUTE "/skus", skus_list, 0, "$filter includeExtendedLocations=true,false" },
    { "GET", COMPUTE "/locations/{location}/vmSizes", sizes_list, 0, NO_QUERY },
    { "GET", COMPUTE "/locations/{location}/usages", usages_list, 0, NO_QUERY },
    { 0 },
};

static ApiResponse *
host_get(Call *call, GError **error)
{
    const ApiHost *host = call->api->config.host;
    g_autoptr(json_t) body = json_object();
    json_t *properties = json_object();
    (void)error;
    json_set_text(properties, "driver", host->driver);
    json_set_text(properties, "accelerator", host->accelerator);
    json_set_text(properties, "architecture", host->architecture);
    json_object_set_new(properties, "maxVCPUs", json_integer(host->vcpus_max));
    json_object_set_new(properties, "maxMemoryMiB", json_integer(host->memory_max_mib));
    json_object_set_new(properties, "secureBoot", json_boolean(host->secure_boot));
    json_object_set_new(properties, "vTpm", json_boolean(host->vtpm));
    json_set_text(properties, "qemuVersion", host->qemu_version);
    json_set_text(properties, "secureBootFirmware", host->firmware_secure);
    json_set_text(properties, "plainFirmware", host->firmware_plain);
    json_set_text(properties, "network", host->network);
    json_set_text(properties, "notes", host->notes);
    json_set_text(body, "name", "local");
    json_set_text(body, "type", "Testudo.Host/hosts");
    json_set_text(body, "location", call->api->config.location);
    json_object_set_new(body, "properties", properties);
    return respond_json(200, body);
}

const Route routes_host[] = {
    { "GET", "/subscriptions/{subscription}/providers/Testudo.Host/hosts/local", host_get, 0, NO_QUERY },
    { 0 },
};
