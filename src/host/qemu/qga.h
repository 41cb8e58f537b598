/* host/qemu/qga.h: QEMU guest agent (QEMU qga/qapi-schema.json). Everything that comes is a guest's word: bounded in length and
 * time, and used for its own instance alone. */
#pragma once

#include "base/clock.h"
#include "base/json.h"

typedef struct Qga Qga;

typedef enum {
    QGA_SILENT,    /* no answer in time, or none that can be read */
    QGA_FORBIDDEN, /* the guest's settings do not let its agent do this */
    QGA_REFUSED,   /* the agent says that it could not */
    QGA_TIMED_OUT, /* a command that goes on in the guest */
    QGA_ENDED      /* qga_free() came first */
} QgaFault;

/* text: a sentence; it may hold a guest's words. */
typedef struct {
    QgaFault fault;
    const char *text;
} QgaError;

/* error NULL: it ended, and the rest is what the guest says of it. */
typedef void (*QgaExecDone)(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length,
                            const QgaError *error, void *data);
/* result: what the agent returned; NULL where error says why there is none. */
typedef void (*QgaDone)(const json_t *result, const QgaError *error, void *data);

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
/* Any other command; arguments are stolen. */
void qga_command(Qga *qga, const char *name, json_t *arguments, QgaDone done, void *data);
