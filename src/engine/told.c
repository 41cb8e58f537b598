#include "engine/told.h"

#include "base/resource_id.h"

static const char *
subscription_of(const SetTracked *set)
{
    const char *subscription = set->engine->subscription;
    return subscription ? subscription : "";
}

char *
engine_set_resource(const SetTracked *set)
{
    return resource_id_scale_set(subscription_of(set), set->group, set->name);
}

char *
engine_instance_resource(const SetTracked *set, guint id)
{
    return resource_id_instance(subscription_of(set), set->group, set->name, id);
}

gboolean
engine_warn(const Pass *pass, OperationKind kind, const char *status, const char *resource_id, const char *correlation,
            const char *message, GError **error)
{
    StoreEvent event = {
        .time = pass->now,
        .level = (char *)"Warning",
        .operation_name = (char *)operation_kind_text(kind),
        .status = (char *)status,
        .resource_id = (char *)resource_id,
        .caller = (char *)"engine",
        .correlation = (char *)correlation,
        .message = (char *)message,
    };
    return store_event_add(pass->tx, &event, error);
}
