/* Microsoft.Security alertsSuppressionRules: listed, read, put, deleted. Shapes: Azure REST, 2019-01-01-preview. */
#include "api/suppression_rules.h"

#include "api/body_parts.h"
#include "api/call.h"
#include "base/json.h"
#include "model/suppression.h"

#include <string.h>

#define TYPE      "Microsoft.Security/alertsSuppressionRules"
#define RULES     "/subscriptions/{subscription}/providers/" TYPE
#define RULES_MAX 500 /* they are listed on one page, and looked at whenever an alert is raised */

enum { PARAM_RULE = 1 };

char *
suppression_rule_id(const char *subscription, const char *name)
{
    return g_strdup_printf("/subscriptions/%s/providers/" TYPE "/%s", subscription, name);
}

/* ---- shape ---- */

static Suppression *
row_read(const StoreSuppression *row, GError **error)
{
    g_autoptr(json_t) document = json_parse(row->document, strlen(row->document), error);
    return document ? suppression_read(document, error) : NULL;
}

static json_t *
rule_json(const Call *call, const StoreSuppression *row, const Suppression *suppression)
{
    g_autofree char *id = suppression_rule_id(call->api->subscription, row->name);
    json_t *body = json_object(), *properties = json_deep_copy(json_object_get(suppression->body, "properties"));
    json_set_text(body, "id", id);
    json_set_text(body, "name", row->name);
    json_set_text(body, "type", TYPE);
    body_time_set(properties, "lastModifiedUtc", row->modified);
    if (suppression->enabled && suppression_is_over(suppression, call->now))
        json_set_text(properties, "state", "Expired");
    json_object_set_new(body, "properties", properties);
    return body;
}

static StoreSuppression *
rule_find(Call *call, StoreTx *tx, GError **error)
{
    GError *lookup = NULL;
    StoreSuppression *row = store_suppression_get(tx, call->params[PARAM_RULE], &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!row)
        arm_fail(error, ARM_NOT_FOUND, NULL, "There is no suppression rule '%.80s'.", call->params[PARAM_RULE]);
    return row;
}

/* ---- read ---- */

/* What `AlertType` asks for: rules that may suppress alerts of it. */
static gboolean
type_read(Call *call, gboolean *ret_asked, AlertKind *ret_kind, GError **error)
{
    const char *type = call_query(call, "AlertType");
    *ret_asked = type != NULL;
    return !type || alert_kind_from_text(type, ret_kind) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "AlertType", "'AlertType' is '%.80s', and no alert is ever of that type.",
                    type);
}

static ApiResponse *
rules_list(Call *call, GError **error)
{
    gboolean asked;
    AlertKind kind = ALERT_DEVIATION;
    if (!type_read(call, &asked, &kind, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) rows = tx ? store_suppression_list(tx, error) : NULL;
    g_autoptr(json_t) body = json_pack("{s[]}", "value");
    if (!rows)
        return NULL;
    for (guint i = 0; i < rows->len; i++) {
        const StoreSuppression *row = g_ptr_array_index(rows, i);
        g_autoptr(Suppression) suppression = row_read(row, error);
        if (!suppression)
            return NULL;
        if (!asked || suppression->every_kind || suppression->kind == kind)
            json_array_append_new(json_object_get(body, "value"), rule_json(call, row, suppression));
    }
    return respond_json(200, body);
}

static ApiResponse *
rule_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSuppression) row = tx ? rule_find(call, tx, error) : NULL;
    g_autoptr(Suppression) suppression = row ? row_read(row, error) : NULL;
    if (!suppression)
        return NULL;
    g_autoptr(json_t) body = rule_json(call, row, suppression);
    return respond_json(200, body);
}

/* ---- change ---- */

static gboolean
note(const Call *call, StoreTx *tx, const char *name, const char *action, guint n, const char *what, GError **error)
{
    g_autofree char *operation = g_strconcat(TYPE "/", action, NULL);
    g_autofree char *id = suppression_rule_id(call->api->subscription, name);
    g_autofree char *message = n > 0 ? g_strdup_printf("Alerts that are %s by this: %u.", what, n) : NULL;
    return store_event_note(tx, operation, id, call->request->caller, message, call->now, error);
}

/* Nothing would ever come of it. */
static gboolean
not_over(const Suppression *suppression, UnixTime now, GError **error)
{
    return !suppression->enabled || !suppression_is_over(suppression, now) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "properties.expirationDateUtc",
                    "'properties.expirationDateUtc' is over: give a later time, or none, and the rule never expires.");
}

static gboolean
room_for_one(StoreTx *tx, GError **error)
{
    g_autoptr(GPtrArray) rows = store_suppression_list(tx, error);
    return rows && (rows->len < RULES_MAX || arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                                                      "There are %d suppression rules, and there can be no more: delete "
                                                      "those that have expired, or suppress more with one.",
                                                      RULES_MAX));
}

/* The row to be written: with its name as it was created. */
static StoreSuppression *
row_make(Call *call, StoreTx *tx, const Suppression *suppression, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreSuppression) row = store_suppression_get(tx, call->params[PARAM_RULE], &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!row) {
        if (!suppression_name_check(call->params[PARAM_RULE], error) || !room_for_one(tx, error))
            return NULL;
        row = g_new0(StoreSuppression, 1);
        row->name = g_strdup(call->params[PARAM_RULE]);
    }
    g_free(row->document);
    row->document = json_text(suppression->body);
    row->modified = call->now;
    return g_steal_pointer(&row);
}

static ApiResponse *
rule_put(Call *call, GError **error)
{
    guint dismissed, revived;
    g_autoptr(Suppression) suppression = suppression_read(call->body, error);
    if (!suppression || !not_over(suppression, call->now, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreSuppression) row = tx ? row_make(call, tx, suppression, error) : NULL;
    if (!row || !store_suppression_put(tx, row, error) || !store_suppression_begin(tx, row, call->now, &dismissed, error) ||
        !store_suppressions_end(tx, call->api->config.alerts_delivered, call->now, &revived, error) ||
        !note(call, tx, row->name, "write", dismissed, "dismissed", error) || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    g_autoptr(json_t) body = rule_json(call, row, suppression);
    return respond_json(200, body);
}

static ApiResponse *
rule_delete(Call *call, GError **error)
{
    guint revived;
    GError *lookup = NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    if (!tx)
        return NULL;
    g_autoptr(StoreSuppression) row = store_suppression_get(tx, call->params[PARAM_RULE], &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!row)
        return respond_empty(204);
    if (!store_suppression_delete(tx, row->name, error) ||
        !store_suppressions_end(tx, call->api->config.alerts_delivered, call->now, &revived, error) ||
        !note(call, tx, row->name, "delete", revived, "active again", error) || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_empty(204);
}

const Route routes_suppression_rules[] = {
    { "GET", RULES, rules_list, 0, "AlertType" },
    { "GET", RULES "/{rule}", rule_get, 0, NO_QUERY },
    { "PUT", RULES "/{rule}", rule_put, ROUTE_BODY, NO_QUERY },
    { "DELETE", RULES "/{rule}", rule_delete, 0, NO_QUERY },
    { 0 },
};
