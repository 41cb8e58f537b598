/* engine/engine.h: the reconcile loop. Reads desired state from the store, asks the planner, drives the host, writes what it
 * observes. Level-triggered: a pass that is run again does no harm, so a crash at any point is a pass that is run again.
 * One thread: that of the GMainContext; only engine_kick() may be called from any thread. */
#pragma once

#include "base/clock.h"
#include "host/host.h"
#include "model/sizes.h"
#include "store/store.h"

#include <jansson.h>

typedef struct {
    const char *state_dir;
    guint max_starting;              /* VMs between launch and the guest agent's answer at one time, at least 1 */
    gint64 step_timeout_usec;        /* 10 minutes unless configured */
    gint64 health_wait_usec;         /* ROLL_HEALTH_WAIT (rollout/roll.h) unless configured */
    gint64 attest_period_usec;       /* between two times that an instance is attested, 1 hour unless configured */
    gint64 stop_grace_usec;          /* graceful shutdown, 30 s unless configured */
    gint64 disk_retention_usec;      /* data disks kept from removed instances, 7 days unless configured */
    gint64 operation_retention_usec; /* ended operations stay readable, 7 days */
    gboolean alerts_delivered;       /* somebody delivers what is put into the store's deliveries */
    /* Signs a change record (attest/record.h): newly allocated, or NULL with *error. On the engine's thread, inside a write
     * transaction. NULL: changes are not recorded. */
    char *(*record_sign)(const json_t *record, void *data, GError **error);
    void *record_data;
    /* Is this certificate of a vTPM (DER) revoked? NULL: none is. */
    gboolean (*certificate_revoked)(GBytes *certificate, void *data);
    void *revoked_data;
    const SizeCatalogue *sizes; /* these two: what new instances of a rolling upgrade have room for; NULL: there is no limit */
    const Quota *quota;
} EngineConfig;

typedef struct Engine Engine;

Engine *engine_new(Store *store, Clock *clock, const EngineConfig *config, GMainContext *context);
void engine_free(Engine *engine); /* leaves every VM running; accepts NULL */

/* Where the host's events go: give it (with the engine as data) to the driver's open. */
void engine_host_event(const HostEvent *event, void *engine);

/* Takes the host, compares what it found running with what the store remembers (adopts, notices deaths that happened
 * meanwhile, ends by force what the store does not know), then begins to work. */
gboolean engine_attach(Engine *engine, Host *host, GError **error);

/* Something in the store changed: run a pass soon. Any thread; coalesces. */
void engine_kick(Engine *engine);

/* The instance, by the host's name for it, is attested as soon as it can be; nothing where it is not attested at all. */
void engine_attest(Engine *engine, const char *key);

/* TRUE when no pass is due, nothing is in flight and no step is in hand; for tests and the simulation. */
gboolean engine_idle(Engine *engine);
