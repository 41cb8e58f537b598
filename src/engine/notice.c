#include "engine/notice.h"

#include "engine/revisions.h"
#include "engine/sets.h"
#include "rollout/terminate.h"
#include "store/desire.h"

struct Noticed {
    Tracked *tracked;
    char *event; /* the instance is deleted once: its own UUID names it, also for whoever comes after a crash */
    guint64 epoch;
    UnixTime not_before;
    guint timer;     /* to the next word with the guest */
    guint end_timer; /* to not_before */
    gboolean told;
    gboolean approved;
};

/* On its way; it may outlive the instance, and the engine. */
typedef struct {
    Engine *engine; /* NULL: it is gone */
    char *key;
    guint64 epoch;
} Telling;

static void
telling_free(Telling *telling)
{
    g_free(telling->key);
    g_free(telling);
}

static void on_time(void *data);

static void
tell_after(Noticed *noticed, gint64 usec)
{
    Clock *clock = noticed->tracked->set->engine->clock;
    if (noticed->timer)
        clock->timer_remove(clock, noticed->timer);
    noticed->timer = clock->timer_add(clock, clock->now(clock) + usec, on_time, noticed);
}

/* A guest that does not answer is told again, until its time is over. */
static void
on_answer(int exit_code, const char *out, gsize out_length, const char *err G_GNUC_UNUSED, gsize err_length G_GNUC_UNUSED,
          const GError *error, void *data)
{
    Telling *telling = data;
    Engine *engine = telling->engine;
    if (engine) {
        g_hash_table_remove(engine->tellings, telling);
        Tracked *tracked = engine_find(engine, telling->key);
        Noticed *noticed = tracked ? tracked->noticed : NULL;
        if (noticed && noticed->epoch == telling->epoch) {
            TerminateAnswer answer = error ? TERMINATE_UNKNOWN : terminate_answer_parse(exit_code, out, out_length);
            noticed->told = answer != TERMINATE_UNKNOWN;
            noticed->approved = answer == TERMINATE_APPROVED;
            if (noticed->approved) {
                engine_mark_dirty(engine, tracked);
                engine_kick(engine);
            } else {
                tell_after(noticed, TERMINATE_ASK_EVERY);
            }
        }
    }
    telling_free(telling);
}

static void
on_time(void *data)
{
    Noticed *noticed = data;
    const Tracked *tracked = noticed->tracked;
    Engine *engine = tracked->set->engine;
    g_autofree char *resource = g_strdup_printf("%s_%u", tracked->set->name, tracked->id);
    g_auto(GStrv) arguments = noticed->told ? terminate_ack_arguments(noticed->event)
                                            : terminate_notice_arguments(noticed->event, noticed->not_before, resource);
    Telling *telling = g_new0(Telling, 1);
    noticed->timer = 0;
    telling->engine = engine;
    telling->key = engine_key_of(tracked->set, tracked->id);
    telling->epoch = noticed->epoch;
    g_hash_table_add(engine->tellings, telling);
    host_guest_run(engine->host, telling->key, (const char *const *)arguments, TERMINATE_RUN_TIMEOUT, on_answer, telling);
}

void
notice_stop(Tracked *tracked)
{
    Noticed *noticed = g_steal_pointer(&tracked->noticed);
    if (!noticed)
        return;
    Clock *clock = tracked->set->engine->clock;
    if (noticed->timer)
        clock->timer_remove(clock, noticed->timer);
    if (noticed->end_timer)
        clock->timer_remove(clock, noticed->end_timer);
    tracked->set->engine->n_noticed--;
    g_free(noticed->event);
    g_free(noticed);
}

void
notice_abandon(Engine *engine)
{
    GHashTableIter iter;
    gpointer telling;
    g_hash_table_iter_init(&iter, engine->tellings);
    while (g_hash_table_iter_next(&iter, &telling, NULL))
        ((Telling *)telling)->engine = NULL;
    g_hash_table_unref(engine->tellings);
}

gboolean
notice_approved(const Tracked *tracked)
{
    return tracked->noticed && tracked->noticed->approved;
}

static void
on_end(void *data)
{
    Noticed *noticed = data;
    Engine *engine = noticed->tracked->set->engine;
    noticed->end_timer = 0;
    engine_mark_dirty(engine, noticed->tracked);
    engine_kick(engine);
}

static void
begin(Held *held)
{
    const StoreInstance *row = held->row;
    Engine *engine = held->tracked->set->engine;
    Noticed *noticed = g_new0(Noticed, 1);
    noticed->tracked = held->tracked;
    noticed->event = g_strdup(row->vm_id);
    noticed->epoch = row->epoch;
    noticed->not_before = row->terminate_at;
    held->tracked->noticed = noticed;
    tell_after(noticed, 0);
    noticed->end_timer = engine->clock->timer_add(engine->clock, row->terminate_at, on_end, noticed);
    engine->n_noticed++;
}

void
notice_follow(Pass *pass, Held *held)
{
    StoreInstance *row = held->row;
    Tracked *tracked = held->tracked;
    if (!row || row->terminate_at == 0 || !row->alive || row->state == INSTANCE_DELETING) {
        notice_stop(tracked);
        return;
    }
    /* A clock that went back makes nobody wait for longer than there is to wait at most. */
    if (row->terminate_at > pass->now + TERMINATE_MAX) {
        row->terminate_at = pass->now + TERMINATE_MAX;
        pass_changed(held);
        notice_stop(tracked);
    }
    if (!tracked->noticed)
        begin(held);
}

void
notice_follow_all(Pass *pass)
{
    for (guint i = 0; i < pass->held->len; i++)
        notice_follow(pass, g_ptr_array_index(pass->held, i));
}

gboolean
notice_give(Pass *pass, SetTracked *set, StoreInstance *instance, GError **error)
{
    guint number;
    /* It never ran: nobody is there to be told. */
    if (instance->revision == 0)
        return TRUE;
    const Revision *own = store_model_alike(pass->tx, set->id, instance->revision, &number, error)
                              ? revision_get(pass, set, number, error)
                              : NULL;
    if (own)
        desire_notice(instance, &own->model->policy, pass->now);
    return own != NULL;
}
