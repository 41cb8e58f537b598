/* host/simulated/fleet.h: what the simulated driver's files share: its VMs as rows in memory. There may be a hundred thousand
 * of them: a row has what its VM needs between two calls, and nothing of what each start says anew. */
#pragma once

#include "host/generations.h"
#include "host/guest_token.h"
#include "host/simulated/simulated.h"
#include "host/simulated/tpm.h"

/* id: unique among all that this host ever made; a vTPM's seed. */
typedef struct {
    guint32 generation, id; /* generation 0: none */
} SimPart;

/* A PartPast whose generations are the host's own: a row is small. */
typedef struct {
    guint32 highest, skipped;
} SimPast;

/* Put aside: in `previous/`, as it were. */
typedef struct {
    SimPart made;
    guint32 retired; /* seconds since 1970 */
    Part part;
} SimKept;

typedef struct {
    guint32 lun, size_gib, id;
} SimDisk;

/* From large to small: with its key it is just below a size that the allocator has. */
typedef struct {
    struct Simulated *host;
    guint64 epoch; /* of the last launch; 0: none yet */
    SimPart parts[N_PARTS];
    SimPast past[N_PARTS];
    SimKept *previous;    /* n_previous; NULL: none */
    SimDisk *disks;       /* n_disks; NULL: none */
    const char *image;    /* URN, as it was launched last; among the host's texts; NULL: not yet */
    const char *keep_dir; /* of the destroy that is under way: where its data disks go; or NULL */
    GError *why_not;      /* the start that is under way will fail, for this; or NULL */
    guint timer;
    guint32 memory_mib;
    guint32 data_gen;
    guint16 vcpus;
    guint16 reboots; /* that its guest began, in all launches */
    guint16 n_previous;
    guint8 n_disks;
    guint fault : 5;    /* SimulatedFault */
    guint tampered : 5; /* the same, where it is one of how it is attested: it lasts as long as the boot */
    guint alive : 1, agent : 1, refused : 1;
    guint has_agent : 1; /* its image has a guest agent */
    guint hold : 1;
    guint unhealthy : 1; /* so is the application in it */
    guint secure_boot : 1;
    guint isolated : 1;
    char key[];
} Sim;
G_STATIC_ASSERT(SIMULATED_N_FAULTS <= 1 << 5);

/* What a guest was told of its end; few VMs have one. */
typedef struct {
    guint64 epoch; /* of the boot that was told */
    UnixTime at;
    char event[]; /* id */
} SimNotice;

/* What the settings file makes go wrong. */
typedef struct {
    char *key_suffix;
    guint64 epoch; /* 0: any */
    SimulatedFault fault;
} FaultRule;

typedef struct Simulated {
    Host host;
    Clock *clock;
    HostEventFunc func;
    void *data;
    SimulatedLatency latency;
    SimulatedFault (*fault)(const LaunchSpec *spec, void *data);
    void *fault_data;
    SimulatedGuest guest;
    void *guest_data;
    gint64 guest_usec;      /* guest_run() to its answer */
    gint64 approve_usec;    /* negative: never */
    HostConfig tokens;      /* of it, who gives guests tokens */
    GHashTable *allowances; /* key -> GuestTokenAllowance: of VMs whose guest asked for one */
    GQueue asks;            /* of SimAsk: not answered yet */
    GHashTable *notices;    /* key -> SimNotice */
    GHashTable *sims;       /* Sim.key -> Sim */
    GHashTable *kept_disks; /* path -> SimDisk */
    GHashTable *tpms;       /* SimPart.id of a vTPM -> SimTpm: those whose keys somebody asked for */
    guint n_tpms;           /* whose keys were made */
    GStringChunk *texts;    /* folders that disks are kept in, images */
    guint32 made;           /* parts and disks so far: the last id that was given */
    gint64 retention_s;
    GPtrArray *fault_rules; /* of FaultRule */
    char *state_file;       /* NULL: memory only */
    guint save_timer;
    guint crossings, die_at; /* die_at 0: never */
} Simulated;

Sim *sim_new(Simulated *self, const char *key);
void sim_free(void *sim);

/* settings.c: latencies, faults and the moment to die, from `simulated.conf.json`. A file that is not there changes nothing. */
gboolean simulated_settings_load(Simulated *self, const char *state_dir, GError **error);
void simulated_fault_rule_free(void *rule);
SimulatedFault simulated_fault_of(const Simulated *self, const LaunchSpec *spec);

/* parts.c: what a VM's folder would hold. Attached disks that leave do so first; then whole or not at all: on failure
 * everything else is as it was. */
gboolean sim_parts_converge(Sim *sim, const LaunchSpec *spec, GError **error);
/* The end of its folder: its data disks go to sim->keep_dir. Of HostKeptDisk: those that lie there now; NULL: none. */
GPtrArray *sim_parts_destroy(Sim *sim);

/* guest.c: the entries of the driver's table that look into a VM. */
void simulated_screenshot(Host *host, const char *key, HostDone done, void *data);
void simulated_exec(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec,
                    HostExecDone done, void *data);
void simulated_guest_run(Host *host, const char *key, const char *const *argv, gint64 timeout_usec, HostExecDone done,
                         void *data);
/* Whoever waits is told that the end came first. */
void simulated_asks_end(Simulated *self);
void simulated_notice_put(Simulated *self, const char *key, guint64 epoch, UnixTime at, const char *event);

/* attested.c: vTPMs, and what the guest's handler says of them. A vTPM's keys are made when they are first needed, and go with
 * it. */
void sim_boot_remember(Sim *sim, const LaunchSpec *spec);
GBytes *simulated_vtpm_certificate(Host *host, const char *key, VtpmEk ek, GError **error);
/* Exit codes of testudo-guest. */
int sim_quote_run(const Sim *sim, const char *const *argv, GString *out);
int sim_activate_run(const Sim *sim, const char *const *argv, GString *out);
void simulated_tpm_forget(Simulated *self, guint32 id);
void sim_tpms_forget(const Sim *sim); /* its own, and those that were put aside */
json_t *simulated_tpms_json(const Simulated *self);
gboolean simulated_tpms_read(Simulated *self, const json_t *tpms);

/* keep.c: `simulated.json`, what a restarted daemon finds of its VMs. Nothing is kept without a state folder. */
gboolean simulated_keep_load(Simulated *self, const char *state_dir, GError **error);
void simulated_keep(Simulated *self);
/* What is due to be written is written now, and nothing more will be. */
void simulated_keep_close(Simulated *self);
