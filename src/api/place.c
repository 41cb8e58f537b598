#include "api/place.h"

void
place_clear(Place *place)
{
    store_instance_free(place->instance);
    store_set_free(place->set);
    store_abort(place->tx);
}

gboolean
place_find(Call *call, Place *ret_place, GError **error)
{
    Place *place = ret_place;
    place->tx = store_read(call->api->store, error);
    place->set = place->tx ? call_set(place->tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    if (place->set && call->n_params > PARAM_INSTANCE)
        place->instance = call_instance(place->tx, place->set, call->params[PARAM_INSTANCE], error);
    return place->set && (call->n_params <= PARAM_INSTANCE || place->instance);
}

char *
place_resource(const Call *call, const StoreSet *set, const guint *instance, gboolean as_machine)
{
    const char *subscription = call->api->subscription;
    if (!instance)
        return resource_id_scale_set(subscription, set->group, set->name);
    return as_machine ? resource_id_machine(subscription, set->group, set->name, *instance)
                      : resource_id_instance(subscription, set->group, set->name, *instance);
}

char *
place_key(const Place *place)
{
    return g_strdup_printf("%s.%u", place->set->uid, place->instance->id);
}

gboolean
place_record(Call *call, StoreTx *tx, StoreSet *set, const StoreInstance *instance, OperationKind kind, GError **error)
{
    g_autofree char *id = resource_id_instance(call->api->subscription, set->group, set->name, instance->id);
    g_autoptr(StoreOperation) operation =
        operation_begin(tx, kind, set, id, set->location, /* of_set= */ FALSE, call->request->caller, call->now, error);
    return operation && operation_end(tx, operation, call->now, error);
}
