/* host/qemu/line_socket.h: JSON objects by lines over a Unix socket, as QMP and the guest agent speak. Incremental, bounded.
 * What comes may come from a hostile guest: a line that is too long or no JSON object closes the connection. */
#pragma once

#include "base/json.h"

typedef struct LineSocket LineSocket;

/* on_object: borrowed. on_closed: once, then nothing more comes; the owner still frees it. Not called from inside a call. */
LineSocket *line_socket_connect(const char *path, gsize line_max, GMainContext *context,
    void (*on_object)(const json_t *object, void *data), void (*on_closed)(void *data), void *data, GError **error);
void line_socket_free(LineSocket *socket);      /* accepts NULL */
/* prefix: bytes before the object (0xff for the agent's delimiter), or NULL. */
gboolean line_socket_send(LineSocket *socket, const char *prefix, const json_t *object);

/* A listening socket at path (replaced where it is there), connectable at once. -1 sets *error. */
int line_socket_listen(const char *path, GError **error);

/* The splitting alone, pure: feeds bytes, calls on_object for each. FALSE: the peer broke the rules. */
typedef struct LineSplitter LineSplitter;
LineSplitter *line_splitter_new(gsize line_max);
void line_splitter_free(LineSplitter *splitter);
gboolean line_splitter_feed(LineSplitter *splitter, const char *bytes, gsize length,
    void (*on_object)(const json_t *object, void *data), void *data);
