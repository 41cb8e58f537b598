/* engine/pass.h: one transaction of the engine, and the rows of instances that it has in hand. A row is read once at most,
 * changed in memory, and written once, at the end; whoever needs it in between finds what was made of it so far. */
#pragma once

#include "engine/internal.h"
#include "rollout/life.h"
#include "rollout/revive.h"
#include "store/steps.h"

/* Rows that a pass takes in hand, so that it never holds the store's writer for long. */
#define PASS_MAX 256

struct Held {
    Tracked *tracked;
    StoreInstance *row; /* NULL: there is none, or this pass removes it */
    gboolean changed;   /* by this pass: it is to be written */
    guint was_revision; /* what the store has as the row's want_revision; and its want_deleted */
    gboolean was_deleted;
    gboolean written; /* by this pass, once at least */
    gboolean removed; /* by this pass */
    gboolean born;    /* in this pass: there is no such instance until it is committed */
    gboolean isolate; /* after the commit the host is told whether it is isolated (engine/consequences.h) */
    gboolean release; /* its undo is forgotten: after the commit the host keeps nothing for it any more */
    gboolean to_act;  /* the host spoke of it, or its set's plan touched it: it is planned in this pass */
    Act act;          /* what the host is to be asked for after the commit */
    LaunchSpec *spec; /* ACT_LAUNCH: with this; else NULL */
};

typedef struct {
    Engine *engine;
    StoreTx *tx;
    UnixTime now;
    guint64 number;     /* the how manieth of this engine */
    GPtrArray *held;    /* of Held, in the order in which they were taken */
    GPtrArray *due;     /* of Held, borrowed, whose `act` is to be done, in the order of planning */
    GPtrArray *planned; /* of SetTracked, whose plans are in this pass */
    StepLedger *ledger; /* steps that began or ended in this pass */
    GQueue events;      /* of HostEvent, taken from Engine.events */
} Pass;

Pass *pass_new(Engine *engine, GError **error); /* begins the transaction */
void pass_free(Pass *pass);                     /* takes back what was not committed; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pass, pass_free)

/* The instance's row in hand; its `row` is NULL where there is none. NULL sets *error. */
Held *pass_hold(Pass *pass, Tracked *tracked, GError **error);
/* The same with a row that was read already; takes the row. */
Held *pass_hold_row(Pass *pass, Tracked *tracked, StoreInstance *row);
/* One of the set's that is planned for: it has a row. NULL sets *error. */
Held *pass_hold_planned(Pass *pass, SetTracked *set, guint id, GError **error);
/* A new instance of the set, made with instance_new() from `row`, which is the set's and is written. Takes the instance; it is
 * planned in this pass. NULL sets *error. */
Held *pass_add(Pass *pass, SetTracked *set, StoreSet *row, StoreInstance *instance, GError **error);
/* The set's row as it is in this transaction; NULL always sets *error. */
StoreSet *pass_set_row(const Pass *pass, const SetTracked *set, GError **error);
/* The row was changed, and its set is to hear of it. */
void pass_changed(Held *held);
/* The same, and its set hears of it now: its planner is asked again at once. */
void pass_changed_now(Held *held);
/* The row goes at the end of the pass; its step has been ended by the caller. */
void pass_remove(Held *held);

/* Tells the sets of the rows in hand that changed. Whoever changes one after that tells again. */
void pass_tell(Pass *pass);
/* Writes what changed since it was written last: rows, then the operations of their steps. Rows stay in hand. */
gboolean pass_write(Pass *pass, GError **error);
/* Lets go of the rows, written ones only; for whoever goes through very many in one transaction. */
void pass_let_go(Pass *pass);
/* Everything that the store's revision covers now has been seen, this pass's own writes too. */
gboolean pass_commit(Pass *pass, GError **error);

/* act.c: plans the instance and changes the row by what follows; what the host is to be asked for comes into Pass.due. */
gboolean engine_act(Pass *pass, Held *held, GError **error);
/* After the commit: the host calls that the act stands for. */
void engine_call_host(Engine *engine, Held *held);
/* After the commit of a row without an undo: the host holds nothing for one. */
void engine_release(Engine *engine, const Tracked *tracked);
void instance_enter(StoreInstance *instance, LifeEvent event, UnixTime now);
void instance_fail(StoreInstance *instance, ArmCode code, const char *message);

/* events.c: what the host said becomes observed state. */
HostEvent *host_event_copy(const HostEvent *event);
void host_event_free(HostEvent *event);
gboolean engine_apply_event(Pass *pass, const HostEvent *event, GError **error);
/* What was found at start-up, compared with what the store remembers of this instance; found NULL: nothing of it runs. */
gboolean engine_apply_found(Pass *pass, Held *held, const HostFound *found, GError **error);

/* revive.c: what came down unasked is started again. The ending is told before the row is changed by what ended it. */
Ending engine_ending_of(const Pass *pass, const StoreInstance *instance, gboolean started, ArmCode code);
/* After that: the row is due to be started again, where that is decided so, and says when. */
gboolean engine_came_down(Pass *pass, Held *held, const Ending *ending, GError **error);
/* Its time has come: a step that launches it begins. */
gboolean engine_revive(Pass *pass, Held *held, GError **error);

/* spec.c. Reads Engine.subscription: once in the life of a store it is made, and then it stays; a store that has none yet is
 * asked again. */
gboolean engine_subscription_know(Engine *engine, StoreTx *tx, GError **error);

/* spec.c: from the store's rows to what the host is to launch. NULL: it cannot be launched, *error says why. */
LaunchSpec *engine_launch_spec(Pass *pass, SetTracked *set, const StoreInstance *instance, GError **error);
