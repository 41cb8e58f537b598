/* guest/http.h: reads an HTTP/1 response (RFC 9112) as it comes, for its status and the beginning of its body. Pure.
 * What comes is some application's word: every length is checked, and nothing of it is kept but what is in the struct. */
#pragma once

#include "base/guest_wire.h"

#include <stdbool.h>
#include <stddef.h>

/* Of status line and headers, and of a chunk's line. */
#define HTTP_LINE_MAX  2048u
#define HTTP_HEADS_MAX 65536u

typedef enum {
    HTTP_STATUS_LINE,
    HTTP_HEADER,
    HTTP_BODY,       /* `left` bytes more */
    HTTP_BODY_ENDS,  /* where the connection does */
    HTTP_CHUNK_SIZE, /* of transfer coding "chunked" */
    HTTP_CHUNK,
    HTTP_CHUNK_END,
    HTTP_WHOLE, /* the end: all of it is here */
    HTTP_CUT,   /* the end: there is more body than WIRE_BODY_MAX */
    HTTP_WRONG  /* the end: no HTTP/1 */
} HttpState;

typedef struct {
    HttpState state;
    unsigned status; /* 100–999; what comes before the final one (1xx) is passed over */
    bool chunked, has_length;
    unsigned long long left; /* of body or chunk */
    size_t heads;            /* bytes of lines so far */
    size_t line_length, body_length;
    char line[HTTP_LINE_MAX];
    char body[WIRE_BODY_MAX];
} Http;

void http_begin(Http *http);
/* true: it goes on, feed more. */
bool http_feed(Http *http, const char *bytes, size_t length);
/* The connection ended. */
void http_end(Http *http);
/* Were the status and all headers there? Then status and body are good, whatever came later. */
bool http_answered(const Http *http);
