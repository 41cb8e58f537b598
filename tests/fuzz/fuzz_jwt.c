/* attest/jwt.h: a token that somebody shows. What is read has the parts of the text in it, and an empty key set signs nothing.
 */
#include "attest/jwt.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL, unsigned_error = NULL;
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(json_t) none = json_pack("{s[]}", "keys");
    g_auto(Jwt) jwt = { 0 };
    gboolean read = jwt_parse(text, &jwt, &error);
    g_assert(read == (error == NULL));
    if (!read)
        return 0;
    g_assert(json_is_object(jwt.header) && json_is_object(jwt.claims));
    g_assert(g_str_has_prefix(text, jwt.message) && strlen(text) <= JWT_MAX_BYTES);
    g_assert(!jwt_is_signed(&jwt, none, &unsigned_error) && unsigned_error);
    return 0;
}
