#include "attest/digest.h"

#include "base/hex.h"

#include <openssl/sha.h>
#include <string.h>

void
sha256_two(const guint8 *first, gsize first_size, const guint8 *second, gsize second_size, guint8 ret_digest[SHA256_SIZE])
{
    SHA256_CTX context;
    /* A boot has a hundred digests of a few bytes. EVP looks its method up and allocates for each of them: with it, they take
     * more time than the signature's check. */
    G_GNUC_BEGIN_IGNORE_DEPRECATIONS
    gboolean done = SHA256_Init(&context) == 1 && SHA256_Update(&context, first, first_size) == 1 &&
                    SHA256_Update(&context, second, second_size) == 1 && SHA256_Final(ret_digest, &context) == 1;
    G_GNUC_END_IGNORE_DEPRECATIONS
    g_assert(done);
}

void
sha256(const void *bytes, gsize size, guint8 ret_digest[SHA256_SIZE])
{
    sha256_two(bytes, size, (const guint8 *)"", 0, ret_digest);
}

gboolean
sha256_is(const void *bytes, gsize size, const guint8 digest[SHA256_SIZE])
{
    guint8 found[SHA256_SIZE];
    sha256(bytes, size, found);
    return memcmp(found, digest, SHA256_SIZE) == 0;
}

char *
sha256_hex(const guint8 digest[SHA256_SIZE])
{
    return hex_text(digest, SHA256_SIZE);
}
