/* Microsoft.Features: list, get, register, unregister. Nobody has to approve: what is asked is done at once. */
#include "api/feature_registration.h"

#include "api/call.h"

#include <string.h>

#define S           "/subscriptions/{subscription}"
#define F           S "/providers/Microsoft.Features"
#define OF_PROVIDER F "/providers/{namespace}/features"
enum { PARAM_NAMESPACE = 1, PARAM_FEATURE = 2 };

/* States as Azure has them; a feature that was never asked for has no setting. */
#define REGISTERED     "Registered"
#define NOT_REGISTERED "NotRegistered"
#define UNREGISTERED   "Unregistered"

static char *
setting_name(Feature feature)
{
    return g_strconcat("feature/" FEATURE_NAMESPACE "/", feature_name(feature), NULL);
}

static gboolean
state_read(StoreTx *tx, Feature feature, char **ret_state, GError **error)
{
    g_autofree char *name = setting_name(feature), *state = NULL;
    if (feature_is_permanent(feature))
        state = g_strdup(REGISTERED);
    else if (!store_setting_get(tx, name, &state, error))
        return FALSE;
    *ret_state = state ? g_steal_pointer(&state) : g_strdup(NOT_REGISTERED);
    return TRUE;
}

gboolean
feature_registered(StoreTx *tx, Feature feature, gboolean *ret_registered, GError **error)
{
    g_autofree char *state = NULL;
    if (!state_read(tx, feature, &state, error))
        return FALSE;
    *ret_registered = strcmp(state, REGISTERED) == 0;
    return TRUE;
}

/* ---- what is there ---- */

static char *
feature_id(const Call *call, Feature feature)
{
    return g_strdup_printf("/subscriptions/%s/providers/Microsoft.Features/providers/" FEATURE_NAMESPACE "/features/%s",
                           call->api->subscription, feature_name(feature));
}

static json_t *
feature_json(const Call *call, StoreTx *tx, Feature feature, GError **error)
{
    g_autofree char *state = NULL, *id = feature_id(call, feature);
    if (!state_read(tx, feature, &state, error))
        return NULL;
    g_autofree char *name = g_strconcat(FEATURE_NAMESPACE "/", feature_name(feature), NULL);
    return json_pack("{ss ss ss s{ss}}", "id", id, "name", name, "type", "Microsoft.Features/providers/features", "properties",
                     "state", state);
}

static gboolean
namespace_check(const Call *call, GError **error)
{
    return resource_same(call->params[PARAM_NAMESPACE], FEATURE_NAMESPACE) ||
           arm_fail(error, ARM_FEATURE_NOT_FOUND, NULL,
                    "The provider '%.100s' has no features here; '" FEATURE_NAMESPACE "' has some.",
                    call->params[PARAM_NAMESPACE]);
}

static gboolean
feature_find(const Call *call, Feature *ret_feature, GError **error)
{
    if (!namespace_check(call, error))
        return FALSE;
    if (feature_from_name(call->params[PARAM_FEATURE], ret_feature))
        return TRUE;
    g_autoptr(GString) known = g_string_new(NULL);
    for (int feature = 0; feature < FEATURE_N; feature++)
        g_string_append_printf(known, "%s%s", feature > 0 ? ", " : "", feature_name((Feature)feature));
    return arm_fail(error, ARM_FEATURE_NOT_FOUND, NULL, "The feature '%.100s' could not be found; there are: %s.",
                    call->params[PARAM_FEATURE], known->str);
}

static ApiResponse *
features_respond(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(json_t) list = json_array();
    for (int feature = 0; feature < FEATURE_N; feature++) {
        json_t *item = tx ? feature_json(call, tx, (Feature)feature, error) : NULL;
        if (!item)
            return NULL;
        json_array_append_new(list, item);
    }
    g_autoptr(json_t) body = json_pack("{sO}", "value", list);
    return respond_json(200, body);
}

static ApiResponse *
list_of_provider(Call *call, GError **error)
{
    return namespace_check(call, error) ? features_respond(call, error) : NULL;
}

static ApiResponse *
feature_get(Call *call, GError **error)
{
    Feature feature;
    if (!feature_find(call, &feature, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(json_t) body = tx ? feature_json(call, tx, feature, error) : NULL;
    return body ? respond_json(200, body) : NULL;
}

/* ---- register, unregister ---- */

static gboolean
event_write(const Call *call, StoreTx *tx, Feature feature, const char *action, GError **error)
{
    g_autofree char *id = feature_id(call, feature);
    g_autofree char *operation = g_strdup_printf("Microsoft.Features/providers/features/%s/action", action);
    return store_event_note(tx, operation, id, call->request->caller, NULL, call->now, error);
}

static ApiResponse *
state_put(Call *call, const char *state, const char *action, GError **error)
{
    Feature feature;
    if (!feature_find(call, &feature, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autofree char *name = setting_name(feature), *before = NULL;
    if (!tx || !state_read(tx, feature, &before, error))
        return NULL;
    gboolean changes = strcmp(before, state) != 0 && !(strcmp(state, UNREGISTERED) == 0 && strcmp(before, NOT_REGISTERED) == 0);
    if (changes && (!store_setting_set(tx, name, state, error) || !event_write(call, tx, feature, action, error)))
        return NULL;
    g_autoptr(json_t) body = feature_json(call, tx, feature, error);
    if (!body || (changes && !store_commit(g_steal_pointer(&tx), error)))
        return NULL;
    return respond_json(200, body);
}

static ApiResponse *
feature_register(Call *call, GError **error)
{
    return state_put(call, REGISTERED, "register", error);
}

static ApiResponse *
feature_unregister(Call *call, GError **error)
{
    Feature feature;
    if (!feature_find(call, &feature, error))
        return NULL;
    if (!feature_is_permanent(feature))
        return state_put(call, UNREGISTERED, "unregister", error);
    arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
             "The feature '%s' cannot be unregistered: what it permits, naming the security type Standard, is permitted here "
             "to everybody.",
             feature_name(feature));
    return NULL;
}

const Route routes_features[] = {
    { "GET", F "/features", features_respond, 0, NO_QUERY },
    { "GET", OF_PROVIDER, list_of_provider, 0, NO_QUERY },
    { "GET", OF_PROVIDER "/{feature}", feature_get, 0, NO_QUERY },
    { "POST", OF_PROVIDER "/{feature}/register", feature_register, 0, NO_QUERY },
    { "POST", OF_PROVIDER "/{feature}/unregister", feature_unregister, 0, NO_QUERY },
    { 0 },
};
