/* host/simulated/simulated.h: the driver without processes.
 * Keeps its VMs in memory (with a state folder: also in simulated.json there, so that a restarted daemon finds them
 * as it would find real ones). Latencies and faults are set through the functions below or, at open, by a JSON file
 * `simulated.conf.json` in the state folder: {"start_ms":…,"boot_ms":…,"stop_ms":…,"destroy_ms":…,"guest_ms":…,"approve_ms":…,
 * "faults":[{"key_suffix":".3","epoch":2,"fault":"WORD"}],"die_at":7}. WORD: refuse, no-agent, start-fails, exit,
 * disk-full, unhealthy, grub-changed, no-event-log, other-vtpm, other-key, vtpm-rolled-back, module-refused, volume-bound.
 * approve_ms: so long after a terminate notice the guest approves it; never where it is not given. die_at: the daemon is
 * killed, as by SIGKILL from outside, at that crossing between it and its VMs: each call of start, release, stop and destroy is
 * one before it has an effect, and each event is one before it is told (1: the first since the start). So a test can have a
 * crash at every step. (What is asked of a guest is no crossing: it is asked again and again, and leaves little behind.) */
#pragma once

#include "host/generations.h"
#include "host/host.h"

#include <jansson.h>

typedef struct {
    gint64 start_usec; /* start() to HOST_STARTED */
    gint64 boot_usec;  /* HOST_STARTED to HOST_AGENT_ANSWERED */
    gint64 stop_usec;
    gint64 destroy_usec;
} SimulatedLatency;

typedef enum {
    SIMULATED_OK,
    SIMULATED_START_FAILS,
    SIMULATED_NO_AGENT, /* boots, agent never answers */
    SIMULATED_REFUSED,  /* Secure Boot refuses the boot loader */
    SIMULATED_EXITS,    /* dies right after it booted */
    SIMULATED_DISK_FULL,
    SIMULATED_UNHEALTHY, /* boots, and its application never becomes healthy */
    /* Boots like any other, and attests to that boot, as long as it lasts: */
    SIMULATED_GRUB_CHANGED,   /* another GRUB than its image's was measured */
    SIMULATED_NO_LOG,         /* its kernel has no event log */
    SIMULATED_OTHER_VTPM,     /* another vTPM answers in place of its own */
    SIMULATED_OTHER_KEY,      /* the same, but for the endorsement key, which is said to be its own */
    SIMULATED_ROLLED_BACK,    /* its vTPM knows of one start alone */
    SIMULATED_BAD_MODULE,     /* its kernel refused a module */
    SIMULATED_VOLUME_BOUND,   /* its vTPM opens a LUKS volume, and it uses an unsigned module */
    SIMULATED_KERNEL_CHANGED, /* another kernel than its image's was measured, which the same vendor signed */
    SIMULATED_FEW_PCRS,       /* its quote is over PCRs 0 to 9 and 14 alone */
    SIMULATED_UNSECURED,      /* Secure Boot was off, whatever its variables are to have */
    SIMULATED_N_FAULTS
} SimulatedFault;

Host *host_simulated_open(const HostConfig *config, Clock *clock, HostEventFunc func, void *data, GError **error);
void host_simulated_set_latency(Host *host, const SimulatedLatency *latency);
/* Asked at each start; NULL: never a fault. */
void host_simulated_set_faults(Host *host, SimulatedFault (*fault)(const LaunchSpec *spec, void *data), void *data);
/* The VM's process dies now. FALSE: no such VM. */
gboolean host_simulated_kill(Host *host, const char *key);
/* Its guest powers itself off now, unasked. FALSE: no such VM. */
gboolean host_simulated_power_off(Host *host, const char *key);
/* Its guest boots anew by itself, and this time in this way. HOST_REBOOTED is told when the clock goes on: a daemon that ends
 * before never hears of it. FALSE: no such VM, its agent does not answer, or something is under way with it. */
gboolean host_simulated_reboot(Host *host, const char *key, SimulatedFault how);
gboolean host_simulated_isolated(Host *host, const char *key); /* stands still, without network */
guint host_simulated_alive(Host *host);                        /* how many VMs run */

/* ---- what its guest says ---- */

/* What testudo-guest does in a simulated guest: writes what it prints to `out` and returns its exit code, or one of these.
 * Asked when the answer is due, for a VM whose agent has answered; epoch: of its launch. */
#define SIMULATED_GUEST_AS_EVER (-1) /* as if no function were set */
#define SIMULATED_GUEST_SILENT  (-2) /* the guest agent does not answer */
typedef int (*SimulatedGuest)(const char *key, guint64 epoch, const char *const *argv, GString *out, void *data);
/* NULL, and at first: its vTPM is quoted and activates credentials, where it has one; an application that is healthy (http:
 * status 200 and a body that says so), but one that answers 503, and takes no connection by tcp, where the image's version ends
 * in "-unhealthy" or the fault says so; terminate notices are taken, and approved as approve_ms has it. */
void host_simulated_set_guest(Host *host, SimulatedGuest guest, void *data);
/* guest_run() to its answer; at first 5 ms. */
void host_simulated_set_guest_latency(Host *host, gint64 usec);
/* FALSE, and at first: a notice is never approved. */
void host_simulated_set_approval(Host *host, gboolean approves, gint64 after_usec);

/* What its guest is told that sends this question by its port for tokens (host/guest_token.h); a new reference. NULL: no such
 * VM runs, or it has no such port, being without a vTPM. */
json_t *host_simulated_ask_token(Host *host, const char *key, const json_t *question);

/* ---- what a VM has, for tests that check what must never happen ---- */

typedef struct {
    Part part;
    guint64 generation;
    guint64 id;       /* unique among all parts and data disks that this host ever made; a vTPM's seed */
    gboolean present; /* FALSE: put aside, and may be put back */
} SimulatedPart;

typedef struct {
    guint lun; /* of a kept one: that it had */
    guint size_gib;
    guint64 id;
    const char *file; /* of a kept one: its path (no file is there); else NULL */
} SimulatedDisk;

typedef struct {
    guint64 data_generation;
    gboolean held; /* what was put aside stays, however old it is */
    GArray *parts; /* of SimulatedPart; those in use first */
    GArray *disks; /* of SimulatedDisk */
} SimulatedParts;

/* NULL: no such VM. */
SimulatedParts *host_simulated_parts(Host *host, const char *key);
void host_simulated_parts_free(SimulatedParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimulatedParts, host_simulated_parts_free)
/* Data disks of destroyed VMs that belong to none now, of SimulatedDisk; texts are borrowed until the next call of the host. */
GArray *host_simulated_kept_disks(Host *host);
/* The file of a kept disk was removed: with the others' drivers the file system would know. FALSE: there was none. */
gboolean host_simulated_kept_disk_removed(Host *host, const char *file);
/* Keys of all VMs, borrowed, in no order. */
GPtrArray *host_simulated_keys(Host *host);
