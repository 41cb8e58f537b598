#include "template/resources.h"

static gboolean
is_ready(const Declared *declared)
{
    for (guint i = 0; i < declared->needs->len; i++) {
        const Declared *need = g_ptr_array_index(declared->needs, i);
        if (!need->placed)
            return FALSE;
    }
    return TRUE;
}

static Declared *
first_unplaced(const GPtrArray *of)
{
    for (guint i = 0; i < of->len; i++) {
        Declared *declared = g_ptr_array_index(of, i);
        if (!declared->placed)
            return declared;
    }
    return NULL;
}

/* Of what is not placed each needs another that is not: whoever follows that comes round. */
static gboolean
fail_cycle(Evaluation *evaluation, GError **error)
{
    g_autoptr(GPtrArray) way = g_ptr_array_new();
    g_autoptr(GString) chain = g_string_new(NULL);
    Declared *at = first_unplaced(evaluation->resources->all);
    guint begin;
    for (; !g_ptr_array_find(way, at, &begin); at = first_unplaced(at->needs))
        g_ptr_array_add(way, at);
    for (guint i = begin; i < way->len && i < begin + 10; i++) {
        const Declared *one = g_ptr_array_index(way, i);
        g_string_append_printf(chain, "'%.200s' -> ", one->resource->name);
    }
    if (way->len > begin + 10)
        g_string_append(chain, "… -> ");
    g_string_assign(evaluation->path, at->path);
    return evaluation_fail(
        evaluation, error,
        "No resource can be made before itself: %s'%.200s' (each depends on the next; a child on its parent).", chain->str,
        at->resource->name);
}

/* One pass after the other over those that are left; a pass that places none has found a cycle. */
GPtrArray *
resources_order(Evaluation *evaluation, GError **error)
{
    const GPtrArray *all = evaluation->resources->all;
    g_autoptr(GPtrArray) ordered = g_ptr_array_new_with_free_func(template_resource_free);
    while (ordered->len < all->len) {
        const guint before = ordered->len;
        for (guint i = 0; i < all->len; i++) {
            Declared *declared = g_ptr_array_index(all, i);
            if (declared->placed || !is_ready(declared))
                continue;
            declared->placed = TRUE;
            g_ptr_array_add(ordered, g_steal_pointer(&declared->resource));
        }
        if (ordered->len == before) {
            fail_cycle(evaluation, error);
            return NULL;
        }
    }
    return g_steal_pointer(&ordered);
}
