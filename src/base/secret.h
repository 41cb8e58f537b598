/* base/secret.h: texts that nobody may guess. */
#pragma once

#include <glib.h>

/* From the kernel; up to 256 bytes. */
void secret_fill(guint8 *bytes, gsize size);

/* 256 bits from the kernel as 64 lower-case hexadecimal digits; newly allocated. (GLib's UUIDs come from a generator that is
 * not made for secrets.) */
char *secret_new(void);

/* Takes as long whatever differs first; only the lengths may be told from the time. */
gboolean secret_same(const char *a, const char *b);
