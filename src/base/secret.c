#include "base/secret.h"

#include "base/hex.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define SECRET_BYTES 32

void
secret_fill(guint8 *bytes, gsize size)
{
    /* So few bytes come at once or not at all (getrandom(2)), and without them there is nothing to go on with. */
    if (getrandom(bytes, size, 0) != (gssize)size)
        g_error("getrandom: %s", g_strerror(errno));
}

char *
secret_new(void)
{
    guint8 bytes[SECRET_BYTES];
    secret_fill(bytes, sizeof bytes);
    return hex_text(bytes, sizeof bytes);
}

gboolean
secret_same(const char *a, const char *b)
{
    gsize length = strlen(a);
    guint8 difference = 0;
    if (strlen(b) != length)
        return FALSE;
    for (gsize i = 0; i < length; i++)
        difference |= (guint8)(a[i] ^ b[i]);
    return difference == 0;
}
