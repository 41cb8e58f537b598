#include "base/secret.h"

#include "base/hex.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define SECRET_BYTES 32

char *
secret_new(void)
{
    guint8 bytes[SECRET_BYTES];
    /* So few bytes come at once or not at all (getrandom(2)), and without them there is nothing to go on with. */
    if (getrandom(bytes, sizeof bytes, 0) != (gssize)sizeof bytes)
        g_error("getrandom: %s", g_strerror(errno));
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
