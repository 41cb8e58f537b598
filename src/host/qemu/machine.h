/* host/qemu/machine.h: one instance on this host: what it is wished to be, and the processes that make it so.
 *
 *   machine.c   the object, its user, its events        launch.c   starts the two processes
 *   wish.c      from a wish to its end                  follow.c   what they and the guest say
 *   work.c      work in the folder, on a thread         ends.c     how they end
 *   adopt.c     what a former daemon left running */
#pragma once

#include "host/host.h"
#include "host/qemu/console.h"
#include "host/qemu/converge.h"
#include "host/qemu/handler.h"
#include "host/qemu/process.h"
#include "host/qemu/qga.h"
#include "host/qemu/qmp.h"
#include "host/qemu/token_port.h"

#define FORWARD_PORTS_MAX 16u

typedef struct Qemu Qemu;
typedef struct Machine Machine;

typedef enum { WISH_NONE, WISH_START, WISH_STOP, WISH_DESTROY } Wish;

struct Qemu {
    Host host;
    char *state_dir, *qemu, *swtpm, *bridge;
    gboolean outbound;
    guint forward_ports[FORWARD_PORTS_MAX], n_forward_ports;
    guint uid_first, uid_count;
    guint uid_next; /* offset in the range at which the next free user is looked for */
    guint64 serial_cap;
    gint64 retention_s;
    GMainContext *context;
    Clock *clock;
    HostEventFunc func;
    void *func_data;
    FirmwareSet *firmware;
    VtpmMaker *vtpm_maker;
    VtpmStock *vtpm_stock;
    LogWatcher *logs;
    const StateKey *state_key; /* borrowed; NULL: vTPMs are plain */
    GBytes *guest_program;     /* testudo-guest; NULL: this build has none */
    HostConfig tokens;         /* of it, who gives guests tokens */
    char *why_no_vtpm, *accelerator, *qemu_version;
    GHashTable *machines; /* key -> Machine */
    guint prune_timer;
    gboolean closing;
};

struct Machine {
    Qemu *host;
    char *key, *folder;
    guint uid; /* MACHINE_NO_UID: none yet */
    Wish wish;
    LaunchSpec *wanted; /* of the launch that is wished for */
    LaunchSpec *spec;   /* of the launch that runs, or ran last */
    gint64 grace_usec;
    char *keep_dir;
    gboolean working; /* a worker thread has the folder */
    GSource *nudge;   /* the next step is due, from the main loop; NULL: it is not */

    ProcessWatch *qemu_watch, *swtpm_watch;
    pid_t qemu_pid, swtpm_pid;
    Qmp *qmp;
    Qga *qga;
    TokenPort *token_port; /* NULL: QEMU does not speak yet */
    Handler *handler;      /* through qga; NULL: not needed yet */
    Console *console, *qemu_log, *swtpm_log;
    char *refused_file; /* Secure Boot refused it in this boot; or NULL */
    char *why_ended;    /* what is known of the end before it came; or NULL */
    gboolean in_touch;  /* QEMU said which of its ports are open */
    GQueue questions;   /* look.c: asked before that */
    gboolean adopted, greeted, monitor_lost, agent, guest_shutdown, stop_asked, vtpm_died, stop_sent;
    gboolean rebooting;      /* the guest began another boot, and its agent has not answered in it; `agent` is of the launch */
    gboolean isolated;       /* stands still, without network, until it is released */
    gboolean waits_for_room; /* paused by QEMU in a write that found the host's disk full */
    guint stop_timer, button_timer, vtpm_timer, greeting_timer, room_timer, retry_timer, questions_timer;
    GPtrArray *forwards; /* of HostForward */
};

#define MACHINE_NO_UID G_MAXUINT

static inline gboolean
machine_alive(const Machine *machine)
{
    return machine->qemu_watch || machine->swtpm_watch;
}

Machine *machine_get(Qemu *host, const char *key);
void machine_free(Machine *machine); /* leaves its processes running */
/* A user that no other instance has. FALSE: the range is used up. */
gboolean machine_uid_take(Machine *machine, GError **error);

void machine_emit_destroyed(Machine *machine, const GPtrArray *kept);
void machine_emit(Machine *machine, HostEventType type, ArmCode code, const char *message, const char *file);
guint machine_timer(Machine *machine, gint64 after_usec, void (*fire)(void *data));
void machine_timer_stop(Machine *machine, guint *timer);
/* The connection to the guest agent, with all who wait for it. */
void machine_qga_drop(Machine *machine);
/* What is over when no process is left: connections, timers, flags. */
void machine_quiet(Machine *machine);

/* wish.c: takes the next step towards the wish, from the main loop: callers of the host never hear of it inside their call. */
void machine_nudge(Machine *machine);
void machine_start_fail(Machine *machine, const GError *error);

/* work.c: on a thread; the machine is nudged when it is done. */
void machine_converge(Machine *machine);
void machine_destroy(Machine *machine);

/* launch.c: starts swtpm and QEMU in a folder that is as the spec says. FALSE: they did not both start; what did start is
 * ended, and machine_alive() until it has. */
gboolean machine_launch(Machine *machine, GError **error);
/* run.json: which processes run, so that the next daemon finds them. */
void machine_run_write(const Machine *machine);

/* follow.c: stands still and is cut off as machine->isolated has it, as soon as QEMU can be spoken with. */
void machine_isolation_apply(Machine *machine);
/* Connects to a QEMU that runs. FALSE: it cannot be spoken with. */
gboolean machine_follow(Machine *machine, GError **error);

/* ends.c: sees the end of either process. FALSE: that process is gone already. */
gboolean machine_watch_qemu(Machine *machine, pid_t pid);
gboolean machine_watch_swtpm(Machine *machine, pid_t pid);
void machine_vtpm_gone(Machine *machine);

/* adopt.c: takes over what runs in a folder that a former daemon left. */
void machine_adopt(Machine *machine);

/* look.c: the entries of the driver's table that look into a VM. */
void machine_questions_go(Machine *machine); /* they are asked now, whatever comes of it */
GBytes *qemu_vtpm_certificate(Host *host, const char *key, VtpmEk ek, GError **error);
char *qemu_serial_log(Host *host, const char *key, gsize max, gsize *ret_length, GError **error);
void qemu_screenshot(Host *host, const char *key, HostDone done, void *data);
void qemu_exec(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, HostExecDone done,
               void *data);
GPtrArray *qemu_forwards(Host *host, const char *key);
void qemu_guest_run(Host *host, const char *key, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data);
