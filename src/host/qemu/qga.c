#include "host/qemu/qga.h"

#include "host/qemu/line_socket.h"

#include <string.h>

/* Base64 of what guest-exec captures. A guest can make the daemon hold this much, for its own
 * instance. */
#define QGA_LINE_MAX   (4u << 20)
#define POLL_FIRST     (20 * USEC_PER_MSEC)
#define POLL_LAST      (500 * USEC_PER_MSEC)
#define ANSWER_TIMEOUT (10 * USEC_PER_SEC)
/* A sync that was lost (the agent was starting, or stopping) is sent again, under another id:
 * whatever answer comes late is told from the one that is waited for. */
#define SYNC_FIRST (2 * USEC_PER_SEC)
#define SYNC_LAST  (30 * USEC_PER_SEC)

typedef void (*Reply)(Qga *self, const json_t *object, void *data);

typedef struct {
    json_t *command;
    Reply reply; /* object NULL: the agent did not answer */
    void *data;
} Request;

struct Qga {
    LineSocket *socket;
    Clock *clock;
    void (*answered)(void *data);
    void *data;
    gint64 sync_id;
    gint64 sync_usec; /* until the next try */
    guint sync_timer;
    gboolean synced, closed;
    GQueue requests; /* of Request; the first one has been sent */
    gboolean sent;
    guint timer;  /* of the answer to the first one */
    GList *execs; /* of Exec, under way */
};

/* Whoever asked for a single command. */
typedef struct {
    QgaDone done;
    void *data;
} Command;

typedef struct {
    Qga *qga;
    gint64 pid;
    gint64 poll_usec;
    UnixTime deadline;
    guint timer;
    QgaExecDone done;
    void *data;
} Exec;

static void
request_free(void *data)
{
    Request *request = data;
    json_decref(request->command);
    g_free(request);
}

static void next_send(Qga *self);

static void
timer_stop(Qga *self, guint *timer)
{
    if (*timer)
        self->clock->timer_remove(self->clock, *timer);
    *timer = 0;
}

static void
first_finish(Qga *self, const json_t *object)
{
    Request *request = g_queue_pop_head(&self->requests);
    timer_stop(self, &self->timer);
    self->sent = FALSE;
    if (request->reply)
        request->reply(self, object, request->data);
    request_free(request);
    next_send(self);
}

/* No answer: what comes later would be taken for the answer to something else, so everything begins
 * with a sync again. */
static void
on_silence(void *data)
{
    Qga *self = data;
    self->timer = 0;
    self->synced = FALSE;
    first_finish(self, NULL);
    qga_sync(self);
}

static void
next_send(Qga *self)
{
    const Request *request = g_queue_peek_head(&self->requests);
    if (!request || self->sent)
        return;
    /* The time runs from here also where there is nobody to send it to: whoever asked is answered.
     */
    if (!self->timer)
        self->timer = self->clock->timer_add(self->clock, self->clock->now(self->clock) + ANSWER_TIMEOUT, on_silence, self);
    if (!self->synced)
        return;
    self->sent = TRUE;
    line_socket_send(self->socket, NULL, request->command);
}

static void
request_add(Qga *self, json_t *command, Reply reply, void *data)
{
    Request *request = g_new0(Request, 1);
    *request = (Request){ command, reply, data };
    g_queue_push_tail(&self->requests, request);
    next_send(self);
}

static void
on_object(const json_t *object, void *data)
{
    Qga *self = data;
    if (!self->synced) {
        const json_t *id = json_object_get(object, "return");
        if (!json_is_integer(id) || json_integer_value(id) != self->sync_id)
            return;
        self->synced = TRUE;
        timer_stop(self, &self->sync_timer);
        self->answered(self->data);
        next_send(self);
        return;
    }
    if (self->sent)
        first_finish(self, object);
}

static void
on_closed(void *data)
{
    Qga *self = data;
    self->synced = FALSE;
    self->closed = TRUE;
    timer_stop(self, &self->sync_timer);
}

gboolean
qga_is_closed(const Qga *self)
{
    return self->closed;
}

static void
sync_send(Qga *self)
{
    self->sync_id = (gint64)g_random_int() + 1;
    g_autoptr(json_t) command =
        json_pack("{ss s{sI}}", "execute", "guest-sync-delimited", "arguments", "id", (json_int_t)self->sync_id);
    line_socket_send(self->socket, "\xff", command);
}

static void
on_sync_lost(void *data)
{
    Qga *self = data;
    sync_send(self);
    self->sync_usec = MIN(self->sync_usec * 2, SYNC_LAST);
    self->sync_timer = self->clock->timer_add(self->clock, self->clock->now(self->clock) + self->sync_usec, on_sync_lost, self);
}

void
qga_sync(Qga *self)
{
    self->synced = FALSE;
    /* What was sent is answered before the sync, if at all, and dropped with all that comes before
     * it. It is not sent again: who knows whether it was done. */
    if (self->sent)
        first_finish(self, NULL);
    timer_stop(self, &self->sync_timer);
    if (self->closed)
        return;
    sync_send(self);
    self->sync_usec = SYNC_FIRST;
    self->sync_timer = self->clock->timer_add(self->clock, self->clock->now(self->clock) + self->sync_usec, on_sync_lost, self);
}

Qga *
qga_connect(const char *path, GMainContext *context, Clock *clock, void (*answered)(void *data), void *data, GError **error)
{
    Qga *self = g_new0(Qga, 1);
    self->clock = clock;
    self->answered = answered;
    self->data = data;
    g_queue_init(&self->requests);
    self->socket = line_socket_connect(path, QGA_LINE_MAX, LINES_WITH_GARBAGE, context, on_object, on_closed, self, error);
    if (!self->socket) {
        g_free(self);
        return NULL;
    }
    qga_sync(self);
    return self;
}

static void
exec_finish(Exec *exec, int exit_code, const char *out, gsize out_length, const char *err, gsize err_length,
            const QgaError *error)
{
    timer_stop(exec->qga, &exec->timer);
    exec->qga->execs = g_list_remove(exec->qga->execs, exec);
    exec->done(exit_code, out, out_length, err, err_length, error, exec->data);
    g_free(exec);
}

static void
exec_fail(Exec *exec, QgaFault fault, const char *text)
{
    const QgaError error = { fault, text };
    exec_finish(exec, -1, "", 0, "", 0, &error);
}

/* Old and new agents say it in other words, but all by this class. */
static QgaFault
fault_of(const json_t *object)
{
    const json_t *error = json_object_get(object, "error");
    if (!json_is_object(error))
        return QGA_SILENT;
    return g_strcmp0(json_member_text(error, "class"), "CommandNotFound") == 0 ? QGA_FORBIDDEN : QGA_REFUSED;
}

static const char *
words_of(const json_t *object)
{
    const char *text = json_string_value(json_path(object, "error.desc"));
    return text ? text : "no answer";
}

static void
on_command(Qga *self G_GNUC_UNUSED, const json_t *object, void *data)
{
    g_autofree Command *command = data;
    const json_t *result = json_object_get(object, "return");
    g_autofree char *text = result ? NULL : g_strdup_printf("%.200s", words_of(object));
    const QgaError error = { fault_of(object), text };
    command->done(result, result ? NULL : &error, command->data);
}

static void
command_end(Command *command)
{
    const QgaError error = { QGA_ENDED, "The VM ended before the answer." };
    command->done(NULL, &error, command->data);
    g_free(command);
}

void
qga_free(Qga *self)
{
    if (!self)
        return;
    timer_stop(self, &self->timer);
    timer_stop(self, &self->sync_timer);
    line_socket_free(self->socket);
    Request *request;
    while ((request = g_queue_pop_head(&self->requests))) {
        if (request->reply == on_command)
            command_end(request->data);
        request_free(request);
    }
    while (self->execs)
        exec_fail(self->execs->data, QGA_ENDED, "The VM ended, or booted anew, while the command ran.");
    g_free(self);
}

void
qga_shutdown(Qga *self)
{
    /* On success there is no answer; a refusal is dropped with what comes before the next sync. */
    g_autoptr(json_t) command = json_pack("{ss s{ss}}", "execute", "guest-shutdown", "arguments", "mode", "powerdown");
    line_socket_send(self->socket, NULL, command);
    qga_sync(self);
}

static void exec_poll(void *data);

static char *
output_of(const json_t *status, const char *name, gsize *ret_length)
{
    const char *text = json_member_text(status, name);
    *ret_length = 0;
    return text && *text ? (char *)g_base64_decode(text, ret_length) : g_strdup("");
}

static void
on_status(Qga *self, const json_t *object, void *data)
{
    Exec *exec = data;
    const json_t *status = json_object_get(object, "return");
    if (!g_list_find(self->execs, exec))
        return;
    if (!json_is_object(status)) {
        exec_fail(exec, fault_of(object) == QGA_FORBIDDEN ? QGA_FORBIDDEN : QGA_SILENT,
                  "The guest agent did not say how the command ended.");
        return;
    }
    if (!json_is_true(json_object_get(status, "exited"))) {
        UnixTime now = self->clock->now(self->clock);
        if (now >= exec->deadline) {
            exec_fail(exec, QGA_TIMED_OUT, "The command did not end in time; it goes on in the guest.");
            return;
        }
        exec->poll_usec = MIN(exec->poll_usec * 2, POLL_LAST);
        exec->timer = self->clock->timer_add(self->clock, now + exec->poll_usec, exec_poll, exec);
        return;
    }
    gsize out_length, err_length;
    g_autofree char *out = output_of(status, "out-data", &out_length), *err = output_of(status, "err-data", &err_length);
    const json_t *code = json_object_get(status, "exitcode");
    int exit_code = json_is_integer(code) ? (int)json_integer_value(code)
                                          : 128 + (int)CLAMP(json_integer_value(json_object_get(status, "signal")), 0, 127);
    exec_finish(exec, exit_code, out, out_length, err, err_length, NULL);
}

/* The agent has no event for a command's end. */
static void
exec_poll(void *data)
{
    Exec *exec = data;
    exec->timer = 0;
    request_add(exec->qga, json_pack("{ss s{sI}}", "execute", "guest-exec-status", "arguments", "pid", (json_int_t)exec->pid),
                on_status, exec);
}

static void
on_exec(Qga *self, const json_t *object, void *data)
{
    Exec *exec = data;
    const json_t *pid = json_path(object, "return.pid");
    if (!g_list_find(self->execs, exec))
        return;
    if (!json_is_integer(pid)) {
        g_autofree char *message = g_strdup_printf("The guest agent does not run commands: %.200s", words_of(object));
        exec_fail(exec, fault_of(object), message);
        return;
    }
    exec->pid = json_integer_value(pid);
    exec->timer = self->clock->timer_add(self->clock, self->clock->now(self->clock) + exec->poll_usec, exec_poll, exec);
}

void
qga_exec(Qga *self, const char *const *argv, const char *input, gint64 timeout_usec, QgaExecDone done, void *data)
{
    Exec *exec = g_new0(Exec, 1);
    json_t *arguments = json_object(), *list = json_array();
    exec->qga = self;
    exec->poll_usec = POLL_FIRST;
    exec->deadline = self->clock->now(self->clock) + timeout_usec;
    exec->done = done;
    exec->data = data;
    self->execs = g_list_prepend(self->execs, exec);
    json_object_set_new(arguments, "path", json_string(argv[0]));
    for (guint i = 1; argv[i]; i++)
        json_array_append_new(list, json_string(argv[i]));
    json_object_set_new(arguments, "arg", list);
    if (input) {
        g_autofree char *base64 = g_base64_encode((const guchar *)input, strlen(input));
        json_object_set_new(arguments, "input-data", json_string(base64));
    }
    json_object_set_new(arguments, "capture-output", json_true());
    request_add(self, json_pack("{ss so}", "execute", "guest-exec", "arguments", arguments), on_exec, exec);
}

void
qga_command(Qga *self, const char *name, json_t *arguments, QgaDone done, void *data)
{
    Command *command = g_new0(Command, 1);
    *command = (Command){ done, data };
    request_add(self, json_pack("{ss so}", "execute", name, "arguments", arguments), on_command, command);
}
