/* host/qemu/line_socket.h: JSON objects by lines over a Unix socket, as QMP and the guest agent speak. Incremental, bounded.
 * What comes may come from a hostile guest. A line that is too long closes the connection; one that is no JSON object does so
 * too, or is passed over, as its peer's protocol has it. Who says more than 5,000 lines or 8 MB in a second is read more
 * slowly.
 */
#pragma once

#include "base/json.h"

typedef enum {
    LINES_STRICT,       /* QMP: QEMU speaks JSON, or something is wrong */
    LINES_WITH_GARBAGE, /* guest agent: what a former conversation left in the channel comes first */
} LineRules;

typedef struct LineSocket LineSocket;

/* on_object: borrowed. on_closed: once, then nothing more comes; the owner still frees it. Not called from inside a call. */
LineSocket *line_socket_connect(const char *path, gsize line_max, LineRules rules, GMainContext *context,
                                void (*on_object)(const json_t *object, void *data), void (*on_closed)(void *data), void *data,
                                GError **error);
void line_socket_free(LineSocket *socket); /* accepts NULL */
/* Takes in what has come by now, without waiting; on_object and on_closed are called from inside. */
void line_socket_drain(LineSocket *socket);
/* prefix: bytes before the object (0xff for the agent's delimiter), or NULL. */
gboolean line_socket_send(LineSocket *socket, const char *prefix, const json_t *object);

/* A listening socket at path (replaced where it is there), connectable at once. -1 sets *error. */
int line_socket_listen(const char *path, GError **error);

/* The splitting alone, pure: feeds bytes, calls on_object for each. FALSE: the peer broke the rules. */
typedef struct LineSplitter LineSplitter;
LineSplitter *line_splitter_new(gsize line_max, LineRules rules);
void line_splitter_free(LineSplitter *splitter);
gboolean line_splitter_feed(LineSplitter *splitter, const char *bytes, gsize length,
                            void (*on_object)(const json_t *object, void *data), void *data);
