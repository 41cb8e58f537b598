/* host/image_probe.h: the first and last bytes of an image, as each format. */
#include "host/image_probe.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t head = MIN(size, IMAGE_PROBE_BYTES), tail = MIN(size, 512);
    for (guint format = 0; format < IMAGE_N_FORMATS; format++) {
        g_autoptr(GError) error = NULL;
        gboolean ok = image_probe((ImageFormat)format, data, head, data ? data + size - tail : NULL, tail, &error);
        g_assert(ok == (error == NULL));
    }
    return 0;
}
