/* guest/refused.h: a kernel's log, line by line. What is kept are whole lines, printable, and no more than there is room for.
 */
#include "guest/refused.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Refused refused = { .length = 0 };
    const char *at = (const char *)data, *end;
    size_t left = size;
    while (left > 0 && (end = memchr(at, '\n', left))) {
        refused_take(&refused, at, (size_t)(end - at));
        left -= (size_t)(end - at) + 1;
        at = end + 1;
    }
    refused_take(&refused, at, left);
    g_assert(refused.length <= REFUSED_MAX);
    g_assert(refused.length == 0 || refused.text[refused.length - 1] == '\n');
    for (size_t i = 0; i < refused.length; i++)
        g_assert(refused.text[i] == '\n' || (refused.text[i] >= ' ' && refused.text[i] <= '~'));
    return 0;
}
