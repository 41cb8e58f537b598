/* host/simulated/fleet.h: what the simulated driver's files share: its VMs as rows in memory. */
#pragma once

#include "host/simulated/simulated.h"

typedef enum { SIM_NONE, SIM_STARTING, SIM_RUNNING, SIM_STOPPING, SIM_DESTROYING } SimPhase;

typedef struct {
    struct Simulated *host;
    LaunchSpec *spec;
    SimPhase phase;
    gboolean alive, agent, refused;
    SimulatedFault fault;
    guint timer;
} Sim;

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
    GHashTable *sims;       /* key -> Sim */
    GPtrArray *fault_rules; /* of FaultRule */
    char *state_file;       /* NULL: memory only */
    guint save_timer;
    guint crossings, die_at; /* die_at 0: never */
} Simulated;

/* settings.c: latencies, faults and the moment to die, from `simulated.conf.json`. A file that is not there changes nothing. */
gboolean simulated_settings_load(Simulated *self, const char *state_dir, GError **error);
void simulated_fault_rule_free(void *rule);
SimulatedFault simulated_fault_of(const Simulated *self, const LaunchSpec *spec);

/* keep.c: `simulated.json`, what a restarted daemon finds of its VMs. Nothing is kept without a state folder. */
gboolean simulated_keep_load(Simulated *self, const char *state_dir, GError **error);
void simulated_keep(Simulated *self);
/* What is due to be written is written now, and nothing more will be. */
void simulated_keep_close(Simulated *self);
