/* host/qemu/console.h: watches logs as they grow: reads what Secure Boot says, and keeps a flood from filling the disk. */
#pragma once

#include "base/clock.h"

/* One kernel watch for all logs: a host allows few watches (128 by default), and one of them can look at any number of files.
 */
typedef struct LogWatcher LogWatcher;
LogWatcher *log_watcher_new(GMainContext *context, Clock *clock, GError **error);
void log_watcher_free(LogWatcher *watcher); /* accepts NULL; after its consoles */

typedef struct Console Console;

typedef struct {
    void (*refused)(const char *file, const char *text, void *data); /* once; NULL: not looked for */
    void (*flooded)(guint64 cap, void *data);                        /* once; or NULL */
} ConsoleCallbacks;

/* Watches `path`, which its writer appends to. Where it grows past cap bytes it is cut, and its newest part kept. NULL: it
 * cannot be watched (*error). */
Console *console_watch(LogWatcher *watcher, const char *path, guint64 cap, const ConsoleCallbacks *callbacks, void *data,
                       GError **error);
void console_free(Console *console); /* accepts NULL */

/* TRUE: what is written, from the log's beginning, is the firmware's and the boot loader's: refusals are read in it. FALSE: the
 * guest agent's port was opened, the text is the guest's own word, and no refusal is read in it any more. Neither was said yet:
 * refusals wait. Accepts NULL. */
void console_trust(Console *console, gboolean trusted);

/* Moves serial.log to serial.log.1, and so on; what is older than FOLDER_SERIAL_KEPT goes. */
void console_rotate(const char *folder);
