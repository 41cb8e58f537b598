#include "guest/http.h"

#include <string.h>
#include <strings.h>

void
http_begin(Http *http)
{
    memset(http, 0, offsetof(Http, line));
}

bool
http_answered(const Http *http)
{
    return http->state >= HTTP_BODY && http->state <= HTTP_CUT;
}

static bool
goes_on(const Http *http)
{
    return http->state < HTTP_WHOLE;
}

static bool
digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- lines ---- */

/* "HTTP/1.1 200 OK"; the reason may be missing, and the space before it. */
static HttpState
status_line_take(Http *http)
{
    const char *line = http->line;
    if (strncmp(line, "HTTP/1.", 7) != 0 || !digit(line[7]) || line[8] != ' ' || !digit(line[9]) || line[9] == '0' ||
        !digit(line[10]) || !digit(line[11]) || (line[12] != ' ' && line[12] != '\0'))
        return HTTP_WRONG;
    http->status = (unsigned)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
    http->chunked = http->has_length = false;
    return HTTP_HEADER;
}

static HttpState
length_take(Http *http, const char *value)
{
    unsigned long long length = 0;
    size_t digits = 0;
    for (; digit(value[digits]); digits++) {
        if (digits == 18)
            return HTTP_WRONG;
        length = length * 10 + (unsigned)(value[digits] - '0');
    }
    /* Two that differ are somebody's trick. */
    if (digits == 0 || value[digits] != '\0' || (http->has_length && http->left != length))
        return HTTP_WRONG;
    http->has_length = true;
    http->left = length;
    return HTTP_HEADER;
}

static HttpState
body_begin(Http *http)
{
    if (http->status < 200)
        return HTTP_STATUS_LINE;
    if (http->status == 204 || http->status == 304)
        return HTTP_WHOLE;
    if (http->chunked)
        return HTTP_CHUNK_SIZE;
    if (!http->has_length)
        return HTTP_BODY_ENDS;
    return http->left > 0 ? HTTP_BODY : HTTP_WHOLE;
}

static HttpState
header_take(Http *http)
{
    char *colon = strchr(http->line, ':');
    if (http->line[0] == '\0')
        return body_begin(http);
    if (!colon || colon == http->line)
        return HTTP_WRONG;
    *colon = '\0';
    char *value = colon + 1;
    while (*value == ' ' || *value == '\t')
        value++;
    for (char *end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
        *--end = '\0';
    if (strcasecmp(http->line, "Content-Length") == 0)
        return length_take(http, value);
    if (strcasecmp(http->line, "Transfer-Encoding") != 0)
        return HTTP_HEADER;
    http->chunked = strcasecmp(value, "chunked") == 0;
    return http->chunked ? HTTP_HEADER : HTTP_WRONG;
}

/* "1f" or "1f;extension" */
static HttpState
chunk_size_take(Http *http)
{
    const char *at = http->line;
    http->left = 0;
    for (; *at && strchr("0123456789abcdefABCDEF", *at); at++) {
        if (http->left >> 56)
            return HTTP_WRONG;
        http->left = http->left * 16 + (unsigned)(digit(*at) ? *at - '0' : (*at | 0x20) - 'a' + 10);
    }
    if (at == http->line || (*at != '\0' && *at != ';' && *at != ' ' && *at != '\t'))
        return HTTP_WRONG;
    /* Trailers follow the last one; nobody asked for them. */
    return http->left > 0 ? HTTP_CHUNK : HTTP_WHOLE;
}

static HttpState
line_take(Http *http)
{
    switch (http->state) {
    case HTTP_STATUS_LINE:
        return status_line_take(http);
    case HTTP_HEADER:
        return header_take(http);
    case HTTP_CHUNK_SIZE:
        return chunk_size_take(http);
    case HTTP_CHUNK_END:
        return http->line[0] == '\0' ? HTTP_CHUNK_SIZE : HTTP_WRONG;
    default:
        return HTTP_WRONG;
    }
}

static size_t
line_feed(Http *http, const char *bytes, size_t length)
{
    const char *end = memchr(bytes, '\n', length);
    const size_t n = end ? (size_t)(end - bytes) : length;
    http->heads += n + (end ? 1 : 0);
    if (http->line_length + n >= HTTP_LINE_MAX || http->heads > HTTP_HEADS_MAX || memchr(bytes, '\0', n)) {
        http->state = HTTP_WRONG;
        return length;
    }
    memcpy(http->line + http->line_length, bytes, n);
    http->line_length += n;
    if (!end)
        return n;
    if (http->line_length > 0 && http->line[http->line_length - 1] == '\r')
        http->line_length--;
    http->line[http->line_length] = '\0';
    http->line_length = 0;
    http->state = line_take(http);
    return n + 1;
}

/* ---- body ---- */

static size_t
body_feed(Http *http, const char *bytes, size_t length)
{
    const bool counted = http->state != HTTP_BODY_ENDS;
    const size_t n = counted && http->left < length ? (size_t)http->left : length;
    const size_t room = WIRE_BODY_MAX - http->body_length, taken = n < room ? n : room;
    memcpy(http->body + http->body_length, bytes, taken);
    http->body_length += taken;
    if (n > room)
        http->state = HTTP_CUT;
    else if (counted && (http->left -= n) == 0)
        http->state = http->state == HTTP_CHUNK ? HTTP_CHUNK_END : HTTP_WHOLE;
    return n;
}

bool
http_feed(Http *http, const char *bytes, size_t length)
{
    while (length > 0 && goes_on(http)) {
        const bool answered = http_answered(http);
        const bool body = http->state == HTTP_BODY || http->state == HTTP_BODY_ENDS || http->state == HTTP_CHUNK;
        const size_t n = body ? body_feed(http, bytes, length) : line_feed(http, bytes, length);
        bytes += n;
        length -= n;
        /* A body that goes wrong does not undo the status. */
        if (answered && http->state == HTTP_WRONG)
            http->state = HTTP_CUT;
    }
    return goes_on(http);
}

void
http_end(Http *http)
{
    if (http->state == HTTP_BODY_ENDS)
        http->state = HTTP_WHOLE;
    else if (http_answered(http) && goes_on(http))
        http->state = HTTP_CUT;
}
