/* Before an upgrade: what Secure Boot would refuse of an instance, and what a new vTPM would lock out. Asked inside it. */
#include "api/place.h"
#include "api/quarantine.h"
#include "attest/assessment.h"
#include "base/time_text.h"

#define ASSESS_TIMEOUT (90 * USEC_PER_SEC)

typedef struct {
    Deferred *deferred;
    Store *store;
    StoreAssessment row; /* but for its document: what is looked into */
} AssessQuestion;

static void
assess_question_free(AssessQuestion *question)
{
    g_free(question->row.document);
    g_free(question);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AssessQuestion, assess_question_free)

/* Kept for what-if and for upgrades (store/lock_out.h), unless the instance is gone. */
static gboolean
assessment_keep(AssessQuestion *question, const json_t *body, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreTx) tx = store_write(question->store, error);
    if (!tx)
        return FALSE;
    g_autoptr(StoreInstance) instance = store_instance_get(tx, question->row.set_id, question->row.instance, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    question->row.document = json_text(body);
    return !instance || (store_assessment_put(tx, &question->row, error) && store_commit(g_steal_pointer(&tx), error));
}

static void
assessed(int exit_code, const char *out, gsize out_length, const char *err G_GNUC_UNUSED, gsize err_length G_GNUC_UNUSED,
         const GError *error, void *data)
{
    g_autoptr(AssessQuestion) question = data;
    g_autoptr(GError) problem = error ? g_error_copy(error) : NULL;
    if (!problem && exit_code != 0)
        arm_fail(&problem, ARM_GUEST_RUN_FAILED, NULL, "testudo-guest ended with %d in place of an answer.", exit_code);
    g_autoptr(json_t) body = problem ? NULL : assessment_json(out, out_length, &problem);
    if (!body || !assessment_keep(question, body, &problem)) {
        deferred_fail(question->deferred, problem);
        return;
    }
    g_autofree char *time = time_to_text(question->row.at), *id = g_strdup_printf("%u", question->row.instance);
    json_set_text(body, "instanceId", id);
    json_set_text(body, "assessedAt", time);
    deferred_answer(question->deferred, respond_json(200, body));
}

/* Who ran something inside a guest is written down before it runs. */
static gboolean
assess_record(Call *call, const Place *place, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    return tx && place_record(call, tx, place->set, place->instance, OPERATION_ASSESS, error) &&
           store_commit(g_steal_pointer(&tx), error);
}

static ApiResponse *
assess(Call *call, GError **error)
{
    static const char *const argv[] = { "assess", NULL };
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error) || !quarantine_check(place.instance, error))
        return NULL;
    if (!place.instance->agent) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                 "The guest agent of instance %u has not answered in this boot: nothing can be looked at inside it.",
                 place.instance->id);
        return NULL;
    }
    if (!assess_record(call, &place, error))
        return NULL;
    g_autofree char *key = place_key(&place);
    AssessQuestion *question = g_new0(AssessQuestion, 1);
    question->store = call->api->store;
    question->row = (StoreAssessment){
        .set_id = place.set->id,
        .instance = place.instance->id,
        .at = call->now,
        .epoch = place.instance->epoch,
        .disk_gen = place.instance->run_disk_gen,
        .vtpm_gen = place.instance->run_vtpm_gen,
    };
    question->deferred = call_defer(call);
    call->api->probe.guest_run(call->api->probe.data, key, argv, ASSESS_TIMEOUT, assessed, question);
    return NULL;
}

const Route routes_assess[] = {
    { "POST", PATH_INSTANCE "/assess", assess, 0, NO_QUERY },
    { 0 },
};
