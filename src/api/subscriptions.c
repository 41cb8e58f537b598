/* Subscriptions, locations, tenants, providers: there is one of each, and clients ask for it before anything else. */
#include "api/providers.h"

#include <string.h>

static json_t *
subscription_json(const Call *call)
{
    g_autofree char *id = resource_id_subscription(call->api->subscription);
    return json_pack("{ss ss ss ss ss s{ss ss}}", "id", id, "subscriptionId", call->api->subscription, "tenantId",
                     call->api->subscription, "displayName", "Testudo", "state", "Enabled", "subscriptionPolicies", "quotaId",
                     "Testudo", "spendingLimit", "Off");
}

static ApiResponse *
respond_value(json_t *list)
{
    g_autoptr(json_t) body = json_pack("{so}", "value", list);
    return respond_json(200, body);
}

static ApiResponse *
subscriptions_list(Call *call, GError **error)
{
    (void)error;
    return respond_value(json_pack("[o]", subscription_json(call)));
}

static ApiResponse *
subscription_get(Call *call, GError **error)
{
    (void)error;
    g_autoptr(json_t) body = subscription_json(call);
    return respond_json(200, body);
}

static ApiResponse *
tenants_list(Call *call, GError **error)
{
    (void)error;
    g_autofree char *id = g_strconcat("/tenants/", call->api->subscription, NULL);
    return respond_value(json_pack("[{ss ss ss}]", "id", id, "tenantId", call->api->subscription, "displayName", "Testudo"));
}

static ApiResponse *
locations_list(Call *call, GError **error)
{
    const char *location = call->api->config.location;
    (void)error;
    g_autofree char *id = g_strdup_printf("/subscriptions/%s/locations/%s", call->api->subscription, location);
    return respond_value(json_pack("[{ss ss ss ss s{ss ss}}]", "id", id, "name", location, "displayName", location,
                                   "regionalDisplayName", location, "metadata", "regionType", "Physical", "regionCategory",
                                   "Recommended"));
}

static const struct {
    const char *name, *types[12];
} providers[] = {
    { "Microsoft.Compute",
      { "virtualMachineScaleSets", "virtualMachineScaleSets/virtualMachines", "virtualMachines",
        "virtualMachineScaleSets/extensions", "locations/operations", "locations/usages", "locations/vmSizes",
        "locations/publishers", "skus" } },
    { "Microsoft.Resources", { "subscriptions", "resourceGroups", "deployments" } },
    { "Microsoft.Insights", { "eventtypes" } },
    { "Microsoft.Security", { "alerts", "locations/alerts", "alertsSuppressionRules", "assessments" } },
    { "Microsoft.ResourceHealth", { "availabilityStatuses", "childResources" } },
    { "Microsoft.Network", { "virtualNetworks" } },
    { "Microsoft.Features", { "features", "providers" } },
};

static json_t *
type_json(const Api *api, const char *type)
{
    return json_pack("{ss s[s] s[ss]}", "resourceType", type, "locations", api->config.location, "apiVersions", "2024-07-01",
                     "2020-06-01");
}

static json_t *
provider_json(const Api *api, guint index)
{
    g_autofree char *id = g_strdup_printf("/subscriptions/%s/providers/%s", api->subscription, providers[index].name);
    json_t *types = json_array();
    for (const char *const *type = providers[index].types; *type; type++)
        json_array_append_new(types, type_json(api, *type));
    return json_pack("{ss ss ss ss so}", "id", id, "namespace", providers[index].name, "registrationState", "Registered",
                     "registrationPolicy", "RegistrationFree", "resourceTypes", types);
}

json_t *
provider_describe(const Api *api, const char *name, const char *type)
{
    guint i = 0;
    while (i < G_N_ELEMENTS(providers) && !resource_same(providers[i].name, name))
        i++;
    if (i == G_N_ELEMENTS(providers))
        return NULL;
    if (!type)
        return provider_json(api, i);
    for (const char *const *known = providers[i].types; *known; known++) {
        if (resource_same(*known, type))
            return type_json(api, *known);
    }
    return NULL;
}

static ApiResponse *
providers_list(Call *call, GError **error)
{
    (void)error;
    json_t *list = json_array();
    for (guint i = 0; i < G_N_ELEMENTS(providers); i++)
        json_array_append_new(list, provider_json(call->api, i));
    return respond_value(list);
}

/* There is nothing to register: every provider is there from the start. */
static ApiResponse *
provider_get(Call *call, GError **error)
{
    g_autoptr(json_t) body = provider_describe(call->api, call->params[1], NULL);
    if (body)
        return respond_json(200, body);
    arm_fail(error, ARM_NOT_FOUND, NULL, "There is no resource provider '%.100s' here.", call->params[1]);
    return NULL;
}

#define S "/subscriptions/{subscription}"

const Route routes_subscriptions[] = {
    { "GET", "/subscriptions", subscriptions_list, 0, NO_QUERY },
    { "GET", S, subscription_get, 0, NO_QUERY },
    { "GET", "/tenants", tenants_list, 0, NO_QUERY },
    { "GET", S "/locations", locations_list, 0, "includeExtendedLocations=true,false" },
    { "GET", S "/providers", providers_list, 0, NO_QUERY },
    { "GET", S "/providers/{namespace}", provider_get, 0, NO_QUERY },
    { "POST", S "/providers/{namespace}/register", provider_get, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { 0 },
};
