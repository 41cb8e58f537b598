/* host/qemu/console.h: watches a serial log as it grows: reads what Secure Boot says, and keeps a flood from filling the disk. */
#pragma once

#include "base/clock.h"

typedef struct Console Console;

typedef struct {
    void (*refused)(const char *file, const char *text, void *data);    /* once */
    void (*flooded)(guint64 cap, void *data);                           /* once */
} ConsoleCallbacks;

/* Follows `path` from its beginning. NULL: it cannot be watched (*error). */
Console *console_watch(const char *path, guint64 cap, GMainContext *context, Clock *clock, const ConsoleCallbacks *callbacks,
    void *data, GError **error);
void console_free(Console *console);            /* accepts NULL */
/* The guest agent has answered: from now on the text is the guest's own word, and no refusal is read in it. */
void console_trust_ends(Console *console);

/* Moves serial.log to serial.log.1, and so on; what is older than FOLDER_SERIAL_KEPT goes. */
void console_rotate(const char *folder);
