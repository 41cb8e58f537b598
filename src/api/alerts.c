/* Microsoft.Security alerts: listed, read, and what people make of them. Shapes and actions: Azure REST, Security, Alerts. */
#include "api/alerts.h"

#include "api/body_parts.h"
#include "api/page.h"
#include "base/json.h"

#include <string.h>

#define OF_SUBSCRIPTION "/subscriptions/{subscription}/providers/Microsoft.Security"
#define OF_GROUP        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Security"
#define PLACE           "/locations/{location}/alerts"
#define ACTIVITY        "Microsoft.Security/locations/alerts/"

/* ---- shape ---- */

char *
alert_id(const char *subscription, const char *location, const StoreAlert *alert)
{
    g_autoptr(ResourceId) resource = resource_id_parse(alert->resource, NULL);
    g_autofree char *group =
        resource && resource->group ? resource_id_group(subscription, resource->group) : resource_id_subscription(subscription);
    return g_strdup_printf("%s/providers/Microsoft.Security/locations/%s/alerts/%s", group, location, alert->name);
}

static const char *
entity_of(const StoreAlert *alert)
{
    const char *set = strstr(alert->resource, "/virtualMachineScaleSets/");
    return set ? set + strlen("/virtualMachineScaleSets/") : alert->resource;
}

json_t *
alert_json(const char *subscription, const char *location, const StoreAlert *alert)
{
    g_autofree char *id = alert_id(subscription, location, alert);
    json_t *body = json_object(), *properties = json_object();
    json_set_text(body, "id", id);
    json_set_text(body, "name", alert->name);
    json_set_text(body, "type", "Microsoft.Security/Locations/alerts");
    json_set_text(properties, "alertType", alert_kind_text(alert->kind));
    json_set_text(properties, "systemAlertId", alert->name);
    json_set_text(properties, "productName", "Testudo");
    json_set_text(properties, "vendorName", "Testudo");
    json_set_text(properties, "alertDisplayName", alert_title(alert->kind));
    json_set_text(properties, "description", alert->message);
    json_set_text(properties, "severity", alert_severity(alert->kind));
    json_set_text(properties, "intent", "Unknown");
    json_set_text(properties, "status", alert_status_text(alert->status));
    json_set_text(properties, "compromisedEntity", entity_of(alert));
    body_time_set(properties, "startTimeUtc", alert->raised);
    body_time_set(properties, "endTimeUtc", alert->seen);
    body_time_set(properties, "timeGeneratedUtc", alert->raised);
    body_time_set(properties, "processingEndTimeUtc", alert->changed);
    json_object_set_new(properties, "isIncident", json_false());
    json_object_set_new(properties, "remediationSteps", json_pack("[s]", alert_remedy(alert->kind)));
    json_object_set_new(properties, "resourceIdentifiers",
                        json_pack("[{ss ss}]", "type", "AzureResource", "azureResourceId", alert->resource));
    json_object_set_new(properties, "entities",
                        json_pack("[{ss ss ss}]", "$id", "resource", "type", "azure-resource", "resourceId", alert->resource));
    json_t *more = json_object();
    json_set_text(more, "reason", alert->code);
    json_set_text(more, "changedBy", alert->changed_by);
    json_set_text(more, "suppressedBy", alert->suppressed_by);
    json_object_set_new(more, "lasts", json_string(alert->open ? "true" : "false"));
    json_object_set_new(properties, "extendedProperties", more);
    json_object_set_new(body, "properties", properties);
    return body;
}

static json_t *
shown(const Call *call, const StoreAlert *alert)
{
    return alert_json(call->api->subscription, call->api->config.location, alert);
}

/* ---- list ---- */

static ApiResponse *
list(Call *call, const char *group, GError **error)
{
    const char *token = call_query(call, "$skiptoken");
    g_auto(Page) page = { 0 };
    gint64 before = 0;
    if (token && !g_ascii_string_to_signed(token, 10, 1, G_MAXINT64, &before, NULL)) {
        arm_fail(error, ARM_INVALID_PARAMETER, "$skiptoken", "'$skiptoken' is none that a nextLink has: '%.40s'.", token);
        return NULL;
    }
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) known = tx && group ? call_group(tx, group, error) : NULL;
    if (!tx || (group && !known))
        return NULL;
    g_autoptr(GPtrArray) alerts = store_alert_list(tx, group, before, PAGE_MAX, error);
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (!alerts)
        return NULL;
    for (guint i = 0; i < alerts->len; i++) {
        g_autoptr(json_t) body = shown(call, g_ptr_array_index(alerts, i));
        page_add(bodies, body);
    }
    if (alerts->len == PAGE_MAX)
        page.next = g_strdup_printf("%" G_GINT64_FORMAT, ((const StoreAlert *)g_ptr_array_index(alerts, PAGE_MAX - 1))->id);
    return page_respond(call, bodies, &page);
}

static ApiResponse *
list_all(Call *call, GError **error)
{
    return list(call, NULL, error);
}

static ApiResponse *
list_of_group(Call *call, GError **error)
{
    return list(call, call->params[1], error);
}

/* ---- one ---- */

/* The last part of the address; in the group that the address has, where it has one. */
static StoreAlert *
find(Call *call, StoreTx *tx, GError **error)
{
    const char *name = call->params[call->n_params - 1], *group = call->n_params > 3 ? call->params[1] : NULL;
    GError *lookup = NULL;
    g_autoptr(StoreAlert) alert = store_alert_get(tx, name, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    g_autoptr(ResourceId) resource = alert ? resource_id_parse(alert->resource, NULL) : NULL;
    if (alert && (!group || (resource && resource_same(resource->group, group))))
        return g_steal_pointer(&alert);
    arm_fail(error, ARM_NOT_FOUND, NULL, "There is no alert '%.60s' here.", name);
    return NULL;
}

static ApiResponse *
get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreAlert) alert = tx ? find(call, tx, error) : NULL;
    g_autoptr(json_t) body = alert ? shown(call, alert) : NULL;
    return body ? respond_json(200, body) : NULL;
}

static gboolean
note(const Call *call, StoreTx *tx, const StoreAlert *alert, const char *action, GError **error)
{
    g_autofree char *operation = g_strdup_printf(ACTIVITY "%s/action", action);
    g_autofree char *message = g_strdup_printf("Alert %s: %s", alert->name, alert_title(alert->kind));
    return store_event_note(tx, operation, alert->resource, call->request->caller, message, call->now, error);
}

/* Resolved by somebody, it is raised again where it is found again; dismissed, it is not as long as it lasts. */
static ApiResponse *
change(Call *call, AlertStatus status, const char *action, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreAlert) alert = tx ? find(call, tx, error) : NULL;
    if (!alert)
        return NULL;
    alert->status = status;
    alert->open = alert->open && status != ALERT_RESOLVED;
    alert->changed = call->now;
    g_free(alert->changed_by);
    alert->changed_by = g_strdup(call->request->caller);
    g_clear_pointer(&alert->suppressed_by, g_free);
    if (!store_alert_update(tx, alert, error) || !note(call, tx, alert, action, error) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_empty(204);
}

static ApiResponse *
dismiss(Call *call, GError **error)
{
    return change(call, ALERT_DISMISSED, "dismiss", error);
}

static ApiResponse *
resolve(Call *call, GError **error)
{
    return change(call, ALERT_RESOLVED, "resolve", error);
}

static ApiResponse *
activate(Call *call, GError **error)
{
    return change(call, ALERT_ACTIVE, "activate", error);
}

static ApiResponse *
in_progress(Call *call, GError **error)
{
    return change(call, ALERT_IN_PROGRESS, "inProgress", error);
}

#define ONE(of)                                                                                                                \
    { "GET", of PLACE "/{alert}", get, 0, NO_QUERY },                                                                          \
        { "POST", of PLACE "/{alert}/dismiss", dismiss, ROUTE_OPTIONAL_BODY, NO_QUERY },                                       \
        { "POST", of PLACE "/{alert}/resolve", resolve, ROUTE_OPTIONAL_BODY, NO_QUERY },                                       \
        { "POST", of PLACE "/{alert}/activate", activate, ROUTE_OPTIONAL_BODY, NO_QUERY },                                     \
    {                                                                                                                          \
        "POST", of PLACE "/{alert}/inProgress", in_progress, ROUTE_OPTIONAL_BODY, NO_QUERY                                     \
    }

const Route routes_alerts[] = {
    { "GET", OF_SUBSCRIPTION "/alerts", list_all, 0, "$skiptoken" },
    { "GET", OF_SUBSCRIPTION PLACE, list_all, 0, "$skiptoken" },
    { "GET", OF_GROUP "/alerts", list_of_group, 0, "$skiptoken" },
    { "GET", OF_GROUP PLACE, list_of_group, 0, "$skiptoken" },
    ONE(OF_SUBSCRIPTION),
    ONE(OF_GROUP),
    { 0 },
};
