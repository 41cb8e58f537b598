#include "api/exchange.h"

#include "api/call.h"
#include "api/caller.h"
#include "api/form.h"
#include "api/login.h"
#include "api/portal.h"

#include <string.h>

#define SEND_WITHIN    G_USEC_PER_SEC
#define CODE_BYTES_MAX 1024u
#define STREAM_BLOCK   (16u << 10)

typedef struct Exchange Exchange;

/* What an asker and its answer share, because either may go away first. */
typedef struct {
    gint references; /* atomic */
    GMutex lock;
    Exchange *exchange; /* NULL: nobody waits any more */
} Ticket;

struct Exchange {
    char *target;
    GByteArray *body;
    gboolean begun, too_large;
    guint body_max;        /* bytes that are taken of who sends it; 0: none */
    Ticket *ticket;        /* NULL until it was asked */
    ApiResponse *response; /* under the ticket's lock where there is one */
    gboolean suspended;
    struct MHD_Connection *connection;
    Exchanges *exchanges;
};

static void
ticket_unref(void *data)
{
    Ticket *ticket = data;
    if (!g_atomic_int_dec_and_test(&ticket->references))
        return;
    g_mutex_clear(&ticket->lock);
    g_free(ticket);
}

static Ticket *
ticket_ref(Ticket *ticket)
{
    g_atomic_int_inc(&ticket->references);
    return ticket;
}

static Ticket *
ticket_new(Exchange *exchange)
{
    Ticket *ticket = g_new0(Ticket, 1);
    ticket->references = 1;
    ticket->exchange = exchange;
    g_mutex_init(&ticket->lock);
    return ticket;
}

/* ---- all of them ---- */

void
exchanges_init(Exchanges *exchanges, Api *api, gint64 request_limit_usec)
{
    exchanges->api = api;
    exchanges->guard = guard_new(request_limit_usec);
    g_mutex_init(&exchanges->lock);
    g_cond_init(&exchanges->all_sent);
    g_queue_init(&exchanges->waiting);
}

void
exchanges_clear(Exchanges *exchanges)
{
    g_assert(g_queue_is_empty(&exchanges->waiting));
    guard_free(exchanges->guard);
    g_free(exchanges->https_url);
    g_cond_clear(&exchanges->all_sent);
    g_mutex_clear(&exchanges->lock);
}

/* FALSE: it is too late to wait. */
static gboolean
waiting_add(Exchanges *exchanges, Ticket *ticket)
{
    g_mutex_lock(&exchanges->lock);
    gboolean wait = !exchanges->stopping;
    if (wait)
        g_queue_push_tail(&exchanges->waiting, ticket_ref(ticket));
    g_mutex_unlock(&exchanges->lock);
    return wait;
}

static void
waiting_remove(Exchanges *exchanges, Ticket *ticket)
{
    g_mutex_lock(&exchanges->lock);
    gboolean was_there = g_queue_remove(&exchanges->waiting, ticket);
    g_mutex_unlock(&exchanges->lock);
    if (was_there)
        ticket_unref(ticket);
}

static ApiResponse *
refusal(ArmCode code, const char *message)
{
    g_autoptr(GError) error = NULL;
    arm_fail(&error, code, NULL, "%s", message);
    ApiResponse *response = respond_error(error);
    response_finish(response, /* client_request_id= */ NULL, /* base_url= */ "");
    return response;
}

static ApiResponse *
stopping_refusal(void)
{
    return refusal(ARM_UNAVAILABLE, "The daemon is stopping.");
}

static void
tell(Ticket *ticket)
{
    g_mutex_lock(&ticket->lock);
    Exchange *exchange = ticket->exchange;
    if (exchange && !exchange->response) {
        ticket->exchange = NULL;
        exchange->response = stopping_refusal();
        MHD_resume_connection(exchange->connection);
    }
    g_mutex_unlock(&ticket->lock);
    ticket_unref(ticket);
}

void
exchanges_stop(Exchanges *exchanges)
{
    gint64 until = g_get_monotonic_time() + SEND_WITHIN;
    Ticket *ticket;
    g_mutex_lock(&exchanges->lock);
    GQueue waiting = exchanges->waiting;
    g_queue_init(&exchanges->waiting);
    exchanges->stopping = TRUE;
    g_mutex_unlock(&exchanges->lock);
    while ((ticket = g_queue_pop_head(&waiting)))
        tell(ticket);
    api_streams_end(exchanges->api);
    g_mutex_lock(&exchanges->lock);
    while (g_atomic_int_get(&exchanges->asked) > 0 && g_cond_wait_until(&exchanges->all_sent, &exchanges->lock, until))
        ;
    g_mutex_unlock(&exchanges->lock);
}

static void
asked_count_down(Exchanges *exchanges)
{
    if (!g_atomic_int_dec_and_test(&exchanges->asked))
        return;
    g_mutex_lock(&exchanges->lock);
    g_cond_signal(&exchanges->all_sent);
    g_mutex_unlock(&exchanges->lock);
}

/* ---- one ---- */

void *
exchange_on_uri(void *data, const char *uri, struct MHD_Connection *connection)
{
    Exchange *exchange = g_new0(Exchange, 1);
    const Listener *listener = data;
    exchange->exchanges = listener->exchanges;
    exchange->target = g_strdup(uri);
    exchange->connection = connection;
    return exchange;
}

/* As long as a connection lasts. */
typedef struct {
    Watched *watched;
    TlsPair *tls; /* NULL: no TLS */
} Line;

static Watched *
watched_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const Line *line = info->socket_context;
    return line->watched;
}

static Line *
line_open(const Listener *listener, struct MHD_Connection *connection)
{
    Line *line = g_new0(Line, 1);
    line->watched = guard_watch(listener->exchanges->guard,
                                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    if (listener->tls) {
        line->tls = tls_slot_ref(listener->tls);
        tls_pair_offer(line->tls, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session);
    }
    return line;
}

static void
line_close(const Listener *listener, Line *line)
{
    guard_unwatch(listener->exchanges->guard, line->watched);
    tls_pair_unref(line->tls);
    g_free(line);
}

void
exchange_on_connection(void *data, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
    const Listener *listener = data;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = line_open(listener, connection);
    else if (*context)
        line_close(listener, g_steal_pointer(context));
}

void
exchange_on_completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    const Listener *listener = data;
    Exchange *exchange = *state;
    (void)code;
    if (!exchange)
        return;
    if (exchange->ticket) {
        g_mutex_lock(&exchange->ticket->lock);
        exchange->ticket->exchange = NULL;
        g_mutex_unlock(&exchange->ticket->lock);
        if (exchange->suspended)
            waiting_remove(listener->exchanges, exchange->ticket);
        ticket_unref(exchange->ticket);
        asked_count_down(listener->exchanges);
    }
    g_free(exchange->target);
    g_clear_pointer(&exchange->body, g_byte_array_unref);
    api_response_free(exchange->response);
    g_free(exchange);
    *state = NULL;
    guard_resume(listener->exchanges->guard, watched_of(connection));
}

static void
on_answer(ApiResponse *response, void *data)
{
    Ticket *ticket = data;
    g_mutex_lock(&ticket->lock);
    Exchange *exchange = ticket->exchange;
    if (exchange) {
        exchange->response = response;
        if (exchange->suspended)
            MHD_resume_connection(exchange->connection);
    }
    g_mutex_unlock(&ticket->lock);
    if (!exchange)
        api_response_free(response);
    ticket_unref(ticket);
}

/* ---- a body that goes on ---- */

static gboolean
stream_sleep(void *data)
{
    const Exchange *exchange = data;
    Exchanges *exchanges = exchange->exchanges;
    g_mutex_lock(&exchanges->lock);
    gboolean sleeps = !exchanges->stopping;
    if (sleeps)
        MHD_suspend_connection(exchange->connection);
    g_mutex_unlock(&exchanges->lock);
    return sleeps;
}

static void
stream_wake(void *data)
{
    const Exchange *exchange = data;
    MHD_resume_connection(exchange->connection);
}

static ssize_t
stream_read(void *data, uint64_t position, char *to, size_t max)
{
    const Exchange *exchange = data;
    ApiStream *stream = exchange->response->stream;
    (void)position;
    gssize n = stream->read(stream, to, max);
    return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

/* The stream stays with the exchange, as bytes do. */
static struct MHD_Response *
stream_begin(Exchange *exchange)
{
    ApiStream *stream = exchange->response->stream;
    stream->sleep = stream_sleep;
    stream->wake = stream_wake;
    stream->data = exchange;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read, exchange, NULL);
}

static struct MHD_Response *
body_begin(const ApiResponse *ours)
{
    gsize length = 0;
    const void *bytes = ours->body ? g_bytes_get_data(ours->body, &length) : "";
    /* The bytes stay with the exchange, which outlives the sending. */
    return MHD_create_response_from_buffer(length, (void *)bytes, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result
response_send(Exchange *exchange)
{
    const ApiResponse *ours = exchange->response;
    struct MHD_Response *theirs = ours->stream ? stream_begin(exchange) : body_begin(ours);
    if (ours->content_type)
        MHD_add_response_header(theirs, "Content-Type", ours->content_type);
    for (guint i = 0; i + 1 < ours->headers->len; i += 2)
        MHD_add_response_header(theirs, g_ptr_array_index(ours->headers, i), g_ptr_array_index(ours->headers, i + 1));
    enum MHD_Result result = MHD_queue_response(exchange->connection, (unsigned int)ours->status, theirs);
    MHD_destroy_response(theirs);
    return result;
}

static void
ask(const Listener *listener, Exchange *exchange, const char *method, const char *caller)
{
    struct MHD_Connection *connection = exchange->connection;
    g_autofree char *base = caller_base_url(listener, connection);
    const ApiRequest request = {
        .method = method,
        .target = exchange->target,
        .base_url = base,
        .link_url = listener->is_socket ? listener->exchanges->https_url : NULL,
        .caller = caller,
        .if_match = request_header(connection, "If-Match"),
        .if_none_match = request_header(connection, "If-None-Match"),
        .client_request_id = request_header(connection, "x-ms-client-request-id"),
        .takes_gzip = takes_gzip(request_header(connection, "Accept-Encoding")),
        .body = exchange->body ? exchange->body->data : NULL,
        .body_length = exchange->body ? exchange->body->len : 0,
    };
    g_atomic_int_inc(&listener->exchanges->asked);
    exchange->ticket = ticket_new(exchange);
    api_handle(listener->exchanges->api, &request, on_answer, ticket_ref(exchange->ticket));
}

/* Sends the answer, or lets the connection sleep until it is there. */
static enum MHD_Result
answer_or_wait(const Listener *listener, Exchange *exchange)
{
    Ticket *ticket = exchange->ticket;
    g_mutex_lock(&ticket->lock);
    gboolean answered = exchange->response != NULL;
    if (!answered && waiting_add(listener->exchanges, ticket)) {
        exchange->suspended = TRUE;
        MHD_suspend_connection(exchange->connection);
    } else if (!answered) {
        ticket->exchange = NULL;
        exchange->response = stopping_refusal();
        answered = TRUE;
    }
    g_mutex_unlock(&ticket->lock);
    return answered ? response_send(exchange) : MHD_YES;
}

static enum MHD_Result
too_large_answer(Exchange *exchange)
{
    g_autofree char *message = g_strdup_printf("The body is larger than the %u bytes that are accepted.", exchange->body_max);
    exchange->response = refusal(ARM_TOO_LARGE, message);
    api_response_set_header(exchange->response, "Connection", "close");
    return response_send(exchange);
}

static gboolean
announces_body(struct MHD_Connection *connection)
{
    const char *length = request_header(connection, "Content-Length");
    return request_header(connection, "Transfer-Encoding") || (length && strcmp(length, "0") != 0);
}

static gboolean
announces_too_much(struct MHD_Connection *connection, guint max)
{
    const char *text = request_header(connection, "Content-Length");
    guint64 length;
    return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &length, NULL) && length > max;
}

/* Who signs in has no token yet. 0: it is not that. */
static guint
sign_in_body_max(const Exchange *exchange, const char *method)
{
    static const struct {
        const char *path;
        guint body_max;
    } rows[] = { { PATH_PORTAL "/session", CODE_BYTES_MAX }, { PATH_TOKEN, FORM_BYTES_MAX } };
    gsize length = strcspn(exchange->target, "?");
    for (guint i = 0; strcmp(method, "POST") == 0 && i < G_N_ELEMENTS(rows); i++) {
        if (strlen(rows[i].path) == length && strncmp(exchange->target, rows[i].path, length) == 0)
            return rows[i].body_max;
    }
    return 0;
}

static guint
body_max_of(const Listener *listener, const Exchange *exchange, const char *method)
{
    g_autofree char *caller = caller_of(listener, exchange->connection);
    return caller ? listener->exchanges->api->config.body_max : sign_in_body_max(exchange, method);
}

/* The head is there. What will be refused anyway is refused before its body is taken in: nobody without a token makes us keep
 * bytes, but for a few of who signs in. */
static enum MHD_Result
head_take(const Listener *listener, Exchange *exchange, const char *method)
{
    struct MHD_Connection *connection = exchange->connection;
    exchange->begun = TRUE;
    if (!announces_body(connection))
        return MHD_YES;
    exchange->body_max = body_max_of(listener, exchange, method);
    if (exchange->body_max == 0) {
        ask(listener, exchange, method, /* caller= */ NULL);
        return answer_or_wait(listener, exchange);
    }
    return announces_too_much(connection, exchange->body_max) ? too_large_answer(exchange) : MHD_YES;
}

static void
body_take(Exchange *exchange, const char *bytes, size_t length)
{
    if (!exchange->body)
        exchange->body = g_byte_array_new();
    exchange->too_large = exchange->too_large || exchange->body->len + length > exchange->body_max;
    if (!exchange->too_large)
        g_byte_array_append(exchange->body, (const guint8 *)bytes, (guint)length);
}

enum MHD_Result
exchange_on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                    const char *upload, size_t *upload_size, void **state)
{
    const Listener *listener = data;
    Exchange *exchange = *state;
    (void)url;
    (void)version;

    if (!exchange)
        return MHD_NO;
    if (!exchange->begun)
        return head_take(listener, exchange, method);
    if (*upload_size > 0) {
        if (!exchange->ticket)
            body_take(exchange, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (exchange->response)
        return response_send(exchange);
    if (exchange->too_large)
        return too_large_answer(exchange);
    guard_pause(watched_of(connection));
    if (!exchange->ticket) {
        g_autofree char *caller = caller_of(listener, connection);
        ask(listener, exchange, method, caller);
    }
    return answer_or_wait(listener, exchange);
}
