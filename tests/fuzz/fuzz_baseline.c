/* attest/baseline.h: a file that somebody says is an exported baseline. */
#include "attest/baseline.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(Baseline) baseline = baseline_parse(bytes, &error);
    g_assert((baseline == NULL) == (error != NULL));
    g_assert(!baseline || (baseline->log && g_utf8_validate(baseline->name, -1, NULL)));
    return 0;
}
