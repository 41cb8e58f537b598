#include "api/what_if.h"

#include "api/draft.h"
#include "api/lock_out.h"
#include "api/place.h"
#include "api/revisions.h"
#include "base/time_text.h"
#include "store/desire.h"
#include "store/models.h"

#include <string.h>

/* What the instances of a set are compared with, and what came of it. */
typedef struct {
    StoreTx *tx;
    const StoreSet *set; /* NULL: it would be created */
    Draft *draft;
    GHashTable *models; /* revision -> Model */
    gboolean surge;     /* instances are replaced, not changed */
    UnixTime now;
    GPtrArray *locked_out; /* of GError */
    guint by_kind[CHANGE_N_KINDS];
    guint deleted;
} Question;

static json_t *
texts_json(char **texts)
{
    json_t *list = json_array();
    for (; texts && *texts; texts++)
        json_array_append_new(list, json_string(*texts));
    return list;
}

/* "status", and what was found then where it was in what the instance has still. */
static json_t *
assessment_shown(const StoreAssessment *assessment, Assessed state)
{
    json_t *shown = json_object();
    json_set_text(shown, "status", state == ASSESSED ? "Assessed" : "NotAssessed");
    if (state != ASSESSED)
        json_set_text(shown, "reason", assessed_text(state));
    if (state == ASSESSED_NEVER || state == ASSESSED_ANOTHER)
        return shown;
    g_autoptr(json_t) document = json_parse(assessment->document, strlen(assessment->document), NULL);
    g_autofree char *at = time_to_text(assessment->at);
    json_set_text(shown, "assessedAt", at);
    static const char *const lists[] = { "refused", "notSeen" };
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        json_t *list = json_object_get(document, lists[i]);
        if (list)
            json_object_set(shown, lists[i], list);
    }
    return shown;
}

static json_t *
instance_json(const StoreInstance *instance, const char *change, json_t *parts, json_t *lost)
{
    g_autofree char *id = g_strdup_printf("%u", instance->id);
    return json_pack("{ss ss so so}", "instanceId", id, "change", change, "parts", parts, "lost", lost);
}

/* What was last looked up in the instance, as far as this change makes it count; NULL: not at all. Volumes that it locks out
 * are lost, too. FALSE: *error. */
static gboolean
assessment_consider(Question *question, const StoreInstance *instance, const Model *from, const Change *change, json_t *lost,
                    json_t **ret_shown, GError **error)
{
    const Losses losses = losses_of_change(change, question->surge);
    const gboolean enforced = question->draft->after->secure_boot && !from->secure_boot && !losses.os_disk;
    const gboolean locks = losses.vtpm && instance->run_vtpm_gen > 0;
    GError *lookup = NULL;
    *ret_shown = NULL;
    if (instance->run_disk_gen == 0 || (!enforced && !locks))
        return TRUE;
    g_autoptr(StoreAssessment) assessment = store_assessment_get(question->tx, question->set->id, instance->id, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    const Assessed state = assessed_state(assessment, instance, question->now);
    json_t *shown = assessment_shown(assessment, state), *finding;
    json_t *findings = lock_out_findings(assessment, instance, losses);
    size_t i;
    json_array_foreach(findings, i, finding)
    {
        g_autofree char *text = g_strdup_printf("%s '%s': %s", json_member_text(finding, "kind"),
                                                json_member_text(finding, "name"), json_member_text(finding, "reason"));
        json_array_append_new(lost, json_string(text));
    }
    json_object_set_new(shown, "lockedOut", findings);
    if (!enforced)
        json_object_del(shown, "refused");
    *ret_shown = shown;
    return lock_out_judge(question->tx, instance, losses, question->locked_out, error);
}

static json_t *
instance_compare(Question *question, const StoreInstance *instance, GError **error)
{
    Model *from = models_by_revision_get(question->models, question->tx, question->set,
                                         instance->revision ? instance->revision : instance->want_revision, error);
    if (!from)
        return NULL;
    Change change = change_between(from, question->draft->after);
    const ImageInfo *image = question->draft->image;
    g_auto(GStrv) parts = change_parts(&change), losses = change_losses(&change, image ? image->generation : 0);
    question->by_kind[change.kind]++;
    g_autoptr(json_t) lost = texts_json(losses), shown = NULL;
    if (!assessment_consider(question, instance, from, &change, lost, &shown, error))
        return NULL;
    json_t *entry = instance_json(instance, change_kind_text(change.kind), texts_json(parts), json_incref(lost));
    if (shown)
        json_object_set(entry, "assessment", shown);
    return entry;
}

static json_t *
instance_removal(Question *question, const StoreInstance *instance)
{
    question->deleted++;
    return instance_json(instance, "delete", json_array(), json_pack("[s]", "The instance, with its OS disk and guest state."));
}

/* Those that would be there, with those that scaling in would take. */
static json_t *
instances_json(Question *question, GPtrArray *present, GError **error)
{
    guint capacity = question->draft->after->capacity, surplus = present->len - MIN(present->len, capacity), next = 0;
    g_autoptr(GError) refusal = NULL;
    g_autoptr(GPtrArray) removed = desire_scale_in(present, &question->draft->after->policy.scale_in, surplus, &refusal);
    if (refusal && !question->draft->refusal)
        question->draft->refusal = g_steal_pointer(&refusal);
    g_autoptr(json_t) list = json_array();
    for (guint i = 0; i < present->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(present, i);
        gboolean goes = removed && next < removed->len && g_ptr_array_index(removed, next) == instance;
        json_t *entry = goes ? instance_removal(question, instance) : instance_compare(question, instance, error);
        if (!entry)
            return NULL;
        next += goes ? 1 : 0;
        json_array_append_new(list, entry);
    }
    return g_steal_pointer(&list);
}

static json_t *
summary_json(const Question *question, guint present)
{
    guint capacity = question->draft->after->capacity;
    json_t *summary = json_object();
    for (int kind = 0; kind < CHANGE_N_KINDS; kind++)
        json_object_set_new(summary, change_kind_text((ChangeKind)kind), json_integer(question->by_kind[kind]));
    json_object_set_new(summary, "create", json_integer(capacity - MIN(capacity, present)));
    json_object_set_new(summary, "delete", json_integer(question->deleted));
    return summary;
}

static void
refusal_set(json_t *body, const GError *refusal)
{
    g_autoptr(ApiResponse) response = respond_error(refusal);
    gsize length;
    const char *text = g_bytes_get_data(response->body, &length);
    g_autoptr(json_t) error_body = json_loadb(text, length, 0, NULL);
    json_object_set(body, "error", json_object_get(error_body, "error"));
}

static GPtrArray *
present_load(const Question *question, GError **error)
{
    if (!question->set)
        return g_ptr_array_new();
    GPtrArray *instances = store_instance_list(question->tx, question->set->id, error);
    for (guint i = instances ? instances->len : 0; i > 0; i--) {
        const StoreInstance *instance = g_ptr_array_index(instances, i - 1);
        if (instance->want_deleted || instance->surge || instance->replaced)
            g_ptr_array_remove_index(instances, i - 1);
    }
    return instances;
}

static const char *
when_text(const Model *after)
{
    switch (after->upgrade_mode) {
    case UPGRADE_AUTOMATIC:
        return "Upgrade mode is Automatic: all instances change at once, in any order.";
    case UPGRADE_ROLLING:
        return after->policy.rolling.max_surge
                   ? "Upgrade mode is Rolling with maxSurge: new instances are made batch by batch; when they are healthy, as "
                     "many old ones are deleted, with their OS disks. Their data disks are kept unattached for the retention "
                     "time (testudo disk list), unless their deleteOption is Delete."
                   : "Upgrade mode is Rolling: instances change batch by batch, each batch when the one before it is healthy.";
    default:
        return "Upgrade mode is Manual: an instance changes when it is named in manualupgrade; new instances "
               "take the new model at once.";
    }
}

/* Do instances follow the model by themselves? */
static gboolean
follows(const Question *question, gboolean *ret_follows, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreRoll) under_way = store_roll_active(question->tx, question->set->id, &lookup);
    *ret_follows = under_way || question->draft->after->upgrade_mode != UPGRADE_MANUAL;
    if (lookup)
        g_propagate_error(error, lookup);
    return lookup == NULL;
}

/* As the request itself is answered: refused where instances follow at once and nobody acknowledged it. Otherwise it is told.
 */
static gboolean
locked_out_tell(Question *question, gboolean acknowledged, json_t *warnings, GError **error)
{
    gboolean at_once = FALSE;
    if (question->locked_out->len == 0)
        return TRUE;
    if (!follows(question, &at_once, error))
        return FALSE;
    if (at_once && !acknowledged && !question->draft->refusal)
        arm_set_error_from_violations(&question->draft->refusal, question->locked_out);
    for (guint i = 0; i < question->locked_out->len; i++) {
        const GError *violation = g_ptr_array_index(question->locked_out, i);
        json_array_append_new(warnings, json_string(violation->message));
    }
    return TRUE;
}

static json_t *
answer_json(Question *question, gboolean acknowledged, GError **error)
{
    Draft *draft = question->draft;
    g_autoptr(GPtrArray) present = present_load(question, error);
    g_autoptr(json_t) list = present ? instances_json(question, present, error) : NULL;
    g_autoptr(json_t) warnings = texts_json(draft->warnings);
    if (!list || !locked_out_tell(question, acknowledged, warnings, error))
        return NULL;
    json_t *body = json_object();
    json_set_text(body, "status", draft->refusal ? "Refused" : "Accepted");
    json_object_set_new(body, "summary", summary_json(question, present->len));
    json_object_set(body, "instances", list);
    json_object_set(body, "warnings", warnings);
    json_set_text(body, "when", when_text(draft->after));
    if (draft->refusal)
        refusal_set(body, draft->refusal);
    return body;
}

/* A PATCH's body, or {"rollbackTo": N}. */
static Draft *
question_draft(Call *call, StoreTx *tx, const StoreSet *set, GError **error)
{
    if (set && json_member(call->body, "rollbackTo"))
        return rollback_draft(call, tx, set, "rollbackTo", error);
    return draft_make(call, tx, set, call->params[PARAM_SET], call->body, error);
}

ApiResponse *
scale_set_what_if(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) group = tx ? call_group(tx, call->params[PARAM_GROUP], error) : NULL;
    GError *lookup = NULL;
    if (!group)
        return NULL;
    g_autoptr(StoreSet) set = store_set_get(tx, group->name, call->params[PARAM_SET], &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (set && !call_not_deleting(set, error))
        return NULL;
    g_autoptr(Draft) draft = question_draft(call, tx, set, error);
    if (!draft)
        return NULL;
    g_autoptr(GHashTable) models = models_by_revision_new();
    g_autoptr(GPtrArray) locked_out = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    Question question = {
        .tx = tx,
        .set = set,
        .draft = draft,
        .models = models,
        .surge = draft->after->upgrade_mode == UPGRADE_ROLLING && draft->after->policy.rolling.max_surge,
        .now = call->now,
        .locked_out = locked_out,
    };
    g_autoptr(json_t) body = answer_json(&question, call_query_is_true(call, "acknowledgeDataLoss"), error);
    return body ? respond_json(200, body) : NULL;
}
