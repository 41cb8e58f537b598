#include "host/qemu/screen.h"

#include "base/error.h"

#include <png.h>
#include <string.h>

#define SIDE_MAX 8192u

static gboolean
ppm_fail(GError **error)
{
    return arm_fail(error, ARM_INTERNAL, NULL, "The screen dump is no PPM (P6, 8 bits, at most %u x %u).", SIDE_MAX, SIDE_MAX);
}

/* One number of the header, and the one white space after it. */
static gboolean
number_read(const char **at, const char *end, guint max, guint *ret)
{
    guint value = 0;
    const char *p = *at;
    while (p < end && g_ascii_isspace(*p))
        p++;
    const char *first = p;
    for (; p < end && g_ascii_isdigit(*p) && p - first < 6; p++)
        value = value * 10 + (guint)(*p - '0');
    if (p == first || p == end || !g_ascii_isspace(*p) || value == 0 || value > max)
        return FALSE;
    *ret = value;
    *at = p;
    return TRUE;
}

GBytes *
screen_png_from_ppm(const char *ppm, gsize length, GError **error)
{
    const char *at = ppm + 2, *end = ppm + length;
    guint width, height, depth;
    png_image image = { .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB };
    png_alloc_size_t size = 0;

    if (length < 2 || memcmp(ppm, "P6", 2) != 0 || !number_read(&at, end, SIDE_MAX, &width) ||
        !number_read(&at, end, SIDE_MAX, &height) || !number_read(&at, end, 255, &depth) || depth != 255) {
        ppm_fail(error);
        return NULL;
    }
    at++;
    if ((gsize)(end - at) < (gsize)width * height * 3) {
        ppm_fail(error);
        return NULL;
    }
    image.width = width;
    image.height = height;
    if (!png_image_write_to_memory(&image, NULL, &size, 0, at, 0, NULL)) {
        arm_fail(error, ARM_INTERNAL, NULL, "The screen dump could not be encoded: %s.", image.message);
        return NULL;
    }
    g_autofree guint8 *png = g_malloc(size);
    if (!png_image_write_to_memory(&image, png, &size, 0, at, 0, NULL)) {
        arm_fail(error, ARM_INTERNAL, NULL, "The screen dump could not be encoded: %s.", image.message);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&png), size);
}
