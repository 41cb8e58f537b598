/* base/jsonc.h: what is JSON already stays the same value, and what came of a text is not changed any further. */
#include "base/json.h"
#include "base/jsonc.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gsize length, length_again;
    g_autofree char *text = jsonc_to_json((const char *)data, size, &length);
    g_autofree char *again = jsonc_to_json(text, length, &length_again);
    g_autoptr(json_t) strict = json_parse((const char *)data, size, NULL);
    g_autoptr(json_t) relaxed = json_parse(text, length, NULL);
    g_assert(!strict || json_equal(strict, relaxed));
    g_assert(!relaxed || (length == length_again && memcmp(text, again, length) == 0));
    return 0;
}
