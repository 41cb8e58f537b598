#include "api/deployment_scope.h"

#include "api/providers.h"
#include "api/set_body.h"
#include "base/secret.h"

static json_t *
provider_look(const char *name, const char *type, void *data)
{
    return provider_describe(data, name, type);
}

/* What reference() asks for. */
typedef struct {
    Call *call;
    StoreTx *tx;
} Look;

static json_t *
set_look(const Look *look, const char *id, GError **error)
{
    g_autoptr(ResourceId) asked = resource_id_parse(id, error);
    if (!asked)
        return NULL;
    if (!asked->group || !asked->type || asked->child_name || g_ascii_strcasecmp(asked->provider, "Microsoft.Compute") != 0 ||
        g_ascii_strcasecmp(asked->type, "virtualMachineScaleSets") != 0 ||
        !resource_same(asked->subscription, look->call->api->subscription)) {
        arm_fail(error, ARM_INVALID_TEMPLATE, "template.outputs",
                 "reference() was asked for '%.300s'; accepted: the id of a scale set of this subscription.", id);
        return NULL;
    }
    g_autoptr(StoreSet) set = call_set(look->tx, asked->group, asked->name, error);
    g_autoptr(GBytes) bytes = set ? set_body(look->call, look->tx, set, error) : NULL;
    return bytes ? json_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error) : NULL;
}

static json_t *
resource_look(const char *id, gboolean full, void *data, GError **error)
{
    g_autoptr(json_t) body = set_look(data, id, error);
    json_t *properties = body ? json_object_get(body, "properties") : NULL;
    return full && body ? g_steal_pointer(&body) : json_incref(properties);
}

json_t *
deployment_outputs(Call *call, StoreTx *tx, const DeploymentScope *scope, const json_t *template, const json_t *parameters,
                   GError **error)
{
    Look look = { call, tx };
    return template_outputs(template, parameters, &scope->template, resource_look, &look, error);
}

void
deployment_scope_clear(DeploymentScope *scope)
{
    json_decref(scope->tags);
    g_free(scope->seed);
}

DeploymentScope
deployment_scope(const Call *call, const StoreGroup *group, const char *deployment)
{
    json_t *tags = group->tags ? json_loads(group->tags, 0, NULL) : NULL;
    char *seed = secret_new();
    return (DeploymentScope){ { .subscription = call->api->subscription,
                                .group = group->name,
                                .location = group->location,
                                .deployment = deployment,
                                .group_tags = tags,
                                .provider = provider_look,
                                .provider_data = call->api,
                                .now = call->now,
                                .seed = seed },
                              tags,
                              seed };
}
