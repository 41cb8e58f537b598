#include "engine/health.h"

#include "engine/revisions.h"
#include "rollout/health.h"

struct Asked {
    Tracked *tracked;
    Model *model; /* whose `health` is asked for */
    guint64 epoch;
    HealthTrack track;
    guint timer;
    gboolean unsure;     /* what the store has may be older than the track */
    guint64 first_asked; /* the pass in which a former health ended; 0: it went on from the stored one */
    gboolean lost;       /* that pass was: what the store has is of a former running, or model, or there is nothing */
};

/* A question on its way; it may outlive the instance, and the engine. */
typedef struct {
    Engine *engine; /* NULL: it is gone */
    char *key;
    guint64 epoch;
    HealthAnswer answer;
    Model *model;
} Question;

static void
question_free(void *data)
{
    Question *question = data;
    model_unref(question->model);
    g_free(question->key);
    g_free(question);
}

static void
on_answer(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const GError *error, void *data)
{
    Question *question = data;
    const HealthExtension *asked = question->model->health;
    (void)err;
    (void)err_length;
    if (!question->engine) {
        question_free(question);
        return;
    }
    question->answer = error ? health_answer_none(asked) : health_answer_parse(asked, exit_code, out, out_length);
    g_hash_table_remove(question->engine->questions, question);
    g_queue_push_tail(&question->engine->answers, question);
    engine_kick(question->engine);
}

static void
on_ask(void *data)
{
    Asked *asked = data;
    const Tracked *tracked = asked->tracked;
    Engine *engine = tracked->set->engine;
    g_auto(GStrv) arguments = health_arguments(asked->model->health);
    Question *question = g_new0(Question, 1);
    asked->timer = 0;
    question->engine = engine;
    question->key = engine_key_of(tracked->set, tracked->id);
    question->epoch = asked->epoch;
    question->model = model_ref(asked->model);
    g_hash_table_add(engine->questions, question);
    host_guest_run(engine->host, question->key, (const char *const *)arguments, HEALTH_RUN_TIMEOUT, on_answer, question);
}

static void
ask_after(Asked *asked, gint64 usec)
{
    Clock *clock = asked->tracked->set->engine->clock;
    if (asked->timer)
        clock->timer_remove(clock, asked->timer);
    asked->timer = clock->timer_add(clock, clock->now(clock) + usec, on_ask, asked);
}

void
health_stop(Tracked *tracked)
{
    Asked *asked = g_steal_pointer(&tracked->asked);
    if (!asked)
        return;
    Clock *clock = tracked->set->engine->clock;
    if (asked->timer)
        clock->timer_remove(clock, asked->timer);
    model_unref(asked->model);
    g_free(asked);
}

void
health_pass_lost(const Pass *pass, Tracked *tracked)
{
    if (tracked->asked && tracked->asked->first_asked == pass->number)
        tracked->asked->lost = TRUE;
}

void
health_abandon(Engine *engine)
{
    GHashTableIter iter;
    gpointer question;
    g_hash_table_iter_init(&iter, engine->questions);
    while (g_hash_table_iter_next(&iter, &question, NULL))
        ((Question *)question)->engine = NULL;
    g_hash_table_unref(engine->questions);
    g_queue_clear_full(&engine->answers, question_free);
}

/* Who has not been asked yet is on its way, and not ill: its first answer, or its silence, comes in a bounded time. */
static Health
health_so_far(const HealthTrack *track)
{
    return track->health == HEALTH_UNKNOWN && !track->settled ? HEALTH_INITIALIZING : track->health;
}

static gboolean
is_ill(Health health)
{
    return health == HEALTH_UNHEALTHY || health == HEALTH_UNKNOWN;
}

static void
reason_set(StoreInstance *row, char *reason)
{
    g_free(row->failure_message);
    row->failure_message = reason;
}

/* The row says what the track says; answer: the last one, or NULL. TRUE: it did not so far. */
static gboolean
row_follow(StoreInstance *row, const Asked *asked, const HealthAnswer *answer, UnixTime now)
{
    const HealthTrack *track = &asked->track;
    const Health health = health_so_far(track);
    const guint phase = track->has_phase ? MIN(track->phase, G_MAXUINT - 1) + 1 : 0;
    const gboolean moved = !row->health_since || row->health != health;
    const gboolean has_reason = is_ill(health) && answer && answer->why != HEALTH_WHY_NOTHING;
    const gboolean untold = has_reason && !row->failure_message;
    if (!moved && !untold && row->health_phase == phase && row->health_skip == track->skip_upgrade)
        return FALSE;
    if (moved)
        row->health_since = now;
    /* One ill application answers this way now and that way then: what made it ill stays. */
    if (moved || untold)
        reason_set(row, has_reason ? health_answer_text(asked->model->health, answer) : NULL);
    row->health = health;
    row->health_phase = phase;
    row->health_skip = track->skip_upgrade;
    return TRUE;
}

static void
begin(Pass *pass, Held *held, Model *model)
{
    StoreInstance *row = held->row;
    Asked *asked = g_new0(Asked, 1);
    asked->tracked = held->tracked;
    asked->model = model_ref(model);
    asked->epoch = row->epoch;
    asked->track = row->health_since ? health_resume(model->health, row->health, row->state_since, pass->now)
                                     : health_begin(model->health, pass->now);
    asked->unsure = TRUE;
    asked->first_asked = row->health_since ? 0 : pass->number;
    held->tracked->asked = asked;
    if (row_follow(row, asked, /* answer= */ NULL, pass->now))
        pass_changed(held);
    ask_after(asked, 0);
}

static gboolean
is_up(const StoreInstance *row)
{
    return row->state == INSTANCE_RUNNING && row->alive && row->agent && !row->want_deleted;
}

/* Nobody asks for it any more. */
static void
health_drop(Held *held)
{
    held->row->health = HEALTH_UNKNOWN;
    held->row->health_since = 0;
    reason_set(held->row, NULL);
    pass_changed(held);
}

/* A guest without an agent cannot be asked: what nothing is heard of is not well. */
static gboolean
silence_follow(Pass *pass, Held *held, GError **error)
{
    StoreInstance *row = held->row;
    health_stop(held->tracked);
    if (!row || row->state != INSTANCE_RUNNING || !row->alive || row->agent || row->want_deleted)
        return TRUE;
    const Revision *revision = revision_get(pass, held->tracked->set, row->revision, error);
    if (!revision)
        return FALSE;
    if (revision->model->health && !row->health_since) {
        row->health = HEALTH_UNKNOWN;
        row->health_since = pass->now;
        reason_set(row, g_strdup("The application cannot be asked: the guest agent does not answer."));
        pass_changed(held);
    }
    if (!revision->model->health && row->health_since)
        health_drop(held);
    return TRUE;
}

gboolean
health_follow(Pass *pass, Held *held, GError **error)
{
    StoreInstance *row = held->row;
    Tracked *tracked = held->tracked;
    if (row && row->quarantined) {
        health_stop(tracked);
        return TRUE;
    }
    if (!row || !is_up(row))
        return silence_follow(pass, held, error);
    const Revision *revision = revision_get(pass, tracked->set, row->revision, error);
    if (!revision)
        return FALSE;
    /* A step that leaves it running took the reason with it: the next answer gives it back. */
    if (tracked->asked && is_ill(row->health) && !row->failure_message)
        tracked->asked->unsure = TRUE;
    if (tracked->asked &&
        (tracked->asked->lost || tracked->asked->epoch != row->epoch || tracked->asked->model != revision->model)) {
        gboolean same = !tracked->asked->lost && tracked->asked->epoch == row->epoch &&
                        health_extension_same(tracked->asked->model->health, revision->model->health);
        if (same)
            return TRUE;
        health_stop(tracked);
        row->health_since = 0;
        pass_changed(held);
    }
    if (!revision->model->health && row->health_since)
        health_drop(held);
    if (revision->model->health && !tracked->asked)
        begin(pass, held, revision->model);
    return TRUE;
}

gboolean
health_follow_all(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->held->len; i++) {
        if (!health_follow(pass, g_ptr_array_index(pass->held, i), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
answer_take(Pass *pass, const Question *question, GError **error)
{
    Tracked *tracked = engine_find(pass->engine, question->key);
    Asked *asked = tracked ? tracked->asked : NULL;
    if (!asked || asked->epoch != question->epoch || asked->model != question->model)
        return TRUE;
    HealthTrack before = asked->track;
    asked->track = health_next(asked->model->health, &before, &question->answer, pass->now);
    ask_after(asked, (gint64)asked->model->health->interval_s * USEC_PER_SEC);
    gboolean moved = before.health != asked->track.health || before.settled != asked->track.settled ||
                     before.has_phase != asked->track.has_phase || before.phase != asked->track.phase ||
                     before.skip_upgrade != asked->track.skip_upgrade;
    if (!moved && !asked->unsure)
        return TRUE;
    Held *held = pass_hold(pass, tracked, error);
    if (!held)
        return FALSE;
    /* Until a later answer finds it written: a pass may be lost. */
    asked->unsure = held->row && row_follow(held->row, asked, &question->answer, pass->now);
    if (asked->unsure) {
        pass_changed(held);
        return engine_act(pass, held, error);
    }
    return TRUE;
}

gboolean
health_take(Pass *pass, GError **error)
{
    Question *question;
    while (pass->held->len < PASS_MAX && (question = g_queue_pop_head(&pass->engine->answers))) {
        gboolean taken = answer_take(pass, question, error);
        question_free(question);
        if (!taken)
            return FALSE;
    }
    return TRUE;
}
