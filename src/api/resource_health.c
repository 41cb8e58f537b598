/* Microsoft.ResourceHealth: is a set, an instance or a VM of a Flexible set available, and if not, why? Shape: Azure REST,
 * ResourceHealth, AvailabilityStatuses; of all instances of a set: Child Resources. */
#include "api/body_parts.h"
#include "api/page.h"
#include "api/place.h"

#include "base/json.h"
#include "base/time_text.h"
#include "store/desire.h"

#define TYPE     "Microsoft.ResourceHealth/availabilityStatuses"
#define STATUSES "/providers/" TYPE
#define CURRENT  STATUSES "/current"
#define CHILDREN "/providers/Microsoft.ResourceHealth/childResources"

typedef struct {
    const char *state; /* "Available", "Unavailable", "Degraded", "Unknown" */
    const char *title;
    const char *reason; /* "Unplanned", "UserInitiated"; NULL: there is nothing to explain */
    char *summary;
    UnixTime since; /* 0: not known */
} Availability;

static void
availability_clear(Availability *availability)
{
    g_free(availability->summary);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Availability, availability_clear)

/* ---- an instance ---- */

static const char *
or_text(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static Availability
of_failure(const StoreInstance *instance)
{
    const gboolean refused = instance->failure == (int)ARM_SECURE_BOOT_REFUSED + 1;
    return (Availability){ "Unavailable", refused ? "Not booted: Secure Boot validation failed" : "Failed", "Unplanned",
                           g_strdup(or_text(instance->failure_message, "It failed.")), instance->state_since };
}

static Availability
of_rest(const StoreInstance *instance)
{
    const gboolean asked = instance->want_power != POWER_RUNNING;
    return (Availability){ "Unavailable", instance->state == INSTANCE_DEALLOCATED ? "Deallocated" : "Stopped",
                           asked ? "UserInitiated" : "Unplanned",
                           g_strdup(asked ? "Somebody asked for it." : "The guest powered itself off."),
                           instance->state_since };
}

/* reason: of its last attestation, or NULL */
static Availability
of_running(const StoreInstance *instance, const char *reason)
{
    static const char *const titles[INTEGRITY_N] = {
        [INTEGRITY_DEVIATION] = "Its boot deviates from what it should be",
        [INTEGRITY_NOT_ATTESTED] = "The evidence of its boot does not hold",
        [INTEGRITY_UNREACHABLE] = "Its attestation handler does not answer",
    };
    if (integrity_is_against(instance))
        return (Availability){ "Degraded", titles[instance->integrity], "Unplanned",
                               g_strdup(or_text(reason, titles[instance->integrity])), instance->integrity_since };
    if (instance->health_since && (instance->health == HEALTH_UNHEALTHY || instance->health == HEALTH_UNKNOWN))
        return (Availability){ "Degraded", "Its application is not healthy", "Unplanned",
                               g_strdup(or_text(instance->failure_message, "Its application is not healthy.")),
                               instance->health_since };
    if (instance->warning)
        return (Availability){ "Degraded", "There is a warning", "Unplanned", g_strdup(instance->warning), 0 };
    return (Availability){ "Available", "Available", NULL, g_strdup("It runs, and nothing is wrong with it."),
                           instance->state_since };
}

static char *
deletion_text(const StoreInstance *instance)
{
    g_autofree char *until = instance->terminate_at && instance->alive ? time_to_text(instance->terminate_at) : NULL;
    return until ? g_strdup_printf("It is being deleted. Its guest has notice until %s, unless it approves before.", until)
                 : g_strdup("It is being deleted.");
}

static Availability
of_instance(const StoreInstance *instance, const char *reason)
{
    if (instance->want_deleted)
        return (Availability){ "Unavailable", "Being deleted", "UserInitiated", deletion_text(instance), 0 };
    if (instance->quarantined)
        return (Availability){ "Unavailable", "In quarantine", "Unplanned",
                               g_strdup_printf("It stands still without network. %s", or_text(reason, "")),
                               instance->quarantined };
    switch (instance->state) {
    case INSTANCE_FAILED:
        return of_failure(instance);
    case INSTANCE_STOPPED:
    case INSTANCE_DEALLOCATED:
        return of_rest(instance);
    case INSTANCE_RUNNING:
        return of_running(instance, reason);
    default:
        return (Availability){ "Unknown", "On its way", NULL, g_strdup("It is being started or stopped."),
                               instance->state_since };
    }
}

static gboolean
instance_judge(StoreTx *tx, const StoreInstance *instance, Availability *ret_availability, GError **error)
{
    g_autoptr(GPtrArray) last = integrity_fails(instance->integrity)
                                    ? store_attestation_list(tx, instance->set_id, instance->id, 1, error)
                                    : g_ptr_array_new();
    if (!last)
        return FALSE;
    *ret_availability =
        of_instance(instance, last->len > 0 ? ((const StoreAttestation *)g_ptr_array_index(last, 0))->reason : NULL);
    return TRUE;
}

/* ---- a set ---- */

static gboolean
set_judge(StoreTx *tx, const StoreSet *set, Availability *ret_availability, GError **error)
{
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    guint total = 0, well = 0, usable = 0;
    if (!instances)
        return FALSE;
    for (guint i = 0; i < instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        if (instance->replaced)
            continue;
        g_auto(Availability) one = of_instance(instance, NULL);
        total++;
        well += g_str_equal(one.state, "Available");
        usable += g_str_equal(one.state, "Available") || g_str_equal(one.state, "Degraded");
    }
    const char *state = total == 0 ? "Unknown" : well == total ? "Available" : usable == 0 ? "Unavailable" : "Degraded";
    *ret_availability = (Availability){ state, state, total == well ? NULL : "Unplanned",
                                        g_strdup_printf("%u of %u instances are available.", well, total), 0 };
    return TRUE;
}

/* ---- answers ---- */

static json_t *
availability_json(const Call *call, const char *resource, const Availability *availability)
{
    g_autofree char *id = g_strconcat(resource, CURRENT, NULL);
    json_t *body = json_object(), *properties = json_object();
    json_set_text(body, "id", id);
    json_set_text(body, "name", "current");
    json_set_text(body, "type", TYPE);
    json_set_text(body, "location", call->api->config.location);
    json_set_text(properties, "availabilityState", availability->state);
    json_set_text(properties, "title", availability->title);
    json_set_text(properties, "summary", availability->summary);
    json_set_text(properties, "reasonType", or_text(availability->reason, ""));
    json_set_text(properties, "reasonChronicity", "Persistent");
    body_time_set(properties, "occuredTime", availability->since);
    body_time_set(properties, "reportedTime", call->now);
    json_object_set_new(body, "properties", properties);
    return body;
}

static json_t *
current(Call *call, gboolean is_instance, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(StoreInstance) instance = set && is_instance ? call_instance(tx, set, call->params[PARAM_INSTANCE], error) : NULL;
    g_auto(Availability) availability = { 0 };
    if (!set || (is_instance && !instance) ||
        !(instance ? instance_judge(tx, instance, &availability, error) : set_judge(tx, set, &availability, error)))
        return NULL;
    g_autofree char *id = place_resource(call, set, instance ? &instance->id : NULL, call->as_machine);
    return availability_json(call, id, &availability);
}

static ApiResponse *
set_current(Call *call, GError **error)
{
    g_autoptr(json_t) body = current(call, /* is_instance= */ FALSE, error);
    return body ? respond_json(200, body) : NULL;
}

static ApiResponse *
instance_current(Call *call, GError **error)
{
    g_autoptr(json_t) body = current(call, /* is_instance= */ TRUE, error);
    return body ? respond_json(200, body) : NULL;
}

static char *
instance_token(const void *data, guint index)
{
    const StoreInstance *instance = g_ptr_array_index((GPtrArray *)data, index);
    return g_strdup_printf("%010u", instance->id);
}

static gboolean
child_add(Call *call, const Place *place, const StoreInstance *instance, GPtrArray *bodies, GError **error)
{
    g_auto(Availability) availability = { 0 };
    if (!instance_judge(place->tx, instance, &availability, error))
        return FALSE;
    g_autofree char *id = place_resource(call, place->set, &instance->id, /* as_machine= */ FALSE);
    g_autoptr(json_t) body = availability_json(call, id, &availability);
    page_add(bodies, body);
    return TRUE;
}

static ApiResponse *
set_children(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    g_auto(Page) page = { 0 };
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GPtrArray) instances =
        place_find(call, &place, error) ? store_instance_list(place.tx, place.set->id, error) : NULL;
    if (!instances || !page_read(call, &(PageItems){ instances->len, instance_token, instances }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        if (!child_add(call, &place, g_ptr_array_index(instances, i), bodies, error))
            return NULL;
    }
    return page_respond(call, bodies, &page);
}

const Route routes_resource_health[] = {
    { "GET", PATH_SET CURRENT, set_current, 0, "$expand=recommendedactions" },
    { "GET", PATH_INSTANCE CURRENT, instance_current, 0, "$expand=recommendedactions" },
    { "GET", PATH_SET CHILDREN, set_children, 0, "$expand=recommendedactions " PAGE_QUERY },
    { 0 },
};
