#include "templates.h"

#include "base/error.h"

#include <string.h>

static json_t *
provider(const char *namespace_, const char *type, void *)
{
    if (g_ascii_strcasecmp(namespace_, "Microsoft.Compute") != 0 ||
        (type && g_ascii_strcasecmp(type, "virtualMachineScaleSets") != 0))
        return NULL;
    return json_of(type ? "{'resourceType': 'virtualMachineScaleSets', 'locations': ['here'], 'apiVersions': ['2024-07-01']}"
                        : "{'namespace': 'Microsoft.Compute', 'resourceTypes': [{'resourceType': 'virtualMachineScaleSets'}]}");
}

const TemplateScope test_scope = { .subscription = "s",
                                   .group = "g",
                                   .location = "here",
                                   .deployment = "d",
                                   .provider = provider,
                                   .now = G_GINT64_CONSTANT(1584107638123450),
                                   .seed = "seed" };

json_t *
json_of(const char *text)
{
    GError *error = NULL;
    g_autofree char *json = g_strdelimit(g_strdelimit(g_strdup(text), "'", '"'), "`", '\'');
    json_t *value = json_parse(json, strlen(json), &error);
    g_assert_no_error(error);
    return value;
}

char *
text_of(const json_t *value)
{
    return g_strdelimit(json_text(value), "\"", '\'');
}

Template *
evaluate(const char *text, const char *parameters, GError **error)
{
    g_autoptr(json_t) parsed = json_of(text), sent = json_of(parameters ? parameters : "{}");
    g_autoptr(json_t) before = json_deep_copy(parsed);
    Template *made = template_evaluate(parsed, parameters ? sent : NULL, &test_scope, error);
    g_assert_true(json_equal(parsed, before));
    return made;
}

Template *
must_evaluate(const char *text, const char *parameters)
{
    GError *error = NULL;
    Template *made = evaluate(text, parameters, &error);
    g_assert_no_error(error);
    return made;
}

static json_t *
lookup(const char *id, gboolean full, void *, GError **error)
{
    if (!strstr(id, "missing"))
        return json_pack("{s:s, s:b}", "id", id, "full", full);
    arm_fail(error, ARM_RESOURCE_NOT_FOUND, "id", "There is no '%s'.", id);
    return NULL;
}

json_t *
outputs_of(const char *text, const char *parameters, GError **error)
{
    g_autoptr(json_t) parsed = json_of(text), sent = json_of(parameters ? parameters : "{}");
    return template_outputs(parsed, sent, &test_scope, lookup, NULL, error);
}

char *
value_of(const char *members, const char *value, GError **error)
{
    g_autofree char *text =
        g_strdup_printf(TEMPLATE("%s" RESOURCES(RESOURCE("a", "b", ", 'properties': {'x': %s}"))), members, value);
    g_autoptr(Template) made = evaluate(text, NULL, error);
    if (!made)
        return NULL;
    const TemplateResource *resource = g_ptr_array_index(made->resources, 0);
    return text_of(json_path(resource->body, "properties.x"));
}

void
assert_refused(const GError *error, const char *target, const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, "|", -1);
    g_assert_nonnull(error);
    g_test_message("%s", error->message);
    g_assert_true(g_error_matches(error, ARM_ERROR, ARM_INVALID_TEMPLATE));
    g_assert_cmpstr(arm_error_target(error), ==, target);
    for (char **word = parts; *word; word++) {
        if (!strstr(error->message, *word))
            g_error("no '%s' in: %s", *word, error->message);
    }
}

void
assert_template_refused(const char *text, const char *parameters, const char *target, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_test_message("%s", text);
    g_autoptr(Template) made = evaluate(text, parameters, &error);
    g_assert_null(made);
    assert_refused(error, target, words);
}

char *
order_of(const char *text, GError **error)
{
    g_autoptr(Template) made = evaluate(text, NULL, error);
    if (!made)
        return NULL;
    GString *order = g_string_new(NULL);
    for (guint i = 0; i < made->resources->len; i++) {
        const TemplateResource *resource = g_ptr_array_index(made->resources, i);
        g_string_append_printf(order, "%s%s", i > 0 ? " " : "", resource->name);
        for (guint j = 0; j < resource->depends_on->len; j++) {
            const TemplateResource *other = g_ptr_array_index(resource->depends_on, j);
            g_string_append_printf(order, "%s%s", j > 0 ? "," : "<", other->name);
        }
    }
    return g_string_free(order, FALSE);
}
