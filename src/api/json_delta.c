#include "api/json_delta.h"

#include "base/json.h"

static void
difference_add(json_t *list, const char *path, json_t *before, json_t *after)
{
    json_t *difference = json_object();
    json_set_text(difference, "path", path);
    json_set_text(difference, "propertyChangeType", !before ? "Create" : !after ? "Delete" : "Modify");
    if (before)
        json_object_set(difference, "before", before);
    if (after)
        json_object_set(difference, "after", after);
    json_array_append_new(list, difference);
}

static void
members_compare(json_t *list, const char *parent, const json_t *before, const json_t *after)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)before, name, value)
    {
        g_autofree char *path = *parent ? g_strdup_printf("%s.%s", parent, name) : g_strdup(name);
        json_t *other = json_object_get(after, name);
        if (json_is_object(value) && json_is_object(other))
            members_compare(list, path, value, other);
        else if (!other || !json_equal(value, other))
            difference_add(list, path, value, other);
    }
    json_object_foreach((json_t *)after, name, value)
    {
        g_autofree char *path = *parent ? g_strdup_printf("%s.%s", parent, name) : g_strdup(name);
        if (!json_object_get(before, name))
            difference_add(list, path, NULL, value);
    }
}

json_t *
json_delta(const json_t *before, const json_t *after)
{
    json_t *list = json_array();
    members_compare(list, "", before, after);
    return list;
}
