/* host/qemu/screen.h: QEMU's screendump (PPM P6) to PNG. Pure; the PPM comes from QEMU, parsed with limits (8192 x 8192). */
#pragma once

#include <glib.h>

GBytes *screen_png_from_ppm(const char *ppm, gsize length, GError **error);
