/* host/simulated/simulated.h: the driver without processes.
 * Keeps its VMs in memory (with a state folder: also in simulated.json there, so that a restarted daemon finds them
 * as it would find real ones). Latencies and faults are set through the functions below or, at open, by a JSON file
 * `simulated.conf.json` in the state folder: {"start_ms":…,"boot_ms":…,"stop_ms":…,"destroy_ms":…,"faults":[{"key_suffix":".3",
 * "epoch":2,"fault":"refuse|no-agent|start-fails|exit|disk-full"}],"die_at":7}. die_at: the daemon is killed, as by SIGKILL
 * from outside, at that crossing between it and its VMs: each call of start, stop and destroy is one before it has an effect,
 * and each event is one before it is told (1: the first since the start). So a test can have a crash at every step. */
#pragma once

#include "host/generations.h"
#include "host/host.h"

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
    SIMULATED_N_FAULTS
} SimulatedFault;

Host *host_simulated_open(const HostConfig *config, Clock *clock, HostEventFunc func, void *data, GError **error);
void host_simulated_set_latency(Host *host, const SimulatedLatency *latency);
/* Asked at each start; NULL: never a fault. */
void host_simulated_set_faults(Host *host, SimulatedFault (*fault)(const LaunchSpec *spec, void *data), void *data);
/* The VM's process dies now. FALSE: no such VM. */
gboolean host_simulated_kill(Host *host, const char *key);
guint host_simulated_alive(Host *host); /* how many VMs run */

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
