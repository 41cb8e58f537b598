/* host/qemu/machine.h: one instance on this host: what it is wished to be, and the processes that make it so. */
#pragma once

#include "host/host.h"
#include "host/qemu/console.h"
#include "host/qemu/converge.h"
#include "host/qemu/process.h"
#include "host/qemu/qga.h"
#include "host/qemu/qmp.h"

typedef struct Qemu Qemu;
typedef struct Machine Machine;

typedef enum { WISH_NONE, WISH_PREPARE, WISH_START, WISH_STOP, WISH_DESTROY } Wish;

struct Qemu {
    Host host;
    char *state_dir, *qemu, *swtpm, *bridge;
    gboolean outbound;
    guint forward_ports[16], n_forward_ports;
    guint uid_first, uid_count;
    guint64 serial_cap;
    GMainContext *context;
    Clock *clock;
    HostEventFunc func;
    void *func_data;
    FirmwareSet *firmware;
    VtpmMaker *vtpm_maker;
    char *why_no_vtpm, *accelerator, *qemu_version;
    GHashTable *machines;           /* key -> Machine */
    gboolean closing;
};

struct Machine {
    Qemu *host;
    char *key, *folder;
    guint uid;
    LaunchSpec *spec;               /* of the launch that runs or is to be made */
    Wish wish;
    gint64 grace_usec;
    char *keep_dir;
    gboolean working;               /* a worker thread has the folder */

    ProcessWatch *qemu_watch, *swtpm_watch;     /* qemu_watch: not NULL is alive */
    pid_t qemu_pid, swtpm_pid;
    Qmp *qmp;
    Qga *qga;
    Console *console;
    gboolean greeted, agent, refused, guest_shutdown, stop_asked, vtpm_died, stop_sent;
    guint stop_timer, repeat_timer, vtpm_timer, greeting_timer;
    GPtrArray *forwards;            /* of HostForward */
};

Machine *machine_get(Qemu *host, const char *key);
void machine_free(Machine *machine);    /* leaves its processes running */

/* Takes the next step towards the wish; called whenever something changed. */
void machine_go_on(Machine *machine);

/* launch.c: starts swtpm and QEMU in a folder that is as the spec says. FALSE: nothing runs. */
gboolean machine_launch(Machine *machine, GError **error);
/* Connects to a QEMU that runs: its sockets, console and exit. */
gboolean machine_connect(Machine *machine, GError **error);
/* run.json: which processes run, so that the next daemon finds them. */
void machine_run_write(const Machine *machine);

/* adopt.c: takes over what runs in a folder that a former daemon left; FALSE: nothing runs there. */
gboolean machine_adopt(Machine *machine);

void machine_emit(Machine *machine, HostEventType type, ArmCode code, const char *message, const char *file);
/* What is over when no process is left: connections, timers, flags. */
void machine_quiet(Machine *machine);
