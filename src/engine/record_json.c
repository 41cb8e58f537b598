#include "engine/record_json.h"

#include "base/json.h"
#include "base/time_text.h"
#include "engine/revisions.h"
#include "store/models.h"

#include <string.h>

/* Event logs in one record; of more their digests alone are in it. */
#define LOGS_MAX (16u << 20)

static gboolean
row_find(Pass *pass, const StoreUpgradeMember *member, StoreInstance **ret_row, GError **error)
{
    GError *lookup = NULL;
    *ret_row = store_instance_get(pass->tx, member->set_id, member->instance, &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    return lookup == NULL;
}

static json_t *
downs_read(const StoreUpgradeMember *member)
{
    g_autofree char *text = g_strdup_printf("[%s]", member->downs ? member->downs : "");
    return json_parse(text, strlen(text), NULL);
}

typedef struct {
    Pass *pass;
    json_t *logs; /* digest -> base64 */
    gsize logs_size;
    json_t *revisions; /* number as text -> what it is */
    json_t *whats;     /* list: what is done to an instance */
} Writing;

static gboolean
log_add(Writing *writing, const json_t *verdict, GError **error)
{
    const char *digest = json_member_text(json_object_get(verdict, "evidence"), "log");
    GError *lookup = NULL;
    if (!digest || json_object_get(writing->logs, digest))
        return TRUE;
    g_autoptr(GBytes) bytes = store_log_get(writing->pass->tx, digest, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    const gsize size = bytes ? g_bytes_get_size(bytes) : 0;
    if (!bytes || writing->logs_size + size > LOGS_MAX)
        return TRUE;
    writing->logs_size += size;
    g_autofree char *text = g_base64_encode(g_bytes_get_data(bytes, NULL), size);
    json_set_text(writing->logs, digest, text);
    return TRUE;
}

static gboolean
revision_add(Writing *writing, const StoreUpgrade *change, guint number, GError **error)
{
    g_autofree char *name = g_strdup_printf("%u", number);
    GError *lookup = NULL;
    if (number == 0 || json_object_get(writing->revisions, name))
        return TRUE;
    g_autoptr(StoreModel) model = store_model_get(writing->pass->tx, change->set_id, number, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (!model)
        return TRUE;
    g_autoptr(json_t) document = json_parse(model->document, strlen(model->document), NULL);
    json_t *security = json_path(document, "properties.virtualMachineProfile.securityProfile");
    json_t *one = json_pack("{ss ss}", "size", model->size_name, "image", model->image_urn);
    if (security)
        json_object_set(one, "securityProfile", security);
    json_object_set_new(writing->revisions, name, one);
    return TRUE;
}

static json_t *
downtime_json(const StoreUpgrade *change, const StoreUpgradeMember *member, UnixTime now)
{
    g_autoptr(json_t) downs = downs_read(member);
    json_t *list = json_array(), *one;
    json_int_t usec = 0;
    size_t i;
    json_array_foreach(downs, i, one)
    {
        const json_int_t since = change->started + json_integer_value(json_array_get(one, 0)),
                         length = json_integer_value(json_array_get(one, 1));
        g_autofree char *from = time_to_text(since), *to = time_to_text(since + length);
        json_array_append_new(list, json_pack("{ss ss sI}", "from", from, "to", to, "usec", length));
        usec += length;
    }
    if (member->down_since) {
        const json_int_t length = now - member->down_since;
        g_autofree char *from = time_to_text(member->down_since);
        json_array_append_new(list, json_pack("{ss sI}", "from", from, "usec", length));
        usec += length;
    }
    return json_pack("{sf so}", "seconds", (double)usec / USEC_PER_SEC, "periods", list);
}

/* After the change: of the boot that runs. A new reference; NULL without *error: nobody was asked. */
static json_t *
after_json(Writing *writing, const StoreInstance *row, GError **error)
{
    g_autoptr(GPtrArray) last = store_attestation_list(writing->pass->tx, row->set_id, row->id, 1, error);
    if (!last || last->len == 0)
        return NULL;
    const StoreAttestation *attestation = g_ptr_array_index(last, 0);
    if (attestation->epoch != row->epoch || row->integrity == INTEGRITY_NONE || row->integrity == INTEGRITY_WAITED_FOR)
        return NULL;
    return attested_json(attestation);
}

static json_t *
member_json(Writing *writing, const StoreUpgrade *change, const StoreUpgradeMember *member, GError **error)
{
    g_autoptr(StoreInstance) row = NULL;
    GError *lookup = NULL;
    if (!row_find(writing->pass, member, &row, error) || !revision_add(writing, change, member->from_revision, error))
        return NULL;
    g_autofree char *id = g_strdup_printf("%u", member->instance);
    g_autoptr(json_t) before = member->before ? json_parse(member->before, strlen(member->before), NULL) : NULL;
    g_autoptr(json_t) after = row ? after_json(writing, row, &lookup) : NULL;
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!log_add(writing, before, error) || !log_add(writing, after, error))
        return NULL;
    json_t *json = json_pack("{ss si}", "instanceId", id, "fromRevision", (int)member->from_revision);
    if (row)
        json_object_set_new(json, "revision", json_integer(row->revision));
    json_set_text(json, "state", row ? instance_state_text(row->state) : "deleted");
    json_set_text(json, "failure", row && row->failure ? row->failure_message : NULL);
    if (member->gone) {
        g_autofree char *gone = time_to_text(member->gone);
        json_set_text(json, "deleted", gone);
    }
    json_object_set(json, "whatIf", json_array_get(writing->whats, member->what));
    json_object_set_new(json, "downtime", downtime_json(change, member, writing->pass->now));
    json_object_set(json, "before", before ? before : json_null());
    json_object_set(json, "after", after ? after : json_null());
    return json;
}

static json_t *
members_json(Writing *writing, const StoreUpgrade *change, const GPtrArray *members, GError **error)
{
    g_autoptr(json_t) list = json_array();
    for (guint i = 0; i < members->len; i++) {
        json_t *one = member_json(writing, change, g_ptr_array_index(members, i), error);
        if (!one)
            return NULL;
        json_array_append_new(list, one);
    }
    return g_steal_pointer(&list);
}

/* A new reference. */
static json_t *
whats_json(Pass *pass, const StoreUpgrade *change, GError **error)
{
    g_autoptr(GPtrArray) texts = store_upgrade_whats(pass->tx, change->id, error);
    json_t *list = texts ? json_array() : NULL;
    for (guint i = 0; texts && i < texts->len; i++) {
        const char *text = g_ptr_array_index(texts, i);
        json_t *what = json_parse(text, strlen(text), NULL);
        json_array_append_new(list, what ? what : json_object());
    }
    return list;
}

json_t *
record_json(Pass *pass, const StoreUpgrade *change, const StoreOperation *operation, const GPtrArray *members, GError **error)
{
    g_autoptr(json_t) logs = json_object(), revisions = json_object(), whats = whats_json(pass, change, error);
    Writing writing = { .pass = pass, .logs = logs, .revisions = revisions, .whats = whats };
    if (!whats)
        return NULL;
    json_t *instances = members_json(&writing, change, members, error);
    if (!instances || !revision_add(&writing, change, change->target, error)) {
        json_decref(instances);
        return NULL;
    }
    g_autofree char *started = time_to_text(change->started), *ended = time_to_text(change->ended);
    g_autofree char *written = time_to_text(pass->now);
    json_t *json =
        json_pack("{ss ss ss ss ss ss ss ss sI}", "id", change->name, "kind", change->back ? "Rollback" : change->kind,
                  "scaleSet", change->resource, "operation", change->operation, "requestedBy", change->caller, "started",
                  started, "ended", ended, "written", written, "iat", (json_int_t)(pass->now / USEC_PER_SEC));
    json_set_text(json, "by", change->back ? change->kind : NULL);
    json_set_text(json, "outcome", operation ? operation_status_text(operation->status) : "Unknown");
    if (operation && operation->code)
        json_object_set_new(
            json, "error",
            json_pack("{ss ss}", "code", operation->code, "message", operation->message ? operation->message : ""));
    json_object_set_new(json, "targetRevision", json_integer(change->target));
    if (change->back)
        json_object_set_new(json, "backTo", json_integer(change->back));
    json_object_set(json, "revisions", revisions);
    json_object_set_new(json, "instances", instances);
    json_object_set(json, "logs", logs);
    return json;
}
