#include "engine/attest.h"

#include "attest/credential.h"
#include "base/guest_wire.h"
#include "base/hex.h"
#include "engine/alerts.h"
#include "engine/consequences.h"
#include "engine/revisions.h"
#include "engine/verdicts.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define NONCE_SIZE  32
#define RUN_TIMEOUT (90 * USEC_PER_SEC)
/* A guest that was not reached is asked again soon, a few times. */
#define RETRY_USEC (20 * USEC_PER_SEC)
#define RETRIES    3
/* All that ran when the daemon came are asked within this time. */
#define FIRST_LOOK_USEC (60 * USEC_PER_SEC)

struct Attested {
    Tracked *tracked;
    Model *model;
    guint64 epoch;
    guint timer;
    guint tries;      /* in vain, in a row */
    guint64 heard_in; /* the number of the pass that took its last answer */
};

/* Under way in the guest, or answered; it may outlive the instance, and the engine. */
typedef struct {
    Engine *engine; /* NULL: it is gone */
    char *key;
    guint64 epoch;
    guint reboots; /* of the guest, before the boot that it is of */
    GuestAnswer quote;
    /* Once the quote is there, and its key is to be shown first. */
    GBytes *ak;
    GBytes *id_object, *encrypted_secret;
    guint8 secret[CREDENTIAL_SECRET_SIZE];
    GuestAnswer activation;
    guint timer;
} Round;

static void
round_free(void *data)
{
    Round *round = data;
    guest_answer_clear(&round->quote);
    guest_answer_clear(&round->activation);
    g_clear_pointer(&round->ak, g_bytes_unref);
    g_clear_pointer(&round->id_object, g_bytes_unref);
    g_clear_pointer(&round->encrypted_secret, g_bytes_unref);
    OPENSSL_cleanse(round->secret, sizeof round->secret);
    g_free(round->key);
    g_free(round);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Round, round_free)

static char *
hex_of(GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    return hex_text(data, size);
}

/* ---- in the guest ---- */

static void
answer_keep(GuestAnswer *answer, int exit_code, const char *out, gsize length, const GError *error)
{
    answer->exit_code = exit_code;
    answer->out = g_bytes_new(out, length);
    answer->error_code = error ? (ArmCode)error->code : ARM_N_CODES;
    answer->error_text = error ? g_strdup(error->message) : NULL;
}

static void
round_over(Round *round)
{
    g_hash_table_remove(round->engine->rounds, round);
    g_queue_push_tail(&round->engine->attested, round);
    engine_kick(round->engine);
}

static void
on_answer(int exit_code, const char *out, gsize out_length, const char *err G_GNUC_UNUSED, gsize err_length G_GNUC_UNUSED,
          const GError *error, void *data)
{
    Round *round = data;
    if (!round->engine) {
        round_free(round);
        return;
    }
    answer_keep(round->ak ? &round->activation : &round->quote, exit_code, out, out_length, error);
    if (!round->ak)
        guest_answer_read(&round->quote);
    round_over(round);
}

static void
on_ask(void *data)
{
    Attested *attested = data;
    const Tracked *tracked = attested->tracked;
    Engine *engine = tracked->set->engine;
    guint8 nonce[NONCE_SIZE];
    attested->timer = 0;
    /* Without random numbers nothing could be proven. */
    g_assert(RAND_bytes(nonce, sizeof nonce) == 1);
    Round *round = g_new0(Round, 1);
    round->engine = engine;
    round->key = engine_key_of(tracked->set, tracked->id);
    round->epoch = attested->epoch;
    round->reboots = tracked->reboots;
    round->quote.nonce = g_bytes_new(nonce, sizeof nonce);
    g_autofree char *text = hex_of(round->quote.nonce);
    const char *const arguments[] = { "quote", text, NULL };
    g_hash_table_add(engine->rounds, round);
    host_guest_run(engine->host, round->key, arguments, RUN_TIMEOUT, on_answer, round);
}

static void
ask_after(Attested *attested, gint64 usec)
{
    Clock *clock = attested->tracked->set->engine->clock;
    if (attested->timer)
        clock->timer_remove(clock, attested->timer);
    attested->timer = clock->timer_add(clock, clock->now(clock) + usec, on_ask, attested);
}

static void
on_activate(void *data)
{
    Round *round = data;
    g_autofree char *object = hex_of(round->id_object), *secret = hex_of(round->encrypted_secret);
    const char *const arguments[] = { "activate", object, secret, NULL };
    round->timer = 0;
    host_guest_run(round->engine->host, round->key, arguments, RUN_TIMEOUT, on_answer, round);
}

/* The evidence waits until its key is shown to be in this vTPM. */
static gboolean
activation_begin(Engine *engine, Round *round, GBytes *ek_bytes, GError **error)
{
    g_autoptr(TpmKey) ek = tpm_key_parse(ek_bytes, error);
    g_autoptr(TpmKey) ak = ek ? tpm_key_parse(round->ak, error) : NULL;
    if (!ak)
        return FALSE;
    g_assert(RAND_bytes(round->secret, sizeof round->secret) == 1);
    if (!credential_make(ek, ak->name, round->secret, &round->id_object, &round->encrypted_secret, error))
        return FALSE;
    g_hash_table_add(engine->rounds, round);
    round->timer = engine->clock->timer_add(engine->clock, engine->clock->now(engine->clock), on_activate, round);
    return TRUE;
}

/* "secret HEX" */
static gboolean
is_secret(const Round *round)
{
    gsize size;
    const char *out = g_bytes_get_data(round->activation.out, &size);
    g_autofree char *hex = hex_text(round->secret, sizeof round->secret),
                    *expected = g_strconcat(WIRE_SECRET " ", hex, "\n", NULL);
    return round->activation.error_code == ARM_N_CODES && round->activation.exit_code == 0 && size == strlen(expected) &&
           CRYPTO_memcmp(out, expected, size) == 0;
}

/* ---- who is asked ---- */

/* Everybody of a set at the same moment would be a peak: a part of this time, which the instance decides. */
static gint64
part_of(const Attested *attested, gint64 usec)
{
    const guint64 mixed = (attested->tracked->id + 1) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) + attested->epoch;
    return usec * (gint64)(mixed >> 32 & 0xff) / 0xff;
}

/* Up to a tenth sooner. */
static gint64
period_of(const Attested *attested)
{
    const Engine *engine = attested->tracked->set->engine;
    const guint own = attested->model->attestation->period_s;
    const gint64 period = own ? own * USEC_PER_SEC : engine->config.attest_period_usec;
    return period - part_of(attested, period / 10);
}

void
attest_stop(Tracked *tracked)
{
    Attested *attested = g_steal_pointer(&tracked->attested);
    if (!attested)
        return;
    Clock *clock = tracked->set->engine->clock;
    if (attested->timer)
        clock->timer_remove(clock, attested->timer);
    model_unref(attested->model);
    g_free(attested);
}

void
engine_attest(Engine *engine, const char *key)
{
    const Tracked *tracked = engine_find(engine, key);
    if (tracked && tracked->attested && tracked->attested->timer)
        ask_after(tracked->attested, 0);
}

void
attest_pass_lost(const Pass *pass, Tracked *tracked)
{
    if (tracked->attested && tracked->attested->heard_in == pass->number)
        ask_after(tracked->attested, RETRY_USEC);
}

void
attest_abandon(Engine *engine)
{
    GHashTableIter iter;
    gpointer item;
    g_hash_table_iter_init(&iter, engine->rounds);
    while (g_hash_table_iter_next(&iter, &item, NULL)) {
        Round *round = item;
        round->engine = NULL;
        if (round->timer) {
            engine->clock->timer_remove(engine->clock, round->timer);
            round_free(round);
        }
    }
    g_hash_table_unref(engine->rounds);
    g_queue_clear_full(&engine->attested, round_free);
}

/* Who waits for a verdict is asked now. What a former daemon found is of a boot that may be over: nobody saw what the guest did
 * until this one came. */
static UnixTime
due_of(const Pass *pass, const Held *held, const Attested *attested, const StoreVtpm *vtpm)
{
    const Engine *engine = pass->engine;
    if (vtpm->resets_epoch != held->row->epoch || held->row->integrity == INTEGRITY_WAITED_FOR || !vtpm->tried)
        return pass->now;
    const UnixTime next = vtpm->tried + period_of(attested);
    return vtpm->tried >= engine->attached_at ? next : MIN(next, engine->attached_at + part_of(attested, FIRST_LOOK_USEC));
}

static gboolean
begin(Pass *pass, Held *held, Model *model, GError **error)
{
    g_autoptr(StoreVtpm) vtpm = vtpm_know(pass, held, error);
    if (!vtpm)
        return FALSE;
    Attested *attested = g_new0(Attested, 1);
    attested->tracked = held->tracked;
    attested->model = model_ref(model);
    attested->epoch = held->row->epoch;
    held->tracked->attested = attested;
    ask_after(attested, CLAMP(due_of(pass, held, attested, vtpm) - pass->now, 0, period_of(attested)));
    return TRUE;
}

void
attest_reboot(Pass *pass, Held *held)
{
    Tracked *tracked = held->tracked;
    Attested *attested = tracked->attested;
    /* What was asked of the former boot says nothing of this one. */
    tracked->reboots++;
    if (!attested)
        return;
    integrity_set(pass, held, INTEGRITY_WAITED_FOR);
    attested->tries = 0;
    /* A guest that does not come back is asked all the same, and found to be silent. */
    ask_after(attested, pass->engine->config.step_timeout_usec);
}

void
attest_agent_back(const Held *held)
{
    Attested *attested = held->tracked->attested;
    const Integrity integrity = held->row->integrity;
    /* One that was found to be silent has been asked often enough, and would not be again for a period. */
    if (attested && attested->timer && (integrity == INTEGRITY_WAITED_FOR || integrity == INTEGRITY_UNREACHABLE))
        ask_after(attested, 0);
}

static gboolean
is_up(const StoreInstance *row)
{
    return row && row->state == INSTANCE_RUNNING && row->alive && !row->want_deleted;
}

/* What keeps there from being any evidence; NULL: nothing. */
static const char *
hindrance_of(const StoreInstance *row, const Model *model, const char **ret_code)
{
    *ret_code = !model->vtpm ? VERDICT_NO_VTPM : !row->agent ? "noGuestAgent" : NULL;
    if (!model->vtpm)
        return "The instance has no vTPM: the Guest Attestation extension needs vTpmEnabled and secureBootEnabled.";
    return row->agent ? NULL : "The guest agent does not answer: the handler cannot run.";
}

gboolean
attest_follow(Pass *pass, Held *held, GError **error)
{
    StoreInstance *row = held->row;
    Tracked *tracked = held->tracked;
    isolation_follow(held);
    /* It keeps what was found of it. */
    if (row && row->quarantined) {
        attest_stop(tracked);
        return TRUE;
    }
    const Revision *revision = is_up(row) ? revision_get(pass, tracked->set, row->revision, error) : NULL;
    if (is_up(row) && !revision)
        return FALSE;
    Model *model = revision && revision->model->attestation ? revision->model : NULL;
    if (!model) {
        attest_stop(tracked);
        if (!row)
            return TRUE;
        /* The model has the extension no more. */
        const gboolean ends = is_up(row) && integrity_fails(row->integrity);
        integrity_set(pass, held, INTEGRITY_NONE);
        consequences_end(held);
        return !ends || alerts_end(pass, tracked->set, row->id, ALERTS_OF_A_BOOT, error);
    }
    const char *code, *hindrance = hindrance_of(row, model, &code);
    if (hindrance) {
        attest_stop(tracked);
        return (row->integrity == INTEGRITY_NOT_ATTESTED || row->integrity == INTEGRITY_UNREACHABLE ||
                verdict_put(pass, held, row->agent ? INTEGRITY_NOT_ATTESTED : INTEGRITY_UNREACHABLE, code, hindrance, error)) &&
               consequences_follow(pass, held, model, error);
    }
    /* What was found was found by another rule. */
    const gboolean judged_anew =
        tracked->attested && tracked->attested->model->attestation->baseline != model->attestation->baseline;
    if (tracked->attested && (tracked->attested->epoch != row->epoch || tracked->attested->model != model))
        attest_stop(tracked);
    if (row->integrity == INTEGRITY_NONE)
        integrity_set(pass, held, INTEGRITY_WAITED_FOR);
    if (!tracked->attested && !begin(pass, held, model, error))
        return FALSE;
    if (judged_anew)
        ask_after(tracked->attested, 0);
    return consequences_follow(pass, held, model, error);
}

gboolean
attest_follow_all(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->held->len; i++) {
        if (!attest_follow(pass, g_ptr_array_index(pass->held, i), error))
            return FALSE;
    }
    return TRUE;
}

/* ---- what came back ---- */

static void
next_arrange(const Pass *pass, Attested *attested, const Held *held)
{
    attested->heard_in = pass->number;
    const gboolean reached = held->row->integrity != INTEGRITY_UNREACHABLE;
    attested->tries = reached ? 0 : attested->tries + 1;
    ask_after(attested, reached || attested->tries > RETRIES ? period_of(attested) : RETRY_USEC);
}

static gboolean
is_revoked(const Pass *pass, const StoreVtpm *vtpm)
{
    const EngineConfig *config = &pass->engine->config;
    return config->certificate_revoked && vtpm->certificate &&
           config->certificate_revoked(vtpm->certificate, config->revoked_data);
}

static gboolean
round_judge(Pass *pass, Held *held, StoreVtpm *vtpm, const Round *round, GError **error)
{
    if (round->ak && !is_secret(round))
        return verdict_put(pass, held, INTEGRITY_NOT_ATTESTED, "keyNotActivated",
                           "The attestation key was not shown to be in the vTPM that was made for this instance: a credential "
                           "for both was not given back.",
                           error);
    if (round->ak) {
        g_clear_pointer(&vtpm->ak, g_bytes_unref);
        vtpm->ak = g_bytes_ref(round->ak);
        vtpm->bound = pass->now;
    }
    if (is_revoked(pass, vtpm))
        return verdict_put(
            pass, held, INTEGRITY_NOT_ATTESTED, "certificateRevoked",
            "The certificate of this instance's vTPM was revoked: nothing that it says counts. A reimage gives the "
            "instance another one.",
            error);
    return verdict_make(pass, held, vtpm, &round->quote, error);
}

/* *round is taken where it goes on in the guest. */
static gboolean
round_take(Pass *pass, Round **round, GError **error)
{
    Tracked *tracked = engine_find(pass->engine, (*round)->key);
    Attested *attested = tracked ? tracked->attested : NULL;
    if (!attested || attested->epoch != (*round)->epoch || tracked->reboots != (*round)->reboots)
        return TRUE;
    /* Whatever becomes of this pass, it is asked again. */
    ask_after(attested, RETRY_USEC);
    Held *held = pass_hold(pass, tracked, error);
    if (!held || !is_up(held->row))
        return held != NULL;
    g_autoptr(StoreVtpm) vtpm = vtpm_know(pass, held, error);
    g_autoptr(GBytes) ek = NULL;
    if (!vtpm)
        return FALSE;
    if (!(*round)->ak && ((*round)->ak = verdict_new_key(vtpm, &(*round)->quote, &ek))) {
        g_autoptr(GError) problem = NULL;
        if (activation_begin(pass->engine, *round, ek, &problem)) {
            ask_after(attested, 2 * RUN_TIMEOUT);
            *round = NULL;
            return TRUE;
        }
        return verdict_put(pass, held, INTEGRITY_NOT_ATTESTED, "keyUnfit", problem->message, error);
    }
    if (!round_judge(pass, held, vtpm, *round, error))
        return FALSE;
    next_arrange(pass, attested, held);
    return engine_act(pass, held, error);
}

gboolean
attest_take(Pass *pass, GError **error)
{
    Round *next;
    while (pass->held->len < PASS_MAX && (next = g_queue_pop_head(&pass->engine->attested))) {
        g_autoptr(Round) round = next;
        if (!round_take(pass, &round, error))
            return FALSE;
    }
    return TRUE;
}
