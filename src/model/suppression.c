#include "model/suppression.h"

#include "base/error.h"
#include "base/json.h"
#include "base/time_text.h"
#include "base/words.h"
#include "model/properties.h"

#include <string.h>

#define SCOPE          "properties.suppressionAlertsScope"
#define CONDITIONS     SCOPE ".allOf"
#define EVERY_KIND     "*"
#define TEXT_MAX       1024
#define CONDITIONS_MAX 16
#define VALUES_MAX     100

/* ---- fields ---- */

#define FIELD_RESOURCE        "entities.azureresource.resourceid"
#define FIELD_RESOURCE_BY_TAG "entities.azure-resource.resourceid"
#define FIELD_REASON          "extendedProperties.reason"

static const char *const suppression_field_words[SUPPRESSION_N_FIELDS] = {
    [SUPPRESSION_RESOURCE] = FIELD_RESOURCE,
    [SUPPRESSION_REASON] = FIELD_REASON,
};

const char *
suppression_field_text(SuppressionField field)
{
    g_assert(field < SUPPRESSION_N_FIELDS);
    return suppression_field_words[field];
}

gboolean
suppression_field_from_text(const char *text, SuppressionField *ret_field)
{
    int index = SUPPRESSION_RESOURCE;
    if (g_ascii_strcasecmp(text, FIELD_RESOURCE_BY_TAG) != 0 &&
        !word_find(suppression_field_words, SUPPRESSION_N_FIELDS, text, &index))
        return FALSE;
    *ret_field = (SuppressionField)index;
    return TRUE;
}

/* ---- single values ---- */

static gboolean
check_alert_type(const json_t *value, const char *path, GError **error)
{
    AlertKind kind;
    const char *text = json_string_value(value);
    if (strcmp(text, EVERY_KIND) == 0 || alert_kind_from_text(text, &kind))
        return TRUE;
    g_autoptr(GString) known = g_string_new("'" EVERY_KIND "'");
    for (int i = 0; i < ALERT_N_KINDS; i++)
        g_string_append_printf(known, ", '%s'", alert_kind_text((AlertKind)i));
    return arm_fail(error, ARM_INVALID_PARAMETER, path, "'%s' is '%.80s', and no alert is ever of that type; accepted: %s.",
                    path, text, known->str);
}

static gboolean
check_expiration(const json_t *value, const char *path, GError **error)
{
    UnixTime time;
    return (time_from_text(json_string_value(value), &time) && time > 0) ||
           arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "'%s' is '%.60s'; accepted: a time such as 2026-12-31T00:00:00Z, or nothing, and the rule never expires.",
                    path, json_string_value(value));
}

static gboolean
check_state(const json_t *value, const char *path, GError **error)
{
    return g_ascii_strcasecmp(json_string_value(value), "Expired") != 0 ||
           arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "'%s' is 'Expired', as an enabled rule is shown when its expirationDateUtc is over. Send 'Enabled' with a "
                    "later expirationDateUtc or none, or 'Disabled'.",
                    path);
}

static gboolean
check_text(const json_t *value, const char *path, GError **error)
{
    return json_string_length(value) <= TEXT_MAX ||
           arm_fail(error, ARM_INVALID_PARAMETER, path, "'%s' has at most %d bytes.", path, TEXT_MAX);
}

static gboolean
check_some_text(const json_t *value, const char *path, GError **error)
{
    return check_text(value, path, error) &&
           (json_string_length(value) > 0 || arm_fail(error, ARM_INVALID_PARAMETER, path, "'%s' is empty.", path));
}

static gboolean
check_values(const json_t *value, const char *path, GError **error)
{
    const size_t n = json_array_size(value);
    if (n == 0 || n > VALUES_MAX)
        return arm_fail(error, ARM_INVALID_PARAMETER, path, "'%s' has %zu values; accepted: 1 to %d.", path, n, VALUES_MAX);
    for (size_t i = 0; i < n; i++) {
        if (!check_some_text(json_array_get(value, i), path, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_conditions(const json_t *value, const char *path, GError **error)
{
    return json_array_size(value) <= CONDITIONS_MAX ||
           arm_fail(error, ARM_INVALID_PARAMETER, path, "'%s' has %zu conditions; accepted: at most %d.", path,
                    json_array_size(value), CONDITIONS_MAX);
}

/* clang-format off */
static const Property suppression_properties[] = {
    { "id", PROPERTY_READ_ONLY, PROPERTY_ANY, NULL, NULL, NULL },
    { "name", PROPERTY_READ_ONLY, PROPERTY_ANY, NULL, NULL, NULL },
    { "type", PROPERTY_READ_ONLY, PROPERTY_ANY, NULL, NULL, NULL },
    { "systemData", PROPERTY_READ_ONLY, PROPERTY_ANY, NULL, NULL, NULL },
    { "properties", PROPERTY_EFFECTIVE, PROPERTY_OBJECT, NULL, NULL, NULL },
    { "properties.alertType", PROPERTY_EFFECTIVE, PROPERTY_TEXT, NULL, NULL, check_alert_type },
    { "properties.lastModifiedUtc", PROPERTY_READ_ONLY, PROPERTY_ANY, NULL, NULL, NULL },
    { "properties.expirationDateUtc", PROPERTY_EFFECTIVE, PROPERTY_TEXT, "a time such as 2026-12-31T00:00:00Z", NULL, check_expiration },
    { "properties.reason", PROPERTY_DESCRIPTIVE, PROPERTY_TEXT, NULL, NULL, check_some_text },
    { "properties.state", PROPERTY_EFFECTIVE, PROPERTY_WORD, "Enabled|Disabled", NULL, check_state },
    { "properties.comment", PROPERTY_DESCRIPTIVE, PROPERTY_TEXT, NULL, NULL, check_text },
    { SCOPE, PROPERTY_EFFECTIVE, PROPERTY_OBJECT, NULL, NULL, NULL },
    { CONDITIONS, PROPERTY_EFFECTIVE, PROPERTY_LIST, NULL, NULL, check_conditions },
    { CONDITIONS "[].field", PROPERTY_EFFECTIVE, PROPERTY_WORD, FIELD_RESOURCE "|" FIELD_RESOURCE_BY_TAG "|" FIELD_REASON, NULL, NULL },
    { CONDITIONS "[].contains", PROPERTY_EFFECTIVE, PROPERTY_TEXT, NULL, NULL, check_some_text },
    { CONDITIONS "[].in", PROPERTY_EFFECTIVE, PROPERTY_TEXTS, NULL, NULL, check_values },
    { 0 },
};
/* clang-format on */

/* ---- the whole ---- */

/* Of what is there: a wrong value has its own violation, and is left out of `read`. */
static void
require(const json_t *body, const char *path, GPtrArray *violations)
{
    GError *violation = NULL;
    const json_t *sent = json_path(body, path);
    if (sent && !json_is_null(sent))
        return;
    arm_fail(&violation, ARM_INVALID_PARAMETER, path, "'%s' is required.", path);
    g_ptr_array_add(violations, violation);
}

static void
condition_check(const json_t *item, size_t i, GPtrArray *violations)
{
    GError *violation = NULL;
    const json_t *field = json_member(item, "field"), *contains = json_member(item, "contains"), *in = json_member(item, "in");
    const gboolean one = (contains && !json_is_null(contains)) != (in && !json_is_null(in));
    g_autofree char *path = g_strdup_printf(CONDITIONS "[%zu]", i), *field_path = g_strconcat(path, ".field", NULL);
    if (!field || json_is_null(field))
        arm_fail(&violation, ARM_INVALID_PARAMETER, field_path, "'%s' is required: " FIELD_RESOURCE " or " FIELD_REASON ".",
                 field_path);
    else if (!one)
        arm_fail(&violation, ARM_INVALID_PARAMETER, path,
                 "'%s' says either what its field contains ('contains', a text) or what it is ('in', an array of texts).",
                 path);
    if (violation)
        g_ptr_array_add(violations, violation);
}

static void
body_check(const json_t *body, GPtrArray *violations)
{
    static const char *const required[] = { "properties.alertType", "properties.reason", "properties.state" };
    const json_t *scope = json_path(body, SCOPE), *conditions = json_path(body, CONDITIONS);
    for (guint i = 0; i < G_N_ELEMENTS(required); i++)
        require(body, required[i], violations);
    if (json_is_object(scope))
        require(body, CONDITIONS, violations);
    for (size_t i = 0; i < json_array_size(conditions) && i < CONDITIONS_MAX; i++)
        condition_check(json_array_get(conditions, i), i, violations);
}

static void
condition_free(void *data)
{
    SuppressionCondition *condition = data;
    g_free(condition->contains);
    g_strfreev(condition->in);
    g_free(condition);
}

static SuppressionCondition *
condition_decode(const json_t *item)
{
    SuppressionCondition *condition = g_new0(SuppressionCondition, 1);
    const json_t *in = json_object_get(item, "in");
    suppression_field_from_text(json_string_value(json_object_get(item, "field")), &condition->field);
    condition->contains = g_strdup(json_string_value(json_object_get(item, "contains")));
    if (!in)
        return condition;
    condition->in = g_new0(char *, json_array_size(in) + 1);
    for (size_t i = 0; i < json_array_size(in); i++)
        condition->in[i] = g_strdup(json_string_value(json_array_get(in, i)));
    return condition;
}

/* properties: without violations. Words that have one spelling get it. */
static Suppression *
decode(json_t *body)
{
    Suppression *suppression = g_new0(Suppression, 1);
    json_t *properties = json_object_get(body, "properties");
    const char *type = json_string_value(json_object_get(properties, "alertType"));
    const char *expires = json_string_value(json_object_get(properties, "expirationDateUtc"));
    const json_t *conditions = json_path(body, CONDITIONS);
    suppression->body = json_incref(body);
    suppression->every_kind = strcmp(type, EVERY_KIND) == 0;
    if (!suppression->every_kind) {
        alert_kind_from_text(type, &suppression->kind);
        json_set_text(properties, "alertType", alert_kind_text(suppression->kind));
    }
    suppression->enabled = strcmp(json_string_value(json_object_get(properties, "state")), "Enabled") == 0;
    if (expires) {
        time_from_text(expires, &suppression->expires);
        g_autofree char *canonical = time_to_text(suppression->expires);
        json_set_text(properties, "expirationDateUtc", canonical);
    }
    suppression->conditions = g_ptr_array_new_with_free_func(condition_free);
    for (size_t i = 0; i < json_array_size(conditions); i++)
        g_ptr_array_add(suppression->conditions, condition_decode(json_array_get(conditions, i)));
    return suppression;
}

Suppression *
suppression_read(const json_t *body, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(json_t) read = properties_read(suppression_properties, body, violations);
    body_check(body, violations);
    if (violations->len == 0)
        return decode(read);
    arm_set_error_from_violations(error, violations);
    return NULL;
}

void
suppression_free(Suppression *suppression)
{
    if (!suppression)
        return;
    g_ptr_array_unref(suppression->conditions);
    json_decref(suppression->body);
    g_free(suppression);
}

/* ---- does it suppress? ---- */

static gboolean
condition_holds(const SuppressionCondition *condition, const SuppressedAlert *alert)
{
    const char *value = condition->field == SUPPRESSION_RESOURCE ? alert->resource : alert->reason;
    if (!value)
        return FALSE;
    if (condition->contains) {
        g_autofree char *whole = g_ascii_strdown(value, -1), *part = g_ascii_strdown(condition->contains, -1);
        return strstr(whole, part) != NULL;
    }
    for (char **one = condition->in; *one; one++) {
        if (g_ascii_strcasecmp(*one, value) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
suppression_is_over(const Suppression *suppression, UnixTime now)
{
    return suppression->expires != 0 && suppression->expires <= now;
}

gboolean
suppression_matches(const Suppression *suppression, const SuppressedAlert *alert, UnixTime now)
{
    if (!suppression->enabled || suppression_is_over(suppression, now) ||
        (!suppression->every_kind && suppression->kind != alert->kind))
        return FALSE;
    for (guint i = 0; i < suppression->conditions->len; i++) {
        if (!condition_holds(g_ptr_array_index(suppression->conditions, i), alert))
            return FALSE;
    }
    return TRUE;
}

gboolean
suppression_name_check(const char *name, GError **error)
{
    return g_regex_match_simple("^[A-Za-z0-9_-]{1,260}$", name, G_REGEX_DOLLAR_ENDONLY, 0) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "name",
                    "'%.80s' is no name of a suppression rule: 1 to 260 letters, digits, '-' and '_'.", name);
}
