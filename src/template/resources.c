#include "template/resources.h"

#include "base/error.h"
#include "base/resource_id.h"
#include "template/ids.h"
#include "template/members.h"

#include <string.h>

/* clang-format off */
static const MemberTable resource_members = { "A resource", /* open= */ TRUE, {
    { "type", KIND_TEXT, NULL },
    { "name", KIND_TEXT, NULL },
    { "apiVersion", KIND_TEXT, NULL },
    { "condition", KIND_BOOLEAN | KIND_TEXT, NULL },
    { "dependsOn", KIND_ARRAY, NULL },
    { "comments", KIND_TEXT, NULL },
    { "metadata", KIND_OBJECT, NULL },
    { "resources", KIND_ARRAY, NULL },
    { "copy", KIND_OBJECT, NULL },
    { "scope", 0, "all resources are made in the group of the deployment" },
} };
/* clang-format on */

/* ---- objects ---- */

void
template_resource_free(void *data)
{
    TemplateResource *resource = data;
    if (!resource)
        return;
    g_free(resource->type);
    g_free(resource->name);
    g_free(resource->id);
    g_free(resource->api_version);
    json_decref(resource->body);
    g_clear_pointer(&resource->depends_on, g_ptr_array_unref);
    g_free(resource);
}

static void
declared_free(void *data)
{
    Declared *declared = data;
    template_resource_free(declared->resource);
    g_free(declared->path);
    g_ptr_array_unref(declared->needs);
    g_free(declared);
}

void
resources_free(Resources *resources)
{
    if (!resources)
        return;
    g_ptr_array_unref(resources->all);
    g_hash_table_unref(resources->index);
    g_hash_table_unref(resources->copies);
    g_free(resources);
}

/* ---- what it is called ---- */

/* The text of a required member. */
static char *
required(Evaluation *evaluation, const json_t *text, const char *member, const char *what, GError **error)
{
    const json_t *value = member_sent(text, member);
    if (!value) {
        evaluation_fail(evaluation, error, "A resource has to have '%s', %s.", member, what);
        return NULL;
    }
    const gsize mark = evaluation_enter(evaluation, member);
    char *made = evaluation_text(evaluation, value, what, error);
    evaluation_leave(evaluation, mark);
    return made;
}

static gboolean
api_version_is_good(const char *text)
{
    static const char form[] = "dddd-dd-dd";
    for (guint i = 0; i < sizeof form - 1; i++) {
        if (form[i] == 'd' ? !g_ascii_isdigit(text[i]) : text[i] != form[i])
            return FALSE;
    }
    text += sizeof form - 1;
    return *text == '\0' || (*text == '-' && id_part_is_good(text));
}

static gboolean
set_api_version(Evaluation *evaluation, TemplateResource *resource, const json_t *text, GError **error)
{
    resource->api_version = required(evaluation, text, "apiVersion", "a date such as '2022-08-01'", error);
    return resource->api_version &&
           (api_version_is_good(resource->api_version) ||
            evaluation_fail(evaluation, error, "'apiVersion' is '%.40s'; accepted: a date such as '2022-08-01'.",
                            resource->api_version));
}

/* A child has the type and name of its parent before its own. */
static gboolean
join_with_parent(Evaluation *evaluation, TemplateResource *resource, const TemplateResource *parent, GError **error)
{
    char *type = resource->type, *name = resource->name;
    if (!parent)
        return TRUE;
    if (strchr(type, '.'))
        return evaluation_fail(evaluation, error,
                               "The type '%.100s' within a resource of type '%.100s' is one relative to it, such as "
                               "'extensions'; put other resources beside it.",
                               type, parent->type);
    resource->type = g_strconcat(parent->type, "/", type, NULL);
    resource->name = g_strconcat(parent->name, "/", name, NULL);
    g_free(type);
    g_free(name);
    return TRUE;
}

static gboolean
set_id(Evaluation *evaluation, TemplateResource *resource, GError **error)
{
    g_auto(GStrv) names = g_strsplit(resource->name, "/", -1);
    g_autofree char *path = provider_path(evaluation, resource->type, names, g_strv_length(names), error);
    if (!path)
        return FALSE;
    g_autofree char *group = resource_id_group(evaluation->scope->subscription, evaluation->scope->group);
    resource->id = g_strconcat(group, path, NULL);
    return TRUE;
}

static TemplateResource *
name_resource(Evaluation *evaluation, const json_t *text, const TemplateResource *parent, GError **error)
{
    TemplateResource *resource = g_new0(TemplateResource, 1);
    resource->depends_on = g_ptr_array_new();
    if ((resource->type = required(evaluation, text, "type", "such as 'Microsoft.Compute/virtualMachineScaleSets'", error)) &&
        (resource->name = required(evaluation, text, "name", "the name that it gets", error)) &&
        set_api_version(evaluation, resource, text, error) && join_with_parent(evaluation, resource, parent, error) &&
        set_id(evaluation, resource, error))
        return resource;
    template_resource_free(resource);
    return NULL;
}

/* ---- the index ---- */

/* A name that two have means neither. */
static void
index_name(Resources *resources, const char *name, Declared *declared)
{
    char *folded = resource_fold(name);
    const gboolean known = g_hash_table_contains(resources->index, folded);
    g_hash_table_replace(resources->index, folded, known ? NULL : declared);
}

static void
index_as(Resources *resources, Declared *declared)
{
    const TemplateResource *resource = declared->resource;
    g_autofree char *typed = g_strconcat(resource->type, "/", resource->name, NULL);
    const char *path = strstr(resource->id, "/providers/") + strlen("/providers/");
    g_hash_table_replace(resources->index, resource_fold(resource->id), declared);
    g_hash_table_replace(resources->index, resource_fold(typed), declared);
    g_hash_table_replace(resources->index, resource_fold(path), declared);
    index_name(resources, resource->name, declared);
}

/* copies: those of the same copy, or NULL. */
static gboolean
add(Evaluation *evaluation, TemplateResource *resource, const json_t *text, GPtrArray *copies, GError **error)
{
    Resources *resources = evaluation->resources;
    g_autofree char *folded = resource_fold(resource->id);
    const Declared *other = g_hash_table_lookup(resources->index, folded);
    Declared *declared = g_new0(Declared, 1);
    declared->resource = resource;
    declared->text = text;
    declared->path = g_strdup(evaluation->path->str);
    declared->needs = g_ptr_array_new();
    declared->copied = evaluation->loop != NULL;
    if (declared->copied)
        declared->loop = *evaluation->loop;
    g_ptr_array_add(resources->all, declared);
    if (copies)
        g_ptr_array_add(copies, declared);
    if (other)
        return evaluation_fail(evaluation, error, "The template declares '%.300s' twice, at '%s' too.", resource->id,
                               other->path);
    if (resources->all->len > TEMPLATE_RESOURCES_MAX)
        return evaluation_fail(evaluation, error, "The template declares more than %d resources.", TEMPLATE_RESOURCES_MAX);
    index_as(resources, declared);
    return TRUE;
}

/* ---- declaring ---- */

static gboolean declare_all(Evaluation *evaluation, const json_t *text, const TemplateResource *parent, GError **error);

static gboolean
is_made(Evaluation *evaluation, const json_t *text, gboolean *ret_made, GError **error)
{
    const json_t *condition = member_sent(text, "condition");
    *ret_made = TRUE;
    if (!condition)
        return TRUE;
    const gsize mark = evaluation_enter(evaluation, "condition");
    const gboolean good = evaluation_boolean(evaluation, condition, ret_made, error);
    evaluation_leave(evaluation, mark);
    return good;
}

/* As on Azure, a condition does not hold for children: each has its own. What is not made is still read: a mistake in it would
 * be found on the day that it is. */
static gboolean
declare_one(Evaluation *evaluation, const json_t *text, const TemplateResource *parent, GPtrArray *copies, GError **error)
{
    gboolean made;
    if (!is_made(evaluation, text, &made, error))
        return FALSE;
    TemplateResource *resource = name_resource(evaluation, text, parent, error);
    if (!resource)
        return FALSE;
    g_autoptr(GPtrArray) unmade = made ? NULL : g_ptr_array_new_with_free_func(template_resource_free);
    if (unmade)
        g_ptr_array_add(unmade, resource);
    return (made ? add(evaluation, resource, text, copies, error) : evaluation_look_through(evaluation, text, error)) &&
           declare_all(evaluation, text, resource, error);
}

static gboolean
declare_rounds(Evaluation *evaluation, const json_t *text, GPtrArray *copies, Loop *loop, guint count, GError **error)
{
    for (loop->index = 0; loop->index < count; loop->index++) {
        if (!evaluation_charge_round(evaluation, text, error) ||
            !declare_one(evaluation, text, /* parent= */ NULL, copies, error))
            return FALSE;
    }
    return count > 0 || evaluation_look_through(evaluation, text, error);
}

/* As on Azure, children are not copied, but come with each copy of their parent. */
static gboolean
declare_copies(Evaluation *evaluation, const json_t *text, const TemplateResource *parent, GError **error)
{
    Loop loop = { .nameless = TRUE };
    guint count;
    if (parent)
        return evaluation_fail(evaluation, error,
                               "'copy' is not taken of a resource within another: put it beside that, with its whole type and "
                               "name.");
    if (!copy_of_resource(evaluation, member_sent(text, "copy"), &loop.name, &count, error))
        return FALSE;
    GPtrArray *copies = g_ptr_array_new();
    if (!g_hash_table_insert(evaluation->resources->copies, resource_fold(loop.name), copies))
        return evaluation_fail(evaluation, error, "The template has two copies of the name '%.80s'.", loop.name);
    evaluation->loop = &loop;
    const gboolean good = declare_rounds(evaluation, text, copies, &loop, count, error);
    evaluation->loop = NULL;
    return good;
}

static gboolean
declare(Evaluation *evaluation, const json_t *text, const TemplateResource *parent, GError **error)
{
    if (!members_check(evaluation, text, &resource_members, error))
        return FALSE;
    return member_sent(text, "copy") ? declare_copies(evaluation, text, parent, error)
                                     : declare_one(evaluation, text, parent, /* copies= */ NULL, error);
}

static gboolean
declare_all(Evaluation *evaluation, const json_t *text, const TemplateResource *parent, GError **error)
{
    const json_t *list = member_sent(text, "resources"), *one;
    size_t i;
    const gsize mark = evaluation_enter(evaluation, "resources");
    json_array_foreach(list, i, one)
    {
        const gsize inner = evaluation_enter_index(evaluation, i);
        if (!declare(evaluation, one, parent, error))
            return FALSE;
        evaluation_leave(evaluation, inner);
    }
    evaluation_leave(evaluation, mark);
    return TRUE;
}

gboolean
resources_declare(Evaluation *evaluation, GError **error)
{
    Resources *resources = g_new0(Resources, 1);
    resources->all = g_ptr_array_new_with_free_func(declared_free);
    resources->index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    resources->copies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    evaluation->resources = resources;
    evaluation->place = PLACE_RESOURCES;
    g_string_assign(evaluation->path, "template");
    return declare_all(evaluation, evaluation->text, /* parent= */ NULL, error);
}

/* ---- bodies ---- */

static gboolean
is_of_body(const char *member)
{
    for (const Member *known = resource_members.members; known->name; known++) {
        if (g_ascii_strcasecmp(known->name, member) == 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean
fill_body(Evaluation *evaluation, Declared *declared, GError **error)
{
    g_autoptr(json_t) members = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)declared->text, name, value)
    {
        if (is_of_body(name))
            json_object_set(members, name, value);
    }
    g_autoptr(json_t) body = evaluation_value(evaluation, members, error);
    if (!body)
        return FALSE;
    if (!evaluation_depth_fits(body, JSON_BODY_MAX_DEPTH))
        return evaluation_fail(evaluation, error, "The resource is nested deeper than %d levels.", JSON_BODY_MAX_DEPTH);
    /* Values of variables are shared until here. */
    declared->resource->body = json_deep_copy(body);
    return TRUE;
}

gboolean
resources_fill(Evaluation *evaluation, GError **error)
{
    const GPtrArray *all = evaluation->resources->all;
    for (guint i = 0; i < all->len; i++) {
        Declared *declared = g_ptr_array_index(all, i);
        g_string_assign(evaluation->path, declared->path);
        evaluation->loop = declared->copied ? &declared->loop : NULL;
        const gboolean good = fill_body(evaluation, declared, error) && needs_fill(evaluation, declared, error);
        evaluation->loop = NULL;
        if (!good)
            return FALSE;
    }
    g_string_assign(evaluation->path, "template");
    return TRUE;
}
