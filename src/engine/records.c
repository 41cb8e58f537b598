#include "engine/records.h"

#include "base/json.h"
#include "base/time_text.h"
#include "engine/revisions.h"
#include "store/models.h"
#include "store/upgrades.h"

#include <string.h>

/* Of one instance; more say no more. */
#define DOWNS_MAX 50
/* Event logs in one record; of more their digests alone are in it. */
#define LOGS_MAX (16u << 20)
/* After a record that could not be signed, or written. */
#define SIGN_AGAIN (60 * USEC_PER_SEC)

/* ---- down and up ---- */

/* Does it do what it is there for? */
static gboolean
is_up(Pass *pass, SetTracked *set, const StoreInstance *row, gboolean *ret_up, GError **error)
{
    *ret_up = FALSE;
    if (row->state != INSTANCE_RUNNING || !row->alive || !row->revision)
        return TRUE;
    const Revision *revision = revision_get(pass, set, row->revision, error);
    if (!revision)
        return FALSE;
    *ret_up = instance_shown_health(row->state, revision->model->health != NULL, row->health) == HEALTH_HEALTHY;
    return TRUE;
}

static void
down_end(StoreUpgradeMember *member, UnixTime now)
{
    g_autoptr(json_t) list = member->downs ? json_parse(member->downs, strlen(member->downs), NULL) : json_array();
    g_autofree char *from = time_to_text(member->down_since), *to = time_to_text(now);
    if (json_array_size(list) < DOWNS_MAX)
        json_array_append_new(list,
                              json_pack("{ss ss sI}", "from", from, "to", to, "usec", (json_int_t)(now - member->down_since)));
    g_free(member->downs);
    member->downs = json_text(list);
    member->down_since = 0;
}

static gboolean
member_follow(Pass *pass, const Held *held, StoreUpgradeMember *member, GError **error)
{
    const StoreInstance *row = held->row;
    gboolean up = FALSE;
    if (row && !is_up(pass, held->tracked->set, row, &up, error))
        return FALSE;
    const gboolean down = row && !up && row->want_power == POWER_RUNNING && !row->want_deleted;
    const gboolean gone = !row && member->gone == 0;
    if (down == (member->down_since != 0) && !gone)
        return TRUE;
    if (gone)
        member->gone = pass->now;
    if (member->down_since && !down)
        down_end(member, pass->now);
    else if (down)
        member->down_since = pass->now;
    return store_upgrade_member_put(pass->tx, member, error);
}

static gboolean
held_follow(Pass *pass, const Held *held, GError **error)
{
    g_autoptr(GPtrArray) members = store_upgrade_members_open(pass->tx, held->tracked->set->id, held->tracked->id, error);
    for (guint i = 0; members && i < members->len; i++) {
        if (!member_follow(pass, held, g_ptr_array_index(members, i), error))
            return FALSE;
    }
    return members != NULL;
}

/* ---- how it came out ---- */

/* The instance's row as it is now; *ret_row NULL: it is gone. */
static gboolean
row_find(Pass *pass, const StoreUpgradeMember *member, StoreInstance **ret_row, GError **error)
{
    GError *lookup = NULL;
    *ret_row = store_instance_get(pass->tx, member->set_id, member->instance, &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    return lookup == NULL;
}

static gboolean
is_settled(const StoreUpgradeMember *member, const StoreInstance *row)
{
    if (!row || row->want_deleted)
        return row == NULL;
    if (row->operation || row->revive_at)
        return FALSE;
    if (row->want_power != POWER_RUNNING || row->state == INSTANCE_FAILED || row->quarantined)
        return TRUE;
    return member->down_since == 0 && row->integrity != INTEGRITY_WAITED_FOR;
}

static gboolean
all_settled(Pass *pass, const GPtrArray *members, gboolean *ret_settled, GError **error)
{
    *ret_settled = TRUE;
    for (guint i = 0; *ret_settled && i < members->len; i++) {
        const StoreUpgradeMember *member = g_ptr_array_index(members, i);
        g_autoptr(StoreInstance) row = NULL;
        if (!row_find(pass, member, &row, error))
            return FALSE;
        *ret_settled = is_settled(member, row);
    }
    return TRUE;
}

/* ---- the record ---- */

typedef struct {
    Pass *pass;
    json_t *logs; /* digest -> base64 */
    gsize logs_size;
    json_t *revisions; /* number as text -> what it is */
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
downtime_json(const StoreUpgradeMember *member)
{
    json_t *list = member->downs ? json_parse(member->downs, strlen(member->downs), NULL) : json_array(), *one;
    json_int_t usec = 0;
    size_t i;
    json_array_foreach(list, i, one) usec += json_integer_value(json_object_get(one, "usec"));
    if (member->down_since) {
        g_autofree char *from = time_to_text(member->down_since);
        json_array_append_new(list, json_pack("{ss}", "from", from));
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
    json_t *what = json_parse(member->what, strlen(member->what), NULL);
    if (what)
        json_object_set_new(json, "whatIf", what);
    json_object_set_new(json, "downtime", downtime_json(member));
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

static json_t *
record_json(Pass *pass, const StoreUpgrade *change, const StoreOperation *operation, const GPtrArray *members, GError **error)
{
    g_autoptr(json_t) logs = json_object(), revisions = json_object();
    Writing writing = { .pass = pass, .logs = logs, .revisions = revisions };
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

/* ---- when ---- */

static void on_timer(void *data);

/* The earliest counts: it is armed again then. */
static void
look_at(Engine *engine, UnixTime at)
{
    if (!engine->records_timer)
        engine->records_timer = engine->clock->timer_add(engine->clock, at, on_timer, engine);
}

static void
on_timer(void *data)
{
    Engine *engine = data;
    g_autoptr(GError) error = NULL;
    engine->records_timer = 0;
    g_autoptr(Pass) pass = pass_new(engine, &error);
    if (pass && records_follow(pass, &error))
        store_commit(g_steal_pointer(&pass->tx), &error);
    if (!error)
        return;
    g_warning("change records are written later: %s", error->message);
    look_at(engine, engine->clock->now(engine->clock) + SIGN_AGAIN);
}

void
records_begin(Engine *engine)
{
    if (engine->config.record_sign)
        look_at(engine, engine->clock->now(engine->clock));
}

void
records_stop(Engine *engine)
{
    if (engine->records_timer)
        engine->clock->timer_remove(engine->clock, engine->records_timer);
    engine->records_timer = 0;
}

static gboolean
change_close(Pass *pass, StoreUpgrade *change, const StoreOperation *operation, const GPtrArray *members, GError **error)
{
    const EngineConfig *config = &pass->engine->config;
    g_autoptr(GError) unsigned_for = NULL;
    /* A rolling upgrade that found nothing to do. */
    if (members->len == 0)
        return store_upgrade_delete(pass->tx, change->id, error);
    g_autoptr(json_t) record = record_json(pass, change, operation, members, error);
    if (!record)
        return FALSE;
    change->record = config->record_sign(record, config->record_data, &unsigned_for);
    if (!change->record) {
        g_warning("the change record '%s' is not signed, which is tried again: %s", change->name, unsigned_for->message);
        look_at(pass->engine, pass->now + SIGN_AGAIN);
        return TRUE;
    }
    change->closed = pass->now;
    return store_upgrade_update(pass->tx, change, error);
}

static gboolean
change_consider(Pass *pass, StoreUpgrade *change, GError **error)
{
    GError *lookup = NULL;
    gboolean settled = FALSE;
    g_autoptr(StoreOperation) operation = store_operation_get(pass->tx, change->operation, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (operation && operation->status == OPERATION_IN_PROGRESS)
        return TRUE;
    if (change->ended == 0) {
        change->ended = operation ? operation->ended : pass->now;
        if (!store_upgrade_update(pass->tx, change, error))
            return FALSE;
    }
    g_autoptr(GPtrArray) members = store_upgrade_members(pass->tx, change->id, error);
    if (!members || !all_settled(pass, members, &settled, error))
        return FALSE;
    const UnixTime until = change->ended + RECORD_WAIT;
    if (settled || until <= pass->now)
        return change_close(pass, change, operation, members, error);
    look_at(pass->engine, until);
    return TRUE;
}

gboolean
records_follow(Pass *pass, GError **error)
{
    if (!pass->engine->config.record_sign)
        return TRUE;
    g_autoptr(GPtrArray) open = store_upgrade_list_open(pass->tx, error);
    if (!open)
        return FALSE;
    for (guint i = 0; open->len > 0 && i < pass->held->len; i++) {
        const Held *held = g_ptr_array_index(pass->held, i);
        if ((held->written || held->removed) && !held_follow(pass, held, error))
            return FALSE;
    }
    for (guint i = 0; i < open->len; i++) {
        if (!change_consider(pass, g_ptr_array_index(open, i), error))
            return FALSE;
    }
    return TRUE;
}
