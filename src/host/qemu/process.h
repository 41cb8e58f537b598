/* host/qemu/process.h: starts a program that outlives the daemon, and sees its end through a pidfd. */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct {
    const char *const *argv; /* argv[0]: absolute path or from PATH */
    const int *keep_fds;     /* descriptors that the program inherits under the same numbers; -1 ends the list */
    const char *log_file;    /* stdout and stderr; made anew, then appended to */
    const char *group;       /* further group the process is in ("kvm"), or NULL */
    guint uid, gid;          /* to become; 0: as we are */
    gboolean ends_with_us;   /* it does not outlive the thread that starts it */
} ProcessStart;

/* The process's id, or -1 with *error. It has a session of its own, no core dumps, and is the first that the kernel ends when
 * memory runs out. */
pid_t process_start(const ProcessStart *start, GError **error);

/* Start time in clock ticks since boot (proc(5), stat field 22): with the id it names a process for ever. 0: no such process.
 */
guint64 process_start_time(pid_t pid);
/* Does any of the process's command line's arguments contain this text? */
gboolean process_mentions(pid_t pid, const char *text);

/* Is it this user who started it (proc(5), status, the real user id)? Who runs a program of another user's, as sudo is, is
 * still told. */
gboolean process_is_of(pid_t pid, uid_t user);

/* Has the process this file open? */
gboolean process_holds(pid_t pid, const char *path);

/* Calls ended(data) once on `context` when the process is gone; reaps it where it is our child. NULL: there is no such process.
 * Free with process_watch_free() (accepts NULL), which does not end the process. */
typedef struct ProcessWatch ProcessWatch;
ProcessWatch *process_watch(pid_t pid, GMainContext *context, void (*ended)(void *data), void *data);
void process_watch_free(ProcessWatch *watch);
/* Sends a signal to exactly this process, even when its id was given to another one meanwhile. */
void process_watch_kill(ProcessWatch *watch, int signal_number);
