#include "template/resources.h"

#include "base/resource_id.h"
#include "template/ids.h"
#include "template/members.h"

#include <string.h>

/* ---- what a text means ---- */

/* ret_found: NULL where it is none of the template's. */
static gboolean
find(const Evaluation *evaluation, const char *text, Declared **ret_found, GError **error)
{
    g_autofree char *id = id_canonical(text), *folded = resource_fold(id ? id : text);
    void *found = NULL;
    *ret_found = NULL;
    if (!g_hash_table_lookup_extended(evaluation->resources->index, folded, NULL, &found))
        return TRUE;
    *ret_found = found;
    return found || evaluation_fail(evaluation, error,
                                    "The template has several resources named '%.100s'; say which: 'TYPE/NAME', or "
                                    "resourceId('TYPE', 'NAME').",
                                    text);
}

/* The place of who asks comes back. */
static gboolean
declare_now(Evaluation *evaluation, GError **error)
{
    const TemplatePlace place = evaluation->place;
    const Loop *loop = g_steal_pointer(&evaluation->loop);
    g_autofree char *path = g_strdup(evaluation->path->str);
    const gboolean good = resources_declare(evaluation, error);
    evaluation->loop = loop;
    if (!good)
        return FALSE;
    g_string_assign(evaluation->path, path);
    evaluation->place = place;
    return TRUE;
}

char *
resources_resolve(Evaluation *evaluation, const char *text, GError **error)
{
    Declared *found = NULL;
    char *id = id_canonical(text);
    if (id)
        return id;
    if (!evaluation->resources && !declare_now(evaluation, error))
        return NULL;
    if (!find(evaluation, text, &found, error))
        return NULL;
    if (found)
        return g_strdup(found->resource->id);
    evaluation_fail(
        evaluation, error,
        "reference() gets '%.100s', which is neither the id of a resource in a group, as resourceId() gives it, nor "
        "the name of one that this template makes.",
        text);
    return NULL;
}

/* ---- what a resource needs ---- */

static void
need(Declared *declared, Declared *other)
{
    if (!g_ptr_array_find(declared->needs, other, NULL))
        g_ptr_array_add(declared->needs, other);
}

static void
depend_on(Declared *declared, Declared *other)
{
    if (g_ptr_array_find(declared->needs, other, NULL))
        return;
    need(declared, other);
    g_ptr_array_add(declared->resource->depends_on, other->resource);
}

static gboolean
count_dependencies(Evaluation *evaluation, gsize n, GError **error)
{
    evaluation->resources->n_depends += n;
    return evaluation->resources->n_depends <= TEMPLATE_DEPENDS_MAX ||
           evaluation_fail(evaluation, error, "The resources of the template depend on more than %d others together.",
                           TEMPLATE_DEPENDS_MAX);
}

/* All resources of a copy, which may be none. */
static gboolean
fill_copies(Evaluation *evaluation, Declared *declared, const GPtrArray *copies, GError **error)
{
    if (!count_dependencies(evaluation, copies->len, error))
        return FALSE;
    for (guint i = 0; i < copies->len; i++)
        depend_on(declared, g_ptr_array_index(copies, i));
    return TRUE;
}

static gboolean
fill_dependency(Evaluation *evaluation, Declared *declared, const json_t *text, GError **error)
{
    Declared *other = NULL;
    g_autofree char *means =
        evaluation_text(evaluation, text, "the id, 'TYPE/NAME' or name of a resource, or the name of a copy", error);
    if (!means || !find(evaluation, means, &other, error))
        return FALSE;
    g_autofree char *folded = resource_fold(means);
    const GPtrArray *copies = g_hash_table_lookup(evaluation->resources->copies, folded);
    if (copies && other)
        return evaluation_fail(evaluation, error,
                               "The template has a resource and a copy named '%.100s'; say which: 'TYPE/NAME' is the resource.",
                               means);
    if (copies)
        return fill_copies(evaluation, declared, copies, error);
    if (other)
        depend_on(declared, other);
    return TRUE;
}

static gboolean
fill_dependencies(Evaluation *evaluation, Declared *declared, GError **error)
{
    const json_t *list = member_sent(declared->text, "dependsOn"), *one;
    size_t i;
    const gsize mark = evaluation_enter(evaluation, "dependsOn");
    if (!count_dependencies(evaluation, json_array_size(list), error))
        return FALSE;
    json_array_foreach(list, i, one)
    {
        const gsize inner = evaluation_enter_index(evaluation, i);
        if (!fill_dependency(evaluation, declared, one, error))
            return FALSE;
        evaluation_leave(evaluation, inner);
    }
    evaluation_leave(evaluation, mark);
    return TRUE;
}

/* Wherever the template has it: the id of the parent is the child's without its last two parts. */
static void
fill_parent(const Resources *resources, Declared *declared)
{
    g_autofree char *id = resource_fold(declared->resource->id);
    for (guint i = 0; i < 2; i++)
        *strrchr(id, '/') = '\0';
    Declared *parent = g_hash_table_lookup(resources->index, id);
    if (parent)
        need(declared, parent);
}

gboolean
needs_fill(Evaluation *evaluation, Declared *declared, GError **error)
{
    if (!fill_dependencies(evaluation, declared, error))
        return FALSE;
    fill_parent(evaluation->resources, declared);
    return TRUE;
}
