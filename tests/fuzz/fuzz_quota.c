/* model/sizes.h: a quota that is accepted limits every family that it names. */
#include "model/sizes.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Quota) quota = quota_parse((const char *)data, size, &error);
    g_assert((quota == NULL) == (error != NULL));
    for (guint i = 0; quota && i < quota->families->len; i++) {
        const QuotaFamily *family = g_ptr_array_index(quota->families, i);
        g_assert(family->localized_name && quota_family_limit(quota, family->family) <= G_MAXINT32);
    }
    return 0;
}
