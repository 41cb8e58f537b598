#include "base/resource_id.h"

#include "base/error.h"

#include <string.h>

#define ID_MAX   4096
#define PROVIDER "providers/Microsoft.Compute/virtualMachineScaleSets"

char *
resource_id_subscription(const char *subscription)
{
    return g_strdup_printf("/subscriptions/%s", subscription);
}

char *
resource_id_group(const char *subscription, const char *group)
{
    return g_strdup_printf("/subscriptions/%s/resourceGroups/%s", subscription, group);
}

char *
resource_id_scale_set(const char *subscription, const char *group, const char *set)
{
    return g_strdup_printf("/subscriptions/%s/resourceGroups/%s/" PROVIDER "/%s", subscription, group, set);
}

char *
resource_id_instance(const char *subscription, const char *group, const char *set, guint instance)
{
    return g_strdup_printf("/subscriptions/%s/resourceGroups/%s/" PROVIDER "/%s/virtualMachines/%u", subscription, group, set,
                           instance);
}

char *
resource_id_machine(const char *subscription, const char *group, const char *set, guint instance)
{
    return g_strdup_printf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/virtualMachines/%s_%u",
                           subscription, group, set, instance);
}

char *
resource_machine_name(const char *set, guint instance)
{
    return g_strdup_printf("%s_%u", set, instance);
}

gboolean
resource_machine_parse(const char *name, char **ret_set, guint *ret_instance)
{
    const char *mark = strrchr(name, '_');
    guint64 number;
    if (!mark || mark == name || !g_ascii_string_to_unsigned(mark + 1, 10, 0, G_MAXUINT32, &number, NULL) ||
        (mark[1] == '0' && mark[2] != '\0'))
        return FALSE;
    *ret_set = g_strndup(name, (gsize)(mark - name));
    *ret_instance = (guint)number;
    return TRUE;
}

char *
resource_id_disk(const char *subscription, const char *group, const char *disk)
{
    return g_strdup_printf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/disks/%s", subscription, group,
                           disk);
}

char *
resource_fold(const char *text)
{
    return g_ascii_strdown(text, -1);
}

gboolean
resource_same(const char *a, const char *b)
{
    return g_ascii_strcasecmp(a, b) == 0;
}

static gboolean
all_of(const char *name, const char *also)
{
    for (const char *p = name; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr(also, *p))
            return FALSE;
    }
    return TRUE;
}

gboolean
resource_name_check_group(const char *name, const char *target, GError **error)
{
    gsize length = strlen(name);
    if (length >= 1 && length <= 90 && all_of(name, "_-.()") && name[length - 1] != '.')
        return TRUE;
    return arm_fail(error, ARM_INVALID_PARAMETER, target,
                    "The resource group name '%.100s' is not accepted: 1 to 90 letters, digits, '_', '-', '.', '(' and ')', "
                    "not ending in '.'.",
                    name);
}

gboolean
resource_name_check_scale_set(const char *name, const char *target, GError **error)
{
    gsize length = strlen(name);
    if (length >= 1 && length <= 64 && all_of(name, "_-.") && g_ascii_isalnum(name[0]) &&
        (g_ascii_isalnum(name[length - 1]) || name[length - 1] == '_'))
        return TRUE;
    return arm_fail(error, ARM_INVALID_PARAMETER, target,
                    "The scale set name '%.100s' is not accepted: 1 to 64 letters, digits, '_', '-' and '.', beginning with a "
                    "letter or digit and ending in a letter, a digit or '_'.",
                    name);
}

void
resource_id_free(ResourceId *id)
{
    if (!id)
        return;
    g_free(id->subscription);
    g_free(id->group);
    g_free(id->provider);
    g_free(id->type);
    g_free(id->name);
    g_free(id->child_name);
    g_free(id);
}

static ResourceId *
not_an_id(const char *text, GError **error)
{
    arm_fail(
        error, ARM_INVALID_PARAMETER, "id",
        "'%.200s' is not a resource id: /subscriptions/S[/resourceGroups/G[/providers/NAMESPACE/TYPE/NAME[/TYPE/NAME]]] is.",
        text);
    return NULL;
}

ResourceId *
resource_id_parse(const char *text, GError **error)
{
    if (strlen(text) > ID_MAX || text[0] != '/')
        return not_an_id(text, error);
    g_auto(GStrv) parts = g_strsplit(text + 1, "/", 12);
    guint n = g_strv_length(parts);
    for (guint i = 0; i < n; i++) {
        if (parts[i][0] == '\0')
            return not_an_id(text, error);
    }
    /* Every length that an id can have, and nothing between. */
    if ((n != 2 && n != 4 && n != 8 && n != 10) || !resource_same(parts[0], "subscriptions") ||
        (n >= 4 && !resource_same(parts[2], "resourceGroups")) || (n >= 8 && !resource_same(parts[4], "providers")))
        return not_an_id(text, error);

    g_autoptr(ResourceId) id = g_new0(ResourceId, 1);
    id->subscription = g_strdup(parts[1]);
    if (n >= 4)
        id->group = g_strdup(parts[3]);
    if (n >= 8) {
        id->provider = g_strdup(parts[5]);
        id->type = n == 10 ? g_strconcat(parts[6], "/", parts[8], NULL) : g_strdup(parts[6]);
        id->name = g_strdup(parts[7]);
    }
    if (n == 10)
        id->child_name = g_strdup(parts[9]);
    return g_steal_pointer(&id);
}
