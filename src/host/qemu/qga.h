/* host/qemu/qga.h: QEMU guest agent (QEMU qga/qapi-schema.json). Everything that comes is a guest's word: bounded in length and
 * time, and used for its own instance alone. */
#pragma once

#include "base/clock.h"
#include "base/json.h"

typedef struct Qga Qga;

typedef void (*QgaExecDone)(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length,
                            const char *error_text, void *data);

/* answered: the agent has answered the first sync; once per connection. */
Qga *qga_connect(const char *path, GMainContext *context, Clock *clock, void (*answered)(void *data), void *data,
                 GError **error);
void qga_free(Qga *qga); /* accepts NULL; what waits is answered as failed */
/* Asks again to be answered: the guest (re)opened its end. */
void qga_sync(Qga *qga);
/* The connection ended (the peer broke the rules): it answers nothing more. */
gboolean qga_is_closed(const Qga *qga);
void qga_shutdown(Qga *qga);
void qga_exec(Qga *qga, const char *const *argv, const char *input, gint64 timeout_usec, QgaExecDone done, void *data);
