/* Microsoft.Network virtualNetworks: the host has one network, which every VM is on. It is there for clients that look for a
 * subnet before they make a scale set, and cannot be changed. Shapes: Azure REST, Microsoft.Network, 2022-07-01. */
#include "api/call.h"
#include "api/place.h"

#include <string.h>

#define TYPE     "Microsoft.Network/virtualNetworks"
#define NETWORKS "/subscriptions/{subscription}/resourceGroups/{group}/providers/" TYPE
#define NETWORK  NETWORKS "/{network}"
#define NAME     "host"
#define SUBNET   "default"

enum { PARAM_NETWORK = 2, PARAM_SUBNET = 3 };

static json_t *
subnet_json(const Call *call, const char *network_id)
{
    g_autofree char *id = g_strdup_printf("%s/subnets/" SUBNET, network_id);
    return json_pack("{ss ss ss s{ss ss}}", "id", id, "name", SUBNET, "type", TYPE "/subnets", "properties", "addressPrefix",
                     call->api->config.host->network, "provisioningState", "Succeeded");
}

static char *
network_id(const Call *call, const StoreGroup *group)
{
    g_autofree char *group_id = resource_id_group(call->api->subscription, group->name);
    return g_strdup_printf("%s/providers/" TYPE "/" NAME, group_id);
}

static json_t *
network_json(const Call *call, const StoreGroup *group)
{
    g_autofree char *id = network_id(call, group);
    return json_pack("{ss ss ss ss s{s{s[s]} s[o] ss}}", "id", id, "name", NAME, "type", TYPE, "location",
                     call->api->config.location, "properties", "addressSpace", "addressPrefixes",
                     call->api->config.host->network, "subnets", subnet_json(call, id), "provisioningState", "Succeeded");
}

/* The group, where what the path names is there. */
static StoreGroup *
place_of(Call *call, const char *network, const char *subnet, GError **error)
{
    StoreGroup *group = call_group_read(call, call->params[PARAM_GROUP], error);
    if (!group || (call->api->config.host->network && resource_same(network, NAME) && resource_same(subnet, SUBNET)))
        return group;
    arm_fail(error, ARM_RESOURCE_NOT_FOUND, NULL,
             "The Resource '" TYPE
             "/%.100s' under resource group '%.100s' was not found: there is the host's network alone, '" NAME
             "' with the subnet '" SUBNET "', where the host knows its addresses.",
             network, group->name);
    store_group_free(group);
    return NULL;
}

static ApiResponse *
respond_one(json_t *taken)
{
    g_autoptr(json_t) body = taken;
    return respond_json(200, body);
}

static ApiResponse *
respond_list(json_t *taken)
{
    return respond_one(taken ? json_pack("{s[o]}", "value", taken) : json_pack("{s[]}", "value"));
}

static ApiResponse *
networks_list(Call *call, GError **error)
{
    g_autoptr(StoreGroup) group = call_group_read(call, call->params[PARAM_GROUP], error);
    return group ? respond_list(call->api->config.host->network ? network_json(call, group) : NULL) : NULL;
}

static ApiResponse *
network_get(Call *call, GError **error)
{
    g_autoptr(StoreGroup) group = place_of(call, call->params[PARAM_NETWORK], SUBNET, error);
    return group ? respond_one(network_json(call, group)) : NULL;
}

static ApiResponse *
subnets_list(Call *call, GError **error)
{
    g_autoptr(StoreGroup) group = place_of(call, call->params[PARAM_NETWORK], SUBNET, error);
    g_autofree char *id = group ? network_id(call, group) : NULL;
    return group ? respond_list(subnet_json(call, id)) : NULL;
}

static ApiResponse *
subnet_get(Call *call, GError **error)
{
    g_autoptr(StoreGroup) group = place_of(call, call->params[PARAM_NETWORK], call->params[PARAM_SUBNET], error);
    g_autofree char *id = group ? network_id(call, group) : NULL;
    return group ? respond_one(subnet_json(call, id)) : NULL;
}

const Route routes_networks[] = {
    { "GET", NETWORKS, networks_list, 0, NO_QUERY },
    { "GET", NETWORK, network_get, 0, NO_QUERY },
    { "GET", NETWORK "/subnets", subnets_list, 0, NO_QUERY },
    { "GET", NETWORK "/subnets/{subnet}", subnet_get, 0, NO_QUERY },
    { 0 },
};
