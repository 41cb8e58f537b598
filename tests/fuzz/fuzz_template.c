/* template/: any {"template": …, "parameters": …} is resources in an order that can be made, or refused; and what may be stored
 * of it has no value of a secure parameter, and gives the same outputs or none. */
#include "template/template.h"

#include "base/error.h"
#include "base/json.h"
#include "base/resource_id.h"
#include "fuzz.h"

#include <string.h>

#define GROUP "/subscriptions/s/resourceGroups/g/providers/"

static json_t *
provider(const char *namespace_, const char *type, void *)
{
    return namespace_[0] == 'M' ? json_pack("{s:s*, s:[s]}", "resourceType", type, "apiVersions", "2024-07-01") : NULL;
}

static json_t *
lookup(const char *id, gboolean full, void *, GError **error)
{
    g_assert(g_str_has_prefix(id, "/subscriptions/") && strstr(id, "/resourceGroups/") && strstr(id, "/providers/"));
    if (!strchr(id, '!'))
        return json_pack("{s:s, s:b, s:[i]}", "id", id, "full", full, "list", 1);
    arm_fail(error, ARM_RESOURCE_NOT_FOUND, NULL, "There is no '%.100s'.", id);
    return NULL;
}

static guint
levels(const json_t *value)
{
    guint most = 0;
    const char *name;
    json_t *member;
    size_t i;
    json_array_foreach(value, i, member) most = MAX(most, levels(member));
    json_object_foreach((json_t *)value, name, member) most = MAX(most, levels(member));
    return most + (json_is_array(value) || json_is_object(value));
}

static void
check_error(const json_t *made, const GError *error)
{
    g_assert((made == NULL) == (error != NULL));
    if (error)
        g_assert(g_utf8_validate(error->message, -1, NULL));
    if (error && g_error_matches(error, ARM_ERROR, ARM_INVALID_TEMPLATE))
        g_assert(arm_error_target(error) && g_utf8_validate(arm_error_target(error), -1, NULL));
}

/* The id of the parent comes before it, if it is there at all. */
static void
check_resource(const TemplateResource *resource, GHashTable *before, GHashTable *all)
{
    g_autofree char *folded = resource_fold(resource->id), *parent = g_strdup(folded);
    g_assert(g_str_has_prefix(resource->id, GROUP) && strstr(resource->id, resource->api_version) != resource->id);
    g_assert(json_is_object(resource->body) && levels(resource->body) <= JSON_BODY_MAX_DEPTH && !json_twin(resource->body));
    for (guint i = 0; i < resource->depends_on->len; i++) {
        const TemplateResource *other = g_ptr_array_index(resource->depends_on, i);
        g_autofree char *need = resource_fold(other->id);
        g_assert(g_hash_table_contains(before, need));
    }
    for (guint i = 0; i < 2; i++)
        *strrchr(parent, '/') = '\0';
    g_assert(!g_hash_table_contains(all, parent) || g_hash_table_contains(before, parent));
    g_assert(g_hash_table_add(before, g_steal_pointer(&folded)));
}

static void
check_template(const Template *made, const json_t *text)
{
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *name;
    json_t *shown;
    g_assert(made->resources->len <= TEMPLATE_RESOURCES_MAX);
    for (guint i = 0; i < made->resources->len; i++)
        g_hash_table_add(all, resource_fold(((const TemplateResource *)g_ptr_array_index(made->resources, i))->id));
    for (guint i = 0; i < made->resources->len; i++)
        check_resource(g_ptr_array_index(made->resources, i), before, all);
    json_object_foreach(made->parameters, name, shown)
    {
        const char *type = json_member_text(json_member(json_member(text, "parameters"), name), "type");
        g_assert((g_ascii_strncasecmp(type, "secure", 6) == 0) == !json_object_get(shown, "value"));
    }
}

static json_t *
outputs_of(const json_t *text, const json_t *sent, const TemplateScope *scope)
{
    g_autoptr(GError) error = NULL;
    json_t *outputs = template_outputs(text, sent, scope, lookup, NULL, &error);
    const char *name;
    json_t *output;
    check_error(outputs, error);
    json_object_foreach(outputs, name, output)
        g_assert(json_member_text(output, "type") && levels(json_object_get(output, "value")) <= TEMPLATE_VALUE_DEPTH_MAX);
    return outputs;
}

/* At another time it gives what it gave at once. */
static void
check_what_is_stored(const Template *made, const json_t *text, const TemplateScope *scope)
{
    TemplateScope later = *scope;
    later.now += USEC_PER_SEC;
    later.seed = "another";
    g_autoptr(json_t) bare = template_without_secrets(text), sent = template_parameters_without_secrets(made);
    g_autoptr(json_t) outputs = outputs_of(text, sent, scope), again = outputs_of(bare, sent, &later);
    g_assert((outputs == NULL) == (again == NULL) && (!again || json_equal(outputs, again)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const TemplateScope scope = { .subscription = "s",
                                         .group = "g",
                                         .location = "here",
                                         .deployment = "d",
                                         .provider = provider,
                                         .now = G_GINT64_CONSTANT(1584107638123450),
                                         .seed = "seed" };
    g_autoptr(json_t) input = json_parse((const char *)data, size, NULL);
    if (!json_is_object(input) || !json_object_get(input, "template"))
        return 0;
    g_autoptr(GError) error = NULL;
    const json_t *text = json_object_get(input, "template"), *sent = json_object_get(input, "parameters");
    g_autoptr(Template) made = template_evaluate(text, sent, &scope, &error);
    check_error(made ? made->parameters : NULL, error);
    g_autofree char *told = error ? template_message_without_secrets(text, sent, error->message) : NULL;
    g_assert(!told || g_utf8_validate(told, -1, NULL));
    if (made)
        check_template(made, text);
    g_autoptr(json_t) outputs = outputs_of(text, sent, &scope);
    if (made)
        check_what_is_stored(made, text, &scope);
    return 0;
}
