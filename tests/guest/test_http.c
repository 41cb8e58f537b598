/* Responses of servers that keep to RFC 9112, and of others; each is fed at once and byte by byte. */
#include "guest/http.h"

#include <glib.h>
#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"

/* clang-format off */
static const struct {
    const char *why, *response;
    gboolean ends; /* the connection does, behind it */
    const char *says; /* "200 whole body", "wrong", or "more" */
} cases[] = {
    { "a length", OK "Content-Length: 2\r\n\r\nhi", FALSE, "200 whole hi" },
    { "and more than it says", OK "Content-Length: 2\r\n\r\nhihi", FALSE, "200 whole hi" },
    { "a length of nothing", OK "Content-Length: 0\r\n\r\n", FALSE, "200 whole " },
    { "names have no case, values have room", OK "cONTENT-lENGTH: \t 2 \t\r\n\r\nhi", FALSE, "200 whole hi" },
    { "lines that end in LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", FALSE, "200 whole hi" },
    { "until the end", "HTTP/1.0 200 OK\r\n\r\nhi", TRUE, "200 whole hi" },
    { "no end yet", "HTTP/1.0 200 OK\r\n\r\nhi", FALSE, "more" },
    { "less than it says", OK "Content-Length: 3\r\n\r\nhi", TRUE, "200 cut hi" },
    { "no reason", "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", FALSE, "503 whole " },
    { "a status without a body", "HTTP/1.1 204 No Content\r\n\r\n", FALSE, "204 whole " },
    { "not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", FALSE, "304 whole " },
    { "wait for it", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi", FALSE, "200 whole hi" },
    { "chunks", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0001;x=y\r\ni\r\n0\r\n\r\n", FALSE, "200 whole hi" },
    { "chunks, and a length that means nothing", OK "Content-Length: 9\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", FALSE,
      "200 whole hi" },
    { "a chunk of hexadecimal digits", OK "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", FALSE, "200 whole 0123456789" },
    { "chunks without an end", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n", TRUE, "200 cut h" },
    { "a chunk that is longer than it says", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n", FALSE, "200 cut h" },
    { "a chunk's size that is none", OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", FALSE, "200 cut " },
    { "a chunk's size beyond all", OK "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", FALSE, "200 cut " },
    { "the same length twice", OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", FALSE, "200 whole hi" },

    { "another length twice", OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi", FALSE, "wrong" },
    { "a length below nothing", OK "Content-Length: -1\r\n\r\n", FALSE, "wrong" },
    { "a length beyond all", OK "Content-Length: 9999999999999999999\r\n\r\n", FALSE, "wrong" },
    { "no length at all", OK "Content-Length:\r\n\r\n", FALSE, "wrong" },
    { "two lengths in one", OK "Content-Length: 2, 2\r\n\r\nhi", FALSE, "wrong" },
    { "a coding that nobody asked for", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", FALSE, "wrong" },
    { "a header without a colon", OK "Content-Length 2\r\n\r\nhi", FALSE, "wrong" },
    { "a header without a name", OK ": 2\r\n\r\nhi", FALSE, "wrong" },
    { "HTTP/2", "HTTP/2 200\r\n\r\n", FALSE, "wrong" },
    { "HTTP/0.9", "<html>\r\n", FALSE, "wrong" },
    { "SSH", "SSH-2.0-OpenSSH_9.2p1\r\n", FALSE, "wrong" },
    { "a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", FALSE, "wrong" },
    { "a status of four", "HTTP/1.1 2000 OK\r\n\r\n", FALSE, "wrong" },
    { "a status below all", "HTTP/1.1 099 OK\r\n\r\n", FALSE, "wrong" },
    { "no status", "HTTP/1.1\r\n\r\n", FALSE, "wrong" },
    { "nothing", "", TRUE, "more" },
    { "no end of the headers", OK "Content-Length: 2\r\n", TRUE, "more" },
};
/* clang-format on */

static char *
says(const Http *http)
{
    if (http->state == HTTP_WRONG)
        return g_strdup("wrong");
    if (http->state < HTTP_WHOLE)
        return g_strdup("more");
    return g_strdup_printf("%u %s %.*s", http->status, http->state == HTTP_WHOLE ? "whole" : "cut", (int)http->body_length,
                           http->body);
}

static char *
ask(const char *response, gsize length, gsize piece, gboolean ends)
{
    g_autofree Http *http = g_malloc(sizeof *http);
    memset(http, 0xaa, sizeof *http);
    http_begin(http);
    gboolean goes_on = TRUE;
    for (gsize at = 0; at < length && goes_on; at += piece) {
        /* Exactly these bytes, so that the sanitizers see one too far. */
        g_autofree char *copy = g_memdup2(response + at, MIN(piece, length - at));
        goes_on = http_feed(http, copy, MIN(piece, length - at));
    }
    if (goes_on && ends)
        http_end(http);
    return says(http);
}

static void
test_responses(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        static const gsize pieces[] = { 65536, 1, 7 };
        g_test_message("%s", cases[i].why);
        for (guint n = 0; n < G_N_ELEMENTS(pieces); n++) {
            g_autofree char *said = ask(cases[i].response, strlen(cases[i].response), pieces[n], cases[i].ends);
            g_assert_cmpstr(said, ==, cases[i].says);
        }
    }
}

static void
test_a_body_of_4096_bytes_and_one_more(void)
{
    static const char *const heads[] = { OK "\r\n", OK "Content-Length: %u\r\n\r\n",
                                         OK "Transfer-Encoding: chunked\r\n\r\n%x\r\n" };
    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        for (guint length = WIRE_BODY_MAX; length <= WIRE_BODY_MAX + 1; length++) {
            g_autofree char *body = g_strnfill(length, 'x'), *kept = g_strndup(body, WIRE_BODY_MAX);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            g_autofree char *head = g_strdup_printf(heads[i], length);
#pragma GCC diagnostic pop
            g_autofree char *response = g_strconcat(head, body, "\r\n0\r\n\r\n", NULL);
            g_autofree char *said = ask(response, strlen(head) + length + (i == 2 ? 7 : 0), 1000, TRUE);
            g_autofree char *expected = g_strconcat(length > WIRE_BODY_MAX ? "200 cut " : "200 whole ", kept, NULL);
            g_assert_cmpstr(said, ==, expected);
        }
    }
}

static void
test_headers_without_end_are_given_up(void)
{
    g_autoptr(GString) many = g_string_new(OK), one = g_string_new(OK);
    while (many->len < HTTP_HEADS_MAX)
        g_string_append(many, "X-More: and more\r\n");
    for (guint i = 0; i < HTTP_LINE_MAX; i++)
        g_string_append_c(one, 'x');
    g_autofree char *said_many = ask(many->str, many->len, 4096, FALSE), *said_one = ask(one->str, one->len, 4096, FALSE);
    g_assert_cmpstr(said_many, ==, "wrong");
    g_assert_cmpstr(said_one, ==, "wrong");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest-http/responses", test_responses);
    g_test_add_func("/guest-http/a-body-of-4096-bytes-and-one-more", test_a_body_of_4096_bytes_and_one_more);
    g_test_add_func("/guest-http/headers-without-end-are-given-up", test_headers_without_end_are_given_up);
    return g_test_run();
}
