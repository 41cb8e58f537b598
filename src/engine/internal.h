/* engine/internal.h: what the engine's files share. */
#pragma once

#include "engine/engine.h"
#include "model/model.h"
#include "rollout/life.h"
#include "rollout/plan.h"
#include "store/steps.h"

/* What the engine keeps in memory of one instance; everything else is read from the store when it is needed. */
typedef struct {
    Engine *engine;
    char *key; /* "<set uid>.<id>", as the host knows it */
    gint64 set_id;
    guint id;
    HostCall in_flight;
    gboolean refused;     /* this boot was refused by Secure Boot */
    gboolean dirty;       /* in Engine.dirty */
    gboolean waiting;     /* in Engine.waiting: wants to be launched, and there is no slot */
    gboolean holds_slot;  /* between launch and the end of its boot */
    guint deadline_timer; /* clock timer, 0: none */
    LaunchSpec *spec;     /* of a launch that is to be made after the commit; or NULL */
} Tracked;

struct Engine {
    Store *store;
    Clock *clock;
    EngineConfig config;
    GMainContext *context;
    Host *host;

    GHashTable *by_key; /* char* (Tracked.key) -> Tracked */
    GQueue dirty;       /* of Tracked */
    GQueue waiting;     /* of Tracked, in the order in which they asked */
    GQueue events;      /* of HostEvent copies that no pass has taken yet */
    guint slots_taken;
    guint64 seen_etag;  /* rows changed up to here have been looked at */
    GHashTable *models; /* "set:revision" -> Model: decoded documents */

    GSource *kick; /* ready while a pass is scheduled */
    gint kicked;   /* atomic: a pass is scheduled */
    guint retry_timer;
    guint upkeep_timer;
    gboolean attached;
};

Tracked *engine_track(Engine *engine, const char *set_uid, gint64 set_id, guint id);
void engine_forget(Engine *engine, Tracked *tracked);
void engine_mark_dirty(Engine *engine, Tracked *tracked);
void engine_slot_release(Engine *engine, Tracked *tracked);

/* act.c: plans one instance inside the transaction and writes what follows from it. *ret_act is what the host is to be asked
 * for after the commit. FALSE: the transaction is lost. */
gboolean engine_act(Engine *engine, StoreTx *tx, Tracked *tracked, UnixTime now, Act *ret_act, GError **error);
/* After the commit: the host calls that the act stands for. */
void engine_call_host(Engine *engine, Tracked *tracked, Act act);

void engine_deadline_arm(Engine *engine, Tracked *tracked, UnixTime at);

/* events.c: what the host said becomes observed state. */
HostEvent *host_event_copy(const HostEvent *event);
void host_event_free(HostEvent *event);
gboolean engine_apply_event(Engine *engine, StoreTx *tx, const HostEvent *event, UnixTime now, GError **error);
/* What was found at start-up, compared with what the store remembers of this instance; found NULL: nothing of it runs. */
gboolean engine_apply_found(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, const HostFound *found,
                            UnixTime now, GError **error);
void instance_fail(StoreInstance *instance, ArmCode code, const char *message);
void instance_enter(StoreInstance *instance, LifeEvent event, UnixTime now);

/* spec.c */
/* The set that an instance belongs to; NULL always sets *error. */
StoreSet *engine_set(StoreTx *tx, gint64 id, GError **error);
Model *engine_model(Engine *engine, StoreTx *tx, const StoreSet *set, guint revision, GError **error);

/* upkeep.c: removes what its retention time is over for; every hour. */
void engine_upkeep(Engine *engine);
