#include "api/what_if.h"

#include "api/draft.h"
#include "api/place.h"
#include "api/revisions.h"
#include "store/desire.h"
#include "store/models.h"

/* What the instances of a set are compared with, and what came of it. */
typedef struct {
    StoreTx *tx;
    const StoreSet *set; /* NULL: it would be created */
    Draft *draft;
    GHashTable *models; /* revision -> Model */
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

static json_t *
instance_json(const StoreInstance *instance, const char *change, json_t *parts, json_t *lost)
{
    g_autofree char *id = g_strdup_printf("%u", instance->id);
    return json_pack("{ss ss so so}", "instanceId", id, "change", change, "parts", parts, "lost", lost);
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
    return instance_json(instance, change_kind_text(change.kind), texts_json(parts), texts_json(losses));
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

static json_t *
answer_json(Question *question, GError **error)
{
    Draft *draft = question->draft;
    g_autoptr(GPtrArray) present = present_load(question, error);
    json_t *list = present ? instances_json(question, present, error) : NULL;
    if (!list)
        return NULL;
    json_t *body = json_object();
    json_set_text(body, "status", draft->refusal ? "Refused" : "Accepted");
    json_object_set_new(body, "summary", summary_json(question, present->len));
    json_object_set_new(body, "instances", list);
    json_object_set_new(body, "warnings", texts_json(draft->warnings));
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
    Question question = { .tx = tx, .set = set, .draft = draft, .models = models };
    g_autoptr(json_t) body = answer_json(&question, error);
    return body ? respond_json(200, body) : NULL;
}
