/* host/qemu/qmp.h: QEMU's machine protocol (QEMU docs/interop/qmp-spec.txt), as much of it as a VM's life needs. */
#pragma once

#include "base/json.h"

typedef struct Qmp Qmp;

typedef struct {
    void (*ready)(void *data); /* greeting seen, capabilities negotiated */
    void (*event)(const char *name, const json_t *event_data, void *data);
    void (*closed)(void *data);
} QmpCallbacks;

/* result: what "return" holds, NULL where the command failed or the connection ended; error_text then says why. */
typedef void (*QmpDone)(const json_t *result, const char *error_text, void *data);

Qmp *qmp_connect(const char *path, GMainContext *context, const QmpCallbacks *callbacks, void *data, GError **error);
void qmp_free(Qmp *qmp); /* accepts NULL; commands that wait are answered as failed */
/* What QEMU had said before it ended is still told, from inside this call. */
void qmp_drain(Qmp *qmp);
/* arguments: stolen, or NULL. done: or NULL. */
void qmp_command(Qmp *qmp, const char *name, json_t *arguments, QmpDone done, void *data);
