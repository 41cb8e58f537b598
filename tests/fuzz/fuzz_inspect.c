/* guest/inspect.h: files of a guest that are damaged, or made to look like what they are not. Whatever is read stays within its
 * bytes; a token of systemd's is found wherever it stands. */
#include "guest/inspect.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const unsigned bound = luks_bindings(text, size);
    g_assert((bound & ~(unsigned)(BOUND_TPM2_SYSTEMD | BOUND_TPM2_CLEVIS | BOUND_CLEVIS_UNSEEN)) == 0);
    g_assert(!(bound & BOUND_TPM2_SYSTEMD) == !memmem(text, size, "\"systemd-tpm2\"", 14));
    const bool *is_signed = pe_is_signed(data, size);
    g_assert(!is_signed || (size > 64 && memcmp(data, "MZ", 2) == 0));
    g_assert(!module_is_signed(data, size) || size >= strlen(MODULE_TRAILER));
    g_assert(credential_key(text, size) == CREDENTIAL_UNKNOWN || size >= 20);
    module_is_file("nf_nat", text, size);
    return 0;
}
