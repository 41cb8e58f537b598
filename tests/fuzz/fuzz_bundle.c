/* attest/bundle.h: what a guest prints as evidence. No part is longer than the whole, or empty; the log has its limit; and
 * nothing that was read goes on behind its end. */
#include "attest/bundle.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_auto(Bundle) bundle = { 0 };
    gboolean read = bundle_parse(bytes, &bundle, &error);
    g_assert(read == (error == NULL));
    if (!read)
        return 0;
    GBytes *const parts[] = { bundle.evidence.attest, bundle.evidence.signature, bundle.evidence.ak,
                              bundle.evidence.ek,     bundle.evidence.log,       bundle.certificate };
    gsize sum = 0;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_assert(!parts[i] || g_bytes_get_size(parts[i]) > 0);
        sum += parts[i] ? g_bytes_get_size(parts[i]) : 0;
    }
    g_assert(sum < size && size >= 15);
    g_assert(!bundle.evidence.log || g_bytes_get_size(bundle.evidence.log) <= EVENT_LOG_MAX_BYTES);
    g_assert(data[size - 1] == '\n' && data[size - 2] == 'd');
    return 0;
}
