/* virtualMachines of a scale set: list, get, instance view; protection, tags and attached disks. */
#include "api/attach.h"
#include "api/body_cache.h"
#include "api/filter.h"
#include "api/instance_body.h"
#include "api/page.h"
#include "api/place.h"
#include "model/instance_body.h"
#include "store/desire.h"

#include <string.h>

static gboolean
wants_view(Call *call)
{
    const char *expand = call_query(call, "$expand");
    return expand && strcasestr(expand, "instanceView");
}

/* ---- list ---- */

typedef struct {
    guint id;
    guint64 etag;
} Known;

static void
known_add(guint id, guint64 etag, void *data)
{
    Known known = { id, etag };
    g_array_append_val((GArray *)data, known);
}

static char *
known_token(const void *data, guint index)
{
    return g_strdup_printf("%010u", g_array_index((GArray *)data, Known, index).id);
}

/* *ret_latest: what latestModelApplied is to be; -1: either. */
static gboolean
filter_read(Call *call, int *ret_latest, GError **error)
{
    static const char *const fields[] = { "properties/latestModelApplied", NULL };
    g_auto(Filter) filter = { 0 };
    *ret_latest = -1;
    if (!filter_parse(call_query(call, "$filter"), fields, &filter, error))
        return FALSE;
    const char *value = filter.values[0];
    if (value && g_ascii_strcasecmp(value, "true") != 0 && g_ascii_strcasecmp(value, "false") != 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, "$filter", "properties/latestModelApplied is true or false, not '%.40s'.",
                        value);
    if (value)
        *ret_latest = g_ascii_strcasecmp(value, "true") == 0;
    return TRUE;
}

/* One page of the list, as it is being made. */
typedef struct {
    Call *call;
    const Place *place;
    gboolean view;
    gboolean view_alone; /* $select=instanceView */
    int latest;
    GPtrArray *bodies; /* of GBytes */
} Listing;

/* $select=instanceView: what names the instance, and its view. */
static GBytes *
body_select_view(GBytes *body)
{
    static const char *const names[] = { "name", "id", "type", "location", "instanceId" };
    gsize length;
    const char *text = g_bytes_get_data(body, &length);
    g_autoptr(json_t) whole = json_loadb(text, length, 0, NULL);
    g_autoptr(json_t) part = json_object();
    json_t *view = json_path(whole, "properties.instanceView"), *properties = json_object();
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        json_object_set(part, names[i], json_object_get(whole, names[i]));
    if (view)
        json_object_set(properties, "instanceView", view);
    json_object_set_new(part, "properties", properties);
    char *selected = json_text(part);
    return g_bytes_new_take(selected, strlen(selected));
}

static gboolean
is_listed(const Listing *listing, const StoreInstance *instance, gboolean *ret_listed, GError **error)
{
    const Place *place = listing->place;
    gboolean latest = FALSE;
    *ret_listed = TRUE;
    if (listing->latest < 0)
        return TRUE;
    if (!instance_is_latest(place->tx, place->set, instance, &latest, error))
        return FALSE;
    *ret_listed = latest == listing->latest;
    return TRUE;
}

/* Most bodies are known already, and then the row is not read at all. */
static gboolean
listing_add(Listing *listing, const Known *known, GError **error)
{
    const Place *place = listing->place;
    g_autoptr(GBytes) body = NULL;
    if (listing->latest < 0)
        body = instance_body_known(listing->call, place->set, known->id, known->etag, listing->view);
    if (!body) {
        gboolean listed;
        g_autoptr(StoreInstance) instance = store_instance_get(place->tx, place->set->id, known->id, error);
        if (!instance || !is_listed(listing, instance, &listed, error))
            return FALSE;
        if (!listed)
            return TRUE;
        body = instance_body(listing->call, place->tx, place->set, instance, listing->view, error);
    }
    if (!body)
        return FALSE;
    g_ptr_array_add(listing->bodies, listing->view_alone ? body_select_view(body) : g_bytes_ref(body));
    return TRUE;
}

static ApiResponse *
list_get(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    g_auto(Page) page = { 0 };
    g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(Known));
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    Listing listing = { call, &place, wants_view(call), call_query(call, "$select") != NULL, -1, bodies };

    if (!filter_read(call, &listing.latest, error) || !place_find(call, &place, error) ||
        !store_instance_etags(place.tx, place.set->id, known_add, known, error) ||
        !page_read(call, &(PageItems){ known->len, known_token, known }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        if (!listing_add(&listing, &g_array_index(known, Known, i), error))
            return NULL;
    }
    return page_respond(call, bodies, &page);
}

/* ---- one ---- */

static ApiResponse *
instance_respond(Call *call, const Place *place, gboolean view, GError **error)
{
    g_autoptr(GBytes) body = instance_body(call, place->tx, place->set, place->instance, view, error);
    if (!body)
        return NULL;
    ApiResponse *response = respond_bytes(200, body);
    respond_with_etag(response, place->instance->etag);
    return response;
}

static ApiResponse *
instance_get(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    return place_find(call, &place, error) ? instance_respond(call, &place, wants_view(call), error) : NULL;
}

static ApiResponse *
view_get(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error))
        return NULL;
    g_autoptr(json_t) view = instance_view(place.set, place.instance);
    return respond_json(200, view);
}

/* ---- protection, tags, attached disks ---- */

static gboolean
protection_apply(StoreInstance *instance, const InstanceBody *asked, GError **error)
{
    gboolean scale_in = asked->has_scale_in ? asked->scale_in : instance->protect_scale_in;
    gboolean actions = asked->has_scale_set_actions ? asked->scale_set_actions : instance->protect_scale_set_actions;
    if (actions && !scale_in) {
        if (asked->has_scale_in)
            return arm_fail(error, ARM_INVALID_PARAMETER, "properties.protectionPolicy.protectFromScaleIn",
                            "protectFromScaleSetActions true includes protection from scale-in: protectFromScaleIn cannot be "
                            "false beside it.");
        scale_in = TRUE;
    }
    /* Until it serves in an old one's place it may be removed again, and then nothing would keep what was promised. */
    if (instance->surge && (scale_in || actions))
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "properties.protectionPolicy",
                        "Instance %u is beyond the capacity: the rolling upgrade under way has made it to take an old one's "
                        "place, and removes it where it does not become healthy or the upgrade ends before. Protect it when "
                        "it has taken that place.",
                        instance->id);
    instance->protect_scale_in = scale_in;
    instance->protect_scale_set_actions = actions;
    if (asked->tags) {
        g_free(instance->tags);
        instance->tags = g_strdup(asked->tags);
    }
    return TRUE;
}

static gboolean
fits_check(Call *call, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, GError **error)
{
    g_autoptr(GBytes) bytes = instance_body(call, tx, set, instance, /* with_view= */ FALSE, error);
    gsize length;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    g_autoptr(json_t) shown = text ? json_parse(text, length, error) : NULL;
    return shown && instance_body_fits(call->body, shown, error);
}

/* Launched again, as by a restart; the operation ends with that. */
static gboolean
relaunch_begin(Call *call, StoreTx *tx, StoreSet *set, StoreInstance *instance, char **ret_operation, GError **error)
{
    g_autofree char *id = resource_id_instance(call->api->subscription, set->group, set->name, instance->id);
    g_autoptr(StoreOperation) operation = operation_begin(tx, OPERATION_PUT_INSTANCE, set, id, set->location,
                                                          /* of_set= */ FALSE, call->request->caller, call->now, error);
    if (!operation)
        return FALSE;
    desire_apply(instance, DESIRE_RESTART, /* skip_shutdown= */ FALSE);
    *ret_operation = g_strdup(operation->id);
    return step_begin(tx, operation, instance, error);
}

static ApiResponse *
instance_put(Call *call, GError **error)
{
    g_auto(InstanceBody) asked = { 0 };
    g_autofree char *operation = NULL;
    gboolean relaunch = FALSE;
    if (!instance_body_read(call->body, &asked, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(StoreInstance) instance = set ? call_instance(tx, set, call->params[PARAM_INSTANCE], error) : NULL;
    if (!instance || !call_not_deleting(set, error) || !call_preconditions(call, instance->etag, error) ||
        !fits_check(call, tx, set, instance, error) || !protection_apply(instance, &asked, error) ||
        (asked.disks && !attach_apply(call, tx, set, instance, asked.disks, &relaunch, error)))
        return NULL;
    gboolean written = relaunch ? relaunch_begin(call, tx, set, instance, &operation, error)
                                : store_instance_update(tx, instance, 0, error) &&
                                      place_record(call, tx, set, instance, OPERATION_PUT_INSTANCE, error);
    if (!written || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    g_auto(Place) place = { 0 };
    ApiResponse *response = place_find(call, &place, error) ? instance_respond(call, &place, /* view= */ FALSE, error) : NULL;
    if (response)
        respond_with_operation(response, call, operation);
    return response;
}

/* Testudo keeps no user data and does not tell of deletions that it retries, so there is none of either to expand. */
#define EXPAND "$expand=instanceView,userData,resiliencyView"

const Route routes_instances[] = {
    { "GET", PATH_INSTANCES, list_get, 0, EXPAND " $filter $select=instanceView " PAGE_QUERY },
    { "GET", PATH_INSTANCE, instance_get, 0, EXPAND },
    { "PUT", PATH_INSTANCE, instance_put, ROUTE_BODY, NO_QUERY },
    { "PATCH", PATH_INSTANCE, instance_put, ROUTE_BODY, NO_QUERY },
    { "GET", PATH_INSTANCE "/instanceView", view_get, 0, NO_QUERY },
    { 0 },
};
