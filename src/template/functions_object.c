/* Objects, and sets: what several arrays or objects have together or in common. */
#include "template/functions.h"

#include "base/resource_id.h"

#include <string.h>

static json_t *
call_create_object(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autoptr(json_t) object = json_object();
    for (guint i = 0; i < arguments->n; i += 2) {
        if (i + 1 == arguments->n || json_string_length(arguments->values[i]) == 0) {
            evaluation_fail(evaluation, error, "createObject() takes a name, which is a text, and a value in turn.");
            return NULL;
        }
        if (json_object_get(object, argument_text(arguments, i)))
            break;
        json_object_set(object, argument_text(arguments, i), arguments->values[i + 1]);
    }
    if (json_object_size(object) == arguments->n / 2 && !json_twin(object))
        return g_steal_pointer(&object);
    evaluation_fail(evaluation, error, "createObject() gets a name twice.");
    return NULL;
}

/* ---- what an object has ---- */

static json_t *
call_object_keys(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    if (!evaluation_fits(evaluation, 0, json_object_size(arguments->values[0]), error))
        return NULL;
    json_t *keys = json_array(), *value;
    const char *name;
    json_object_foreach(arguments->values[0], name, value) json_array_append_new(keys, json_string(name));
    return keys;
}

typedef struct {
    char *folded;
    const char *name; /* borrowed */
} Name;

static int
compare_names(const void *a, const void *b)
{
    const Name *left = a, *right = b;
    const int order = strcmp(left->folded, right->folded);
    return order != 0 ? order : strcmp(left->name, right->name);
}

static void
name_clear(void *name)
{
    g_free(((Name *)name)->folded);
}

/* In the order of names in any case, as Azure. */
static json_t *
call_items(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    json_t *object = arguments->values[0], *value;
    const char *name;
    if (!evaluation_fits(evaluation, 0, 3 * json_object_size(object), error))
        return NULL;
    json_t *items = json_array();
    g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(Name));
    g_array_set_clear_func(names, name_clear);
    json_object_foreach(object, name, value)
    {
        const Name one = { resource_fold(name), name };
        g_array_append_val(names, one);
    }
    g_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        name = g_array_index(names, Name, i).name;
        json_array_append_new(items, json_pack("{s:s, s:O}", "key", name, "value", json_object_get(object, name)));
    }
    return items;
}

static gboolean
all_of_one_kind(const Evaluation *evaluation, const Arguments *arguments, const char *function, GError **error)
{
    for (guint i = 1; i < arguments->n; i++) {
        if (kind_of(arguments->values[i]) != kind_of(arguments->values[0]))
            return evaluation_fail(evaluation, error, "%s() takes arrays or objects, and gets both.", function);
    }
    return TRUE;
}

/* ---- arrays ---- */

static void
append_new_ones(json_t *to, GHashTable *there, const json_t *from)
{
    size_t i;
    json_t *element;
    json_array_foreach(from, i, element)
    {
        if (g_hash_table_add(there, value_key(element)))
            json_array_append(to, element);
    }
}

static json_t *
array_union(const Arguments *arguments)
{
    g_autoptr(GHashTable) there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_t *made = json_array();
    for (guint i = 0; i < arguments->n; i++)
        append_new_ones(made, there, arguments->values[i]);
    return made;
}

static json_t *
array_intersection(const json_t *a, const json_t *b)
{
    g_autoptr(GHashTable) there = value_keys(b), taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_t *made = json_array();
    size_t i;
    json_t *element;
    json_array_foreach(a, i, element)
    {
        if (value_is_among(element, there) && g_hash_table_add(taken, value_key(element)))
            json_array_append(made, element);
    }
    return made;
}

/* ---- objects ---- */

/* Folded name to the name as it is written; both borrowed from `object` or the table. */
static GHashTable *
names_of(const json_t *object)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value) g_hash_table_insert(names, resource_fold(name), g_strdup(name));
    return names;
}

/* As Azure: objects within objects are merged too, of arrays and the rest the later one holds. New reference. */
static json_t *
object_union(const json_t *a, const json_t *b)
{
    g_autoptr(GHashTable) names = names_of(a);
    json_t *made = json_copy((json_t *)a);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)b, name, value)
    {
        g_autofree char *folded = resource_fold(name);
        const char *known = g_hash_table_lookup(names, folded);
        const json_t *former = known ? json_object_get(made, known) : NULL;
        if (json_is_object(former) && json_is_object(value))
            json_object_set_new(made, known, object_union(former, value));
        else
            json_object_set(made, known ? known : name, value);
    }
    return made;
}

static json_t *
object_intersection(const json_t *a, const json_t *b)
{
    g_autoptr(GHashTable) names = names_of(b);
    json_t *made = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)a, name, value)
    {
        g_autofree char *folded = resource_fold(name);
        const char *other = g_hash_table_lookup(names, folded);
        if (other && json_equal(value, json_object_get(b, other)))
            json_object_set(made, name, value);
    }
    return made;
}

/* Of the first two, then of what that gives and the third, … New reference. */
static json_t *
fold(const Arguments *arguments, json_t *(*both)(const json_t *a, const json_t *b))
{
    json_t *made = json_incref(arguments->values[0]);
    for (guint i = 1; i < arguments->n; i++) {
        json_t *next = both(made, arguments->values[i]);
        json_decref(made);
        made = next;
    }
    return made;
}

static json_t *
call_union(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    if (!all_of_one_kind(evaluation, arguments, "union", error))
        return NULL;
    return json_is_array(arguments->values[0]) ? array_union(arguments) : fold(arguments, object_union);
}

static json_t *
call_intersection(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    if (!all_of_one_kind(evaluation, arguments, "intersection", error))
        return NULL;
    return fold(arguments, json_is_array(arguments->values[0]) ? array_intersection : object_intersection);
}

/* clang-format off */
const Function functions_object[] = {
    { "createObject", 0, FUNCTION_MANY, { KIND_ANY }, USE_NOTHING, call_create_object, NULL },
    { "items", 1, 1, { KIND_OBJECT }, USE_NOTHING, call_items, NULL },
    { "objectKeys", 1, 1, { KIND_OBJECT }, USE_NOTHING, call_object_keys, NULL },
    { "union", 1, 16, { KIND_ARRAY | KIND_OBJECT }, USE_NOTHING, call_union, NULL },
    { "intersection", 2, 16, { KIND_ARRAY | KIND_OBJECT }, USE_NOTHING, call_intersection, NULL },
    { 0 },
};
/* clang-format on */
