/* engine/internal.h: what the engine's files share. */
#pragma once

#include "engine/engine.h"
#include "rollout/plan.h"

typedef struct SetTracked SetTracked; /* engine/sets.h */
typedef struct Held Held;             /* engine/pass.h */

/* What the engine keeps in memory of one instance, between passes too; there may be very many of them. Everything else is
 * read from the store when it is needed. */
typedef struct {
    SetTracked *set;
    Held *held;                /* its row, while a pass has it in hand; or NULL */
    GList *dirty;              /* its link in Engine.dirty, or NULL: nothing of it changed */
    GList *waiting;            /* its link in Engine.waiting, or NULL: there is no launch of it that wants for a slot */
    struct Asked *asked;       /* its guest is asked for its health (engine/health.h); or NULL */
    struct Noticed *noticed;   /* its guest is told of its end (engine/notice.h); or NULL */
    struct Attested *attested; /* its vTPM is asked how it booted (engine/attest.h); or NULL */
    guint id;
    guint change_seen;      /* the newest change that its being down or up was written to (engine/records.c); 0: look */
    guint deadline_timer;   /* clock timer of its step, or of its next start; 0: none */
    HostCall in_flight : 8; /* set by engine_call() alone */
    guint reboots : 16;     /* of its guest, as far as this daemon saw them */
    guint refused : 1;      /* this boot was refused by Secure Boot */
    guint holds_slot : 1;   /* between launch and the end of its boot */
    guint counted : 1;      /* its set has been told of it */
    guint news : 1;         /* its row changed, and its set has not been told */
    guint isolated : 1;     /* as the host was told last */
    guint down : 1;         /* as it was written to change_seen */
    guint dead : 1;         /* the timer is that of its next start, after it died */
} Tracked;

struct Engine {
    Store *store;
    Clock *clock;
    EngineConfig config;
    GMainContext *context;
    Host *host;
    char *subscription; /* once it was read; it never changes */

    GHashTable *instances;   /* set of Tracked, by scale set and id */
    GHashTable *sets;        /* gint64 (SetTracked.id) -> SetTracked */
    GHashTable *sets_by_uid; /* char* (SetTracked.uid) -> SetTracked, borrowed */
    guint n_stale;           /* of these, how many are to be told of all their rows again */
    GQueue dirty;            /* of Tracked */
    GQueue dirty_sets;       /* of SetTracked */
    guint n_rolls;           /* sets with a rolling upgrade under way, as far as it was seen */
    GQueue waiting;          /* of Tracked, in the order in which they asked */
    GQueue events;           /* of HostEvent copies that no pass has taken yet */
    GHashTable *successors;  /* Tracked -> id of the one that comes in its place, and waits for its end; keys borrowed */
    GHashTable *questions;   /* set of Question: guests are asked, and did not answer yet (engine/health.c) */
    GHashTable *tellings;    /* set of Telling: guests are told, and did not answer yet (engine/notice.c) */
    GQueue answers;          /* of Question, answered */
    GHashTable *rounds;      /* set of Round: evidence is under way (engine/attest.c) */
    GQueue attested;         /* of Round, that came back */
    GHashTable *reference_components; /* char* (URN) -> what is computed of the image (engine/references.c) */
    GHashTable *reference_logs;       /* char* -> EventLog: parsed ones of baselines (engine/references.c) */
    guint n_noticed;                  /* instances whose guests are told of their end */
    guint slots_taken;
    guint calls_in_flight;
    guint n_dead; /* instances that died and wait for their next start */
    guint64 passes;
    guint64 seen; /* the store's revision up to which every change was looked at */

    GSource *kick; /* ready while a pass is scheduled */
    gint kicked;   /* atomic: a pass is scheduled */
    guint retry_timer;
    guint upkeep_timer;
    guint superseded_timer; /* engine/superseded.c */
    guint records_timer;    /* engine/records.c */
    UnixTime records_at;    /* when it is due */
    GHashTable *unsettled;  /* gint64 (StoreUpgrade.id) -> id of the instance that its record waits for (engine/records.c) */
    gboolean attached;
    UnixTime attached_at;
    GHashTable *strangers; /* char* (key) -> char* (ARM id or NULL): removed when the engine began to work */
};

/* tracked.c */
GHashTable *engine_instances_new(void);
/* The one that is known, or a new one. */
Tracked *engine_track(Engine *engine, SetTracked *set, guint id);
Tracked *engine_lookup(Engine *engine, SetTracked *set, guint id); /* or NULL */
Tracked *engine_find(Engine *engine, const char *key);             /* by the host's name for it; or NULL */
void engine_forget(Engine *engine, Tracked *tracked);
/* "<set uid>.<id>", as the host knows it. */
char *engine_key_of(const SetTracked *set, guint id);
void engine_mark_dirty(Engine *engine, Tracked *tracked);
Tracked *engine_dirty_pop(Engine *engine);
void engine_dirty_drop(Engine *engine, Tracked *tracked);
void engine_call(Engine *engine, Tracked *tracked, HostCall call);
/* A launch needs a slot; FALSE: there is none, and it waits for one. */
gboolean engine_slot_take(Engine *engine, Tracked *tracked);
/* It boots already: it has one, whether there is one or not. */
void engine_slot_hold(Engine *engine, Tracked *tracked);
/* The launch is over, well or not: its deadline is too. */
void engine_slot_release(Engine *engine, Tracked *tracked);
void engine_slots_offer(Engine *engine);
void engine_deadline_arm(Engine *engine, Tracked *tracked, UnixTime at);
/* The same for the next start of one that died. */
void engine_revival_arm(Engine *engine, Tracked *tracked, UnixTime at);

/* upkeep.c: removes what its retention time is over for; every hour. */
void engine_upkeep(Engine *engine);
