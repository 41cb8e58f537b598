/* base/json.h: what parses can be written, and read again as the same value. */
#include "base/json.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) value = json_parse((const char *)data, size, &error);
    g_assert((value == NULL) == (error != NULL));
    if (!value)
        return 0;
    json_member(value, "properties");
    json_path(value, "properties.virtualMachineProfile.storageProfile");
    g_autofree char *text = json_text(value);
    g_autoptr(json_t) again = json_parse(text, strlen(text), NULL);
    g_assert(json_equal(value, again));
    return 0;
}
