/* security alerts-suppression-rule list, show, update, delete, upsert_scope, delete_scope: which alerts nobody wants to hear
 * of. */
#include "cli/cli.h"

#define RULES "/providers/Microsoft.Security/alertsSuppressionRules"

static const Column columns[] = {
    { "Name", "name" },
    { "AlertType", "properties.alertType" },
    { "State", "properties.state" },
    { "Until", "properties.expirationDateUtc|-" },
    { "Reason", "properties.reason" },
    { "Comment", "properties.comment|-" },
    { "Scope", "properties.suppressionAlertsScope.allOf|-" },
    { 0 },
};

static char *
rule_path(const Cli *cli)
{
    g_autofree char *escaped = g_uri_escape_string(args_text(cli->args, "rule-name"), NULL, FALSE);
    g_autofree char *rest = g_strconcat(RULES "/", escaped, NULL);
    return cli_subscription_path(cli, rest);
}

gboolean
run_suppression_rule_list(Cli *cli, GError **error)
{
    g_autofree char *path = cli_subscription_path(cli, RULES);
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_suppression_rule_show(Cli *cli, GError **error)
{
    g_autofree char *path = rule_path(cli);
    return cli_show(cli, path, columns, error);
}

static json_t *
rule_read(Cli *cli, const char *path, GError **error)
{
    g_auto(Reply) reply = { 0 };
    return client_send(cli->client, "GET", path, NULL, &reply, error) ? g_steal_pointer(&reply.body) : NULL;
}

/* DELETE answers alike whether there was one. */
gboolean
run_suppression_rule_delete(Cli *cli, GError **error)
{
    g_autofree char *path = rule_path(cli);
    g_auto(Reply) reply = { 0 };
    g_autoptr(json_t) there = rule_read(cli, path, error);
    return there && client_send(cli->client, "DELETE", path, NULL, &reply, error);
}

/* ---- changes: what is there, with what the options say ---- */

gboolean
run_suppression_rule_update(Cli *cli, GError **error)
{
    static const struct {
        const char *option, *member;
    } given[] = {
        { "alert-type", "alertType" }, { "reason", "reason" },
        { "state", "state" },          { "expiration-date-utc", "expirationDateUtc" },
        { "comment", "comment" },
    };
    g_autofree char *path = rule_path(cli);
    GError *lookup = NULL;
    g_autoptr(json_t) rule = rule_read(cli, path, &lookup);
    if (lookup && client_status(cli->client) != 404) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    g_clear_error(&lookup);
    if (!rule)
        rule = json_pack("{s{}}", "properties");
    for (guint i = 0; i < G_N_ELEMENTS(given); i++)
        json_set_text(json_object_get(rule, "properties"), given[i].member, args_text(cli->args, given[i].option));
    return cli_send_show(cli, "PUT", path, rule, columns, error);
}

/* The conditions of a rule, made where it has none; borrowed. */
static json_t *
conditions_of(const json_t *rule)
{
    json_t *properties = json_object_get(rule, "properties");
    if (!json_path(properties, "suppressionAlertsScope.allOf"))
        json_object_set_new(properties, "suppressionAlertsScope", json_pack("{s[]}", "allOf"));
    return json_path(properties, "suppressionAlertsScope.allOf");
}

/* The list's length where there is none about this field. */
static size_t
place_of(const json_t *conditions, const char *field)
{
    size_t i = 0;
    while (i < json_array_size(conditions) &&
           g_ascii_strcasecmp(json_member_text(json_array_get(conditions, i), "field"), field) != 0)
        i++;
    return i;
}

static json_t *
condition_make(const Cli *cli, GError **error)
{
    const char *contains = args_text(cli->args, "contains-substring");
    const char *const *any_of = args_list(cli->args, "any-of");
    if ((contains != NULL) == (any_of != NULL)) {
        arm_fail(error, ARM_INVALID_PARAMETER, "any-of",
                 "Say what the field contains (--contains-substring), or what it is (--any-of).");
        return NULL;
    }
    json_t *condition = json_pack("{ss}", "field", args_text(cli->args, "field"));
    json_set_text(condition, "contains", contains);
    json_t *values = any_of ? json_array() : NULL;
    for (; any_of && *any_of; any_of++)
        json_array_append_new(values, json_string(*any_of));
    json_set_new(condition, "in", values);
    return condition;
}

gboolean
run_suppression_rule_upsert_scope(Cli *cli, GError **error)
{
    g_autofree char *path = rule_path(cli);
    g_autoptr(json_t) condition = condition_make(cli, error), rule = condition ? rule_read(cli, path, error) : NULL;
    if (!rule)
        return FALSE;
    json_t *conditions = conditions_of(rule);
    const size_t at = place_of(conditions, args_text(cli->args, "field"));
    if (at < json_array_size(conditions))
        json_array_set(conditions, at, condition);
    else
        json_array_append(conditions, condition);
    return cli_send_show(cli, "PUT", path, rule, columns, error);
}

gboolean
run_suppression_rule_delete_scope(Cli *cli, GError **error)
{
    const char *field = args_text(cli->args, "field"), *name = args_text(cli->args, "rule-name");
    g_autofree char *path = rule_path(cli);
    g_autoptr(json_t) rule = rule_read(cli, path, error);
    if (!rule)
        return FALSE;
    json_t *conditions = conditions_of(rule);
    const size_t at = place_of(conditions, field);
    if (at == json_array_size(conditions))
        return arm_fail(error, ARM_NOT_FOUND, NULL, "The rule '%s' has no condition on '%s'.", name, field);
    g_autofree char *question = g_strdup_printf(
        "It is the last condition of '%s': without it the rule suppresses every alert of its type. Go on?", name);
    if (json_array_size(conditions) == 1 && !cli_confirm(cli, question, error))
        return FALSE;
    json_array_remove(conditions, at);
    return cli_send_show(cli, "PUT", path, rule, columns, error);
}
