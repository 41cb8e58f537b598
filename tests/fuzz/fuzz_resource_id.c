/* base/resource_id.h: an id that parses has all its parts, and each part is a piece of the text; a machine's name has one
 * reading. */
#include "base/resource_id.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(ResourceId) id = resource_id_parse(text, &error);
    g_assert((id == NULL) == (error != NULL));
    resource_name_check_group(text, "name", NULL);
    resource_name_check_scale_set(text, "name", NULL);
    g_autofree char *set = NULL;
    guint instance;
    if (resource_machine_parse(text, &set, &instance)) {
        g_autofree char *again = resource_machine_name(set, instance);
        g_assert(strcmp(again, text) == 0);
    }
    if (!id)
        return 0;
    g_assert(id->subscription && strstr(text, id->subscription));
    g_assert(!id->provider == !id->type && !id->type == !id->name);
    g_assert(!id->provider || id->group);
    g_assert(!id->child_name || strchr(id->type, '/'));
    return 0;
}
