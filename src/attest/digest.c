#include "attest/digest.h"

#include <openssl/evp.h>
#include <string.h>

void
sha256_two(const guint8 *first, gsize first_size, const guint8 *second, gsize second_size, guint8 ret_digest[SHA256_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    gboolean done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                    EVP_DigestUpdate(context, first, first_size) == 1 && EVP_DigestUpdate(context, second, second_size) == 1 &&
                    EVP_DigestFinal_ex(context, ret_digest, NULL) == 1;
    EVP_MD_CTX_free(context);
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
    GString *text = g_string_sized_new(2 * SHA256_SIZE);
    for (guint i = 0; i < SHA256_SIZE; i++)
        g_string_append_printf(text, "%02x", digest[i]);
    return g_string_free(text, FALSE);
}
