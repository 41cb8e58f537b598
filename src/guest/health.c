/* Does an application of this machine answer? */
#include "guest/guest.h"
#include "guest/http.h"
#include "guest/stream.h"
#include "guest/text.h"
#include "guest/tls.h"

#include <string.h>

#define PATH_MAX_BYTES 1024u
#define TIMEOUT_MAX_S  120u
#define TIMEOUT_S      30u

static const char usage[] = "health tcp PORT | http|https PORT PATH [--timeout SECONDS]";

typedef struct {
    const char *protocol, *path;
    unsigned port, timeout_s;
} Question;

/* A path goes into the request as it is. */
static bool
path_check(const char *path)
{
    if (!path || *path != '/' || strlen(path) >= PATH_MAX_BYTES)
        return false;
    while (*path > ' ' && *path < 0x7f)
        path++;
    return *path == '\0';
}

static bool
question_read(char **argv, Question *question)
{
    char **at = argv + 1;
    *question = (Question){ .timeout_s = TIMEOUT_S };
    if (!*at)
        return false;
    question->protocol = *at++;
    const bool tcp = strcmp(question->protocol, "tcp") == 0;
    if (!tcp && strcmp(question->protocol, "http") != 0 && strcmp(question->protocol, "https") != 0)
        return false;
    if (!number_read(*at++, 65535, &question->port))
        return false;
    if (!tcp && !path_check(question->path = *at++))
        return false;
    if (*at && strcmp(*at, "--timeout") == 0) {
        if (!number_read(at[1], TIMEOUT_MAX_S, &question->timeout_s))
            return false;
        at += 2;
    }
    return !*at;
}

static int
failed(const char *why)
{
    say_text("failed ");
    say_text(why);
    say_text("\n");
    return GUEST_FAILED;
}

/* ---- http ---- */

static void
request_write(const Question *question, Text *text)
{
    text_add_all(text, "GET ", question->path, " HTTP/1.1\r\nHost: localhost:", NULL);
    text_add_number(text, question->port, 1);
    text_add(text, "\r\nUser-Agent: testudo-guest\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

static bool
send_all(Stream *stream, Tls *tls, const char *bytes, size_t length)
{
    if (tls)
        return tls_write_all(tls, bytes, length);
    while (length > 0) {
        const long n = stream_write(stream, bytes, length);
        if (n < 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

static void
response_read(Stream *stream, Tls *tls, Http *http)
{
    char block[4096];
    long n;
    do
        n = tls ? tls_read(tls, block, sizeof block) : stream_read(stream, block, sizeof block);
    while (n > 0 && http_feed(http, block, (size_t)n));
    if (n == 0)
        http_end(http);
}

static int
answered(const Http *http)
{
    char buffer[32];
    Text line = TEXT_IN(buffer);
    text_add(&line, "http ");
    text_add_number(&line, http->status, 3);
    text_add(&line, http->state == HTTP_WHOLE ? " whole\n" : " cut\n");
    return say_text(buffer) && say(http->body, http->body_length) ? GUEST_OK : GUEST_FAILED;
}

static int
http_ask(Stream *stream, const Question *question)
{
    static Http http;
    char buffer[PATH_MAX_BYTES + 256];
    Text request = TEXT_IN(buffer);
    Tls *tls = NULL;
    if (strcmp(question->protocol, "https") == 0 && !(tls = tls_begin(stream)))
        return failed(stream->why);
    http_begin(&http);
    /* A server may answer, and hang up, before it has heard all: what it said is read in any case. */
    request_write(question, &request);
    send_all(stream, tls, buffer, request.length);
    response_read(stream, tls, &http);
    if (http_answered(&http))
        return answered(&http);
    return failed(http.state == HTTP_WRONG ? WIRE_NOT_HTTP : stream->why ? stream->why : WIRE_CLOSED);
}

int
health_main(char **argv)
{
    Question question;
    Stream stream;
    int code = GUEST_OK;
    if (!question_read(argv, &question))
        return say_usage(usage);
    if (!stream_open(&stream, question.port, question.timeout_s))
        return failed(stream.why);
    if (strcmp(question.protocol, "tcp") == 0)
        say_text("tcp open\n");
    else
        code = http_ask(&stream, &question);
    stream_close(&stream);
    return code;
}
