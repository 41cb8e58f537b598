/* host/launch_spec.h: a spec that is accepted is written back as one that reads the same. */
#include "host/launch_spec.h"

#include "base/json.h"
#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LaunchSpec) spec = launch_spec_parse((const char *)data, size, &error);
    g_assert((spec == NULL) == (error != NULL));
    if (!spec)
        return 0;
    g_autoptr(LaunchSpec) copy = launch_spec_copy(spec);
    g_autoptr(json_t) written = launch_spec_json(copy);
    g_autofree char *text = json_text(written);
    g_autoptr(LaunchSpec) again = launch_spec_parse(text, strlen(text), NULL);
    g_assert(again);
    g_autoptr(json_t) rewritten = launch_spec_json(again);
    g_assert(json_equal(written, rewritten));
    return 0;
}
