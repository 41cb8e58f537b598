#include "host/qemu/qmp.h"

#include "host/qemu/line_socket.h"

#include <string.h>

#define QMP_LINE_MAX (4u << 20)

typedef struct {
    QmpDone done;
    void *data;
} Waiting;

struct Qmp {
    LineSocket *socket;
    QmpCallbacks callbacks;
    void *data;
    GHashTable *waiting; /* id -> Waiting */
    int last_id;
};

static void
answered(Qmp *self, const json_t *object)
{
    gpointer id = GINT_TO_POINTER((int)json_integer_value(json_object_get(object, "id")));
    g_autofree Waiting *waiting = g_hash_table_lookup(self->waiting, id);
    if (!waiting)
        return;
    g_hash_table_steal(self->waiting, id);
    const json_t *result = json_object_get(object, "return");
    const char *text = json_string_value(json_path(object, "error.desc"));
    if (waiting->done)
        waiting->done(result, result ? NULL : text ? text : "QEMU refused the command", waiting->data);
}

static void
on_capabilities(const json_t *result, const char *error_text, void *data)
{
    Qmp *self = data;
    (void)error_text;
    if (result)
        self->callbacks.ready(self->data);
}

static void
on_object(const json_t *object, void *data)
{
    Qmp *self = data;
    const char *event = json_string_value(json_object_get(object, "event"));
    if (json_object_get(object, "QMP"))
        qmp_command(self, "qmp_capabilities", NULL, on_capabilities, self);
    else if (event)
        self->callbacks.event(event, json_object_get(object, "data"), self->data);
    else
        answered(self, object);
}

/* Everybody who waits is told; what they ask for in return finds the table empty. */
static void
waiting_fail(Qmp *self)
{
    g_autoptr(GHashTable) waiting = self->waiting;
    GHashTableIter iter;
    gpointer value;
    self->waiting = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    g_hash_table_iter_init(&iter, waiting);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Waiting *item = value;
        if (item->done)
            item->done(NULL, "the VM ended", item->data);
    }
}

static void
on_closed(void *data)
{
    Qmp *self = data;
    self->callbacks.closed(self->data);
    waiting_fail(self);
}

Qmp *
qmp_connect(const char *path, GMainContext *context, const QmpCallbacks *callbacks, void *data, GError **error)
{
    Qmp *self = g_new0(Qmp, 1);
    self->callbacks = *callbacks;
    self->data = data;
    self->waiting = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    self->socket = line_socket_connect(path, QMP_LINE_MAX, LINES_STRICT, context, on_object, on_closed, self, error);
    if (self->socket)
        return self;
    qmp_free(self);
    return NULL;
}

void
qmp_free(Qmp *self)
{
    if (!self)
        return;
    g_clear_pointer(&self->socket, line_socket_free);
    waiting_fail(self);
    g_hash_table_unref(self->waiting);
    g_free(self);
}

void
qmp_drain(Qmp *self)
{
    line_socket_drain(self->socket);
}

void
qmp_command(Qmp *self, const char *name, json_t *arguments, QmpDone done, void *data)
{
    g_autoptr(json_t) command = json_pack("{ss si}", "execute", name, "id", ++self->last_id);
    json_set_new(command, "arguments", arguments);
    Waiting *waiting = g_new0(Waiting, 1);
    *waiting = (Waiting){ done, data };
    g_hash_table_insert(self->waiting, GINT_TO_POINTER(self->last_id), waiting);
    /* A command that cannot be sent is answered when the connection's end is seen. */
    if (self->socket)
        line_socket_send(self->socket, NULL, command);
}
