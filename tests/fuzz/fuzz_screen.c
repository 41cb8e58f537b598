/* host/qemu/screen.h: a screen dump from QEMU; what becomes a PNG begins as one. */
#include "host/qemu/screen.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) png = screen_png_from_ppm((const char *)data, size, &error);
    g_assert((png == NULL) == (error != NULL));
    if (png)
        g_assert(g_bytes_get_size(png) > 8 && memcmp(g_bytes_get_data(png, NULL), "\x89PNG", 4) == 0);
    return 0;
}
