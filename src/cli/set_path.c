#include "cli/set_path.h"

#include <string.h>

/* Members of the resource itself; everything else lies in its properties. */
static const char *const root_members[] = {
    "id",        "name",       "type",       "etag", "location", "tags", "sku", "plan", "identity", "zones", "extendedLocation",
    "placement", "properties", "systemData",
};

/* Objects that a request replaces as a whole. */
static const char *const whole_members[] = { "tags", "identity", "networkProfile", "patchSettings" };

/* One step of a path: a member's name, or an entry of a list by number or by one of its members. */
typedef struct {
    char *name;        /* NULL: an entry of the list before */
    char *key, *value; /* entry whose member `key` reads `value`; NULL: by number */
    guint index;
} Step;

static void
step_free(Step *step)
{
    g_free(step->name);
    g_free(step->key);
    g_free(step->value);
    g_free(step);
}

static gboolean
is_among(const char *name, const char *const *list, guint n)
{
    for (guint i = 0; i < n; i++) {
        if (g_ascii_strcasecmp(name, list[i]) == 0)
            return TRUE;
    }
    return FALSE;
}

static Step *
entry_step(const char *inside, gsize length)
{
    g_autofree char *text = g_strndup(inside, length);
    char *equals = strchr(text, '=');
    Step *step = g_new0(Step, 1);
    guint64 number;
    if (equals && equals != text) {
        step->key = g_strndup(text, (gsize)(equals - text));
        step->value = g_strdup(equals + 1);
    } else if (g_ascii_string_to_unsigned(text, 10, 0, 9999, &number, NULL)) {
        step->index = (guint)number;
    } else {
        g_clear_pointer(&step, g_free);
    }
    return step;
}

/* Reads up to the '=' that is outside of brackets; *ret_value is what follows it. NULL: not a path.
 */
static GPtrArray *
steps_parse(const char *text, const char **ret_value)
{
    g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    while (*text) {
        gsize length = strcspn(text, ".[=");
        if (length == 0)
            return NULL;
        Step *member = g_new0(Step, 1);
        member->name = g_strndup(text, length);
        g_ptr_array_add(steps, member);
        for (text += length; *text == '['; text++) {
            length = strcspn(++text, "]");
            Step *entry = text[length] == ']' ? entry_step(text, length) : NULL;
            if (!entry)
                return NULL;
            g_ptr_array_add(steps, entry);
            text += length;
        }
        if (*text == '=') {
            *ret_value = text + 1;
            return g_steal_pointer(&steps);
        }
        if (*text++ != '.')
            return NULL;
    }
    return NULL;
}

/* The name as it is spelled already, here or there. */
static const char *
spelled(const json_t *object, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (g_ascii_strcasecmp(key, name) == 0)
            return key;
    }
    return NULL;
}

static const char *
canonical(const json_t *changes, const json_t *model, const char *name)
{
    const char *known = spelled(changes, name);
    if (!known)
        known = spelled(model, name);
    return known ? known : name;
}

/* The member that a path goes on into. */
static json_t *
descend(json_t *changes, const json_t *model, const char *name)
{
    json_t *inner = json_object_get(changes, name);
    const json_t *before = json_object_get(model, name);
    if (json_is_object(inner) || json_is_array(inner))
        return inner;
    gboolean whole = is_among(name, whole_members, G_N_ELEMENTS(whole_members)) || json_is_array(before);
    inner = whole && before ? json_deep_copy(before) : json_object();
    json_object_set_new(changes, name, inner);
    return inner;
}

static gboolean
entry_matches(const json_t *entry, const Step *step)
{
    const json_t *member = json_member(entry, step->key);
    if (!member)
        return FALSE;
    g_autofree char *text = json_is_string(member) ? g_strdup(json_string_value(member)) : json_text(member);
    return strcmp(text, step->value) == 0;
}

static json_t *
entry_find(json_t *list, const Step *step, const char *assignment, GError **error)
{
    if (!json_is_array(list)) {
        arm_fail(error, ARM_INVALID_PARAMETER, "set",
                 "--set '%s': what stands before '[' is no list, or there is none yet; "
                 "set the whole list as JSON: PATH='[…]'.",
                 assignment);
        return NULL;
    }
    for (size_t i = 0; step->key && i < json_array_size(list); i++) {
        if (entry_matches(json_array_get(list, i), step))
            return json_array_get(list, i);
    }
    if (!step->key && step->index < json_array_size(list))
        return json_array_get(list, step->index);
    if (step->key)
        arm_fail(error, ARM_INVALID_PARAMETER, "set", "--set '%s': no entry of the list has %s=%s.", assignment, step->key,
                 step->value);
    else
        arm_fail(error, ARM_INVALID_PARAMETER, "set",
                 "--set '%s': the list has %zu entries, numbered from 0; there is no [%u].", assignment, json_array_size(list),
                 step->index);
    return NULL;
}

/* What reads as JSON is JSON, unless a text stands there now or it is a tag: sku=2022 stays "2022".
 */
static json_t *
value_read(const char *text, const json_t *present, gboolean is_tag)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    gboolean keep = value && (json_is_string(value) || json_is_null(value) || !(json_is_string(present) || is_tag));
    if (keep)
        return value;
    json_decref(value);
    return json_string(text);
}

static gboolean
not_an_object(const char *assignment, const char *name, GError **error)
{
    return arm_fail(error, ARM_INVALID_PARAMETER, "set", "--set '%s': '%s' is asked for below something that has no members.",
                    assignment, name);
}

static gboolean
value_put(json_t *at, const json_t *model, const Step *last, gboolean is_tag, const char *value, const char *assignment,
          GError **error)
{
    if (!last->name)
        return arm_fail(error, ARM_INVALID_PARAMETER, "set",
                        "--set '%s': name a member of the entry (list[0].member=VALUE), or set the whole list "
                        "as JSON.",
                        assignment);
    if (!json_is_object(at))
        return not_an_object(assignment, last->name, error);
    const char *name = canonical(at, model, last->name);
    const json_t *present = json_object_get(at, name);
    json_object_set_new(at, name, value_read(value, present ? present : json_object_get(model, name), is_tag));
    return TRUE;
}

gboolean
set_path_apply(json_t *changes, const json_t *model, const char *assignment, GError **error)
{
    const char *value = NULL;
    g_autoptr(GPtrArray) steps = g_utf8_validate(assignment, -1, NULL) ? steps_parse(assignment, &value) : NULL;
    if (!steps)
        return arm_fail(error, ARM_INVALID_PARAMETER, "set",
                        "--set is PATH=VALUE, such as sku.name=Standard_B1ms or tags.owner=me or "
                        "virtualMachineProfile.storageProfile.dataDisks[0].caching=None, not '%s'.",
                        assignment);
    const char *first = ((const Step *)g_ptr_array_index(steps, 0))->name;
    json_t *at = changes;
    const json_t *before = model;
    if (!is_among(first, root_members, G_N_ELEMENTS(root_members))) {
        before = json_object_get(model, "properties");
        at = descend(changes, model, "properties");
    }
    for (guint i = 0; i + 1 < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);
        if (!step->name) {
            at = entry_find(at, step, assignment, error);
            before = NULL;
            if (!at)
                return FALSE;
            continue;
        }
        if (!json_is_object(at))
            return not_an_object(assignment, step->name, error);
        const char *name = canonical(at, before, step->name);
        at = descend(at, before, name);
        before = json_object_get(before, name);
    }
    return value_put(at, before, g_ptr_array_index(steps, steps->len - 1),
                     g_ascii_strcasecmp(first, "tags") == 0 && steps->len == 2, value, assignment, error);
}

void
body_put(json_t *body, const char *dotted, json_t *value)
{
    g_auto(GStrv) names = g_strsplit(dotted, ".", -1);
    char **name = names;
    for (; name[1]; name++)
        body = descend(body, NULL, *name);
    json_object_set_new(body, *name, value);
}

gboolean
set_path_copies(const json_t *changes)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)changes, name, value)
    {
        if (json_is_array(value) || is_among(name, whole_members, G_N_ELEMENTS(whole_members)) ||
            (json_is_object(value) && set_path_copies(value)))
            return TRUE;
    }
    return FALSE;
}
