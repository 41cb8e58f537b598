/* attest/authenticode.h: a program out of a hostile image. */
#include "attest/authenticode.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    guint8 first[SHA256_SIZE], second[SHA256_SIZE];
    const gboolean is = authenticode_sha256(data, size, first);
    g_assert(is == authenticode_sha256(data, size, second));
    authenticode_is_signed(data, size);
    return 0;
}
