/* guest/http.h: a response, fed at once and byte by byte: the same status and the same body, never more of it than there is
 * room for, and what was answered stays answered. */
#include "guest/http.h"

#include "fuzz.h"

#include <string.h>

static Http *
feed(const uint8_t *data, size_t size, size_t piece)
{
    Http *http = g_malloc(sizeof *http);
    bool goes_on = true;
    http_begin(http);
    for (size_t at = 0; at < size && goes_on; at += piece) {
        const bool answered = http_answered(http);
        goes_on = http_feed(http, (const char *)data + at, MIN(piece, size - at));
        g_assert(!answered || http_answered(http));
        g_assert(goes_on == (http->state < HTTP_WHOLE));
    }
    if (goes_on)
        http_end(http);
    g_assert(http->body_length <= WIRE_BODY_MAX && http->line_length < HTTP_LINE_MAX);
    g_assert(!http_answered(http) || (http->status >= 200 && http->status <= 999));
    return http;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree Http *whole = feed(data, size, MAX(size, 1)), *bytewise = feed(data, size, 1);
    g_assert(whole->state == bytewise->state);
    if (!http_answered(whole))
        return 0;
    g_assert(whole->status == bytewise->status && whole->body_length == bytewise->body_length);
    g_assert(memcmp(whole->body, bytewise->body, whole->body_length) == 0);
    return 0;
}
