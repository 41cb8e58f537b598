#include "store/upgrades.h"

#include "base/hex.h"
#include "base/json.h"
#include "base/pack.h"
#include "base/time_text.h"
#include "store/desire.h"
#include "store/models.h"
#include "store/sqlite.h"

#include <string.h>

void
store_upgrade_free(StoreUpgrade *change)
{
    if (!change)
        return;
    g_free(change->name);
    g_free(change->resource);
    g_free(change->kind);
    g_free(change->operation);
    g_free(change->caller);
    g_free(change);
}

static const Column upgrade_columns[] = {
    COLUMN_FIXED(StoreUpgrade, id, COLUMN_ROWID),
    COLUMN_FIXED(StoreUpgrade, name, COLUMN_TEXT),
    COLUMN_FIXED(StoreUpgrade, set_id, COLUMN_INT64),
    COLUMN_FIXED(StoreUpgrade, resource, COLUMN_TEXT),
    COLUMN_FIXED(StoreUpgrade, kind, COLUMN_TEXT),
    COLUMN_FIXED(StoreUpgrade, operation, COLUMN_TEXT),
    COLUMN_FIXED(StoreUpgrade, caller, COLUMN_TEXT),
    COLUMN(StoreUpgrade, target, COLUMN_UINT),
    COLUMN(StoreUpgrade, back, COLUMN_UINT),
    COLUMN_FIXED(StoreUpgrade, started, COLUMN_INT64),
    COLUMN(StoreUpgrade, ended, COLUMN_INT64),
    COLUMN(StoreUpgrade, closed, COLUMN_INT64),
    { 0 },
};
const RowType upgrade_rows = { "upgrades", sizeof(StoreUpgrade), upgrade_columns, 1, (GDestroyNotify)store_upgrade_free };

GPtrArray *
store_upgrade_list_open(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_UPGRADE_LIST_OPEN, NO_PARAMS, error);
}

GPtrArray *
store_upgrade_list(StoreTx *tx, const char *resource, GError **error)
{
    return row_list(tx, SQL_UPGRADE_LIST, PARAMS(text_param(resource)), error);
}

StoreUpgrade *
store_upgrade_get(StoreTx *tx, const char *name, GError **error)
{
    return row_get(tx, SQL_UPGRADE_GET, PARAMS(text_param(name)), error);
}

gboolean
store_upgrade_update(StoreTx *tx, const StoreUpgrade *change, GError **error)
{
    return sql_run(tx, SQL_UPGRADE_UPDATE,
                   PARAMS(number_param(change->id), number_param(change->target), number_param(change->back),
                          number_param(change->ended), number_param(change->closed)),
                   NULL, error);
}

gboolean
store_upgrade_delete(StoreTx *tx, gint64 id, GError **error)
{
    return sql_run(tx, SQL_UPGRADE_DELETE, PARAMS(number_param(id)), NULL, error);
}

void
store_upgrade_member_free(StoreUpgradeMember *member)
{
    if (!member)
        return;
    g_free(member->before);
    g_free(member->downs);
    g_free(member);
}

static const Column member_columns[] = {
    COLUMN_FIXED(StoreUpgradeMember, change, COLUMN_INT64),  COLUMN_FIXED(StoreUpgradeMember, set_id, COLUMN_INT64),
    COLUMN_FIXED(StoreUpgradeMember, instance, COLUMN_UINT), COLUMN(StoreUpgradeMember, from_revision, COLUMN_UINT),
    COLUMN(StoreUpgradeMember, what, COLUMN_UINT),           COLUMN(StoreUpgradeMember, before, COLUMN_TEXT),
    COLUMN(StoreUpgradeMember, down_since, COLUMN_INT64),    COLUMN(StoreUpgradeMember, downs, COLUMN_TEXT),
    COLUMN(StoreUpgradeMember, gone, COLUMN_INT64),          { 0 },
};
const RowType upgrade_member_rows = { "upgrade_members", sizeof(StoreUpgradeMember), member_columns, 3,
                                      (GDestroyNotify)store_upgrade_member_free };

GPtrArray *
store_upgrade_members(StoreTx *tx, const StoreUpgrade *change, guint from, guint limit, GError **error)
{
    return row_list(tx, SQL_UPGRADE_MEMBERS,
                    PARAMS(number_param(change->id), number_param(change->set_id), number_param(from), number_param(limit)),
                    error);
}

gboolean
store_upgrade_member_down(StoreTx *tx, const StoreUpgrade *change, guint instance, gboolean down, UnixTime now,
                          gboolean *ret_noted, GError **error)
{
    int noted = 0;
    const Param params[] = { number_param(change->id),
                             number_param(change->set_id),
                             number_param(instance),
                             number_param(now),
                             down ? (Param){ PARAM_END } : number_param(change->started),
                             { PARAM_END } };
    if (!sql_run(tx, down ? SQL_UPGRADE_MEMBER_DOWN : SQL_UPGRADE_MEMBER_UP, params, &noted, error))
        return FALSE;
    *ret_noted = noted > 0;
    return TRUE;
}

gboolean
store_upgrade_member_gone(StoreTx *tx, const StoreUpgrade *change, guint instance, UnixTime now, GError **error)
{
    return sql_run(tx, SQL_UPGRADE_MEMBER_GONE,
                   PARAMS(number_param(change->id), number_param(change->set_id), number_param(instance), number_param(now),
                          number_param(change->started)),
                   NULL, error);
}

gboolean
store_upgrade_unsettled(StoreTx *tx, const StoreUpgrade *change, guint from, guint *ret_instance, gboolean *ret_found,
                        GError **error)
{
    gint64 instance;
    if (!sql_number(tx, SQL_UPGRADE_UNSETTLED,
                    PARAMS(number_param(change->id), number_param(change->set_id), number_param(from),
                           text_param(desired_power_text(POWER_RUNNING)), text_param(instance_state_text(INSTANCE_FAILED)),
                           text_param(integrity_text(INTEGRITY_WAITED_FOR))),
                    &instance, ret_found, error))
        return FALSE;
    *ret_instance = (guint)instance;
    return TRUE;
}

/* ---- its record ---- */

/* More than the longest record that is written (engine/records.c). */
#define RECORD_MAX (1u << 30)
/* What a former Testudo wrote down is not packed: a JWS begins so, and nothing that is packed does. */
#define UNPACKED "ey"

typedef struct {
    gint64 change;
    GBytes *record;
} UpgradeRecord;

static void
upgrade_record_free(void *data)
{
    UpgradeRecord *record = data;
    g_clear_pointer(&record->record, g_bytes_unref);
    g_free(record);
}

static const Column record_columns[] = {
    COLUMN_FIXED(UpgradeRecord, change, COLUMN_INT64),
    COLUMN_FIXED(UpgradeRecord, record, COLUMN_BYTES),
    { 0 },
};
const RowType upgrade_record_rows = { "upgrade_records", sizeof(UpgradeRecord), record_columns, 1, upgrade_record_free };

char *
store_upgrade_record(StoreTx *tx, gint64 id, GError **error)
{
    UpgradeRecord *row = row_get(tx, SQL_UPGRADE_RECORD, PARAMS(number_param(id)), error);
    if (!row)
        return NULL;
    g_autoptr(GBytes) packed = g_steal_pointer(&row->record);
    upgrade_record_free(row);
    gsize size;
    const char *data = g_bytes_get_data(packed, &size);
    if (size > strlen(UNPACKED) && memcmp(data, UNPACKED, strlen(UNPACKED)) == 0)
        return g_strndup(data, size);
    g_autoptr(GBytes) text = bytes_unpack(packed, RECORD_MAX, error);
    return text ? g_strndup(g_bytes_get_data(text, NULL), g_bytes_get_size(text)) : NULL;
}

/* The members go before the record comes, so that it takes their room. */
gboolean
store_upgrade_close(StoreTx *tx, const StoreUpgrade *change, const char *record, GError **error)
{
    g_autoptr(GBytes) packed = bytes_pack(record, strlen(record));
    const UpgradeRecord row = { .change = change->id, .record = packed };
    return sql_run(tx, SQL_UPGRADE_MEMBERS_DELETE, PARAMS(number_param(change->id)), NULL, error) &&
           sql_run(tx, SQL_UPGRADE_WHATS_DELETE, PARAMS(number_param(change->id)), NULL, error) &&
           store_upgrade_update(tx, change, error) && row_insert(tx, SQL_UPGRADE_RECORD_ADD, &row, error);
}

/* ---- what is done ---- */

typedef struct {
    gint64 change;
    guint number;
    char *what;
} UpgradeWhat;

static void
upgrade_what_free(void *data)
{
    UpgradeWhat *what = data;
    g_free(what->what);
    g_free(what);
}

static const Column what_columns[] = {
    COLUMN_FIXED(UpgradeWhat, change, COLUMN_INT64),
    COLUMN_FIXED(UpgradeWhat, number, COLUMN_UINT),
    COLUMN(UpgradeWhat, what, COLUMN_TEXT),
    { 0 },
};
const RowType upgrade_what_rows = { "upgrade_whats", sizeof(UpgradeWhat), what_columns, 2, upgrade_what_free };

GPtrArray *
store_upgrade_whats(StoreTx *tx, gint64 change, GError **error)
{
    g_autoptr(GPtrArray) rows = row_list(tx, SQL_UPGRADE_WHATS, PARAMS(number_param(change)), error);
    GPtrArray *whats = rows ? g_ptr_array_new_with_free_func(g_free) : NULL;
    for (guint i = 0; rows && i < rows->len; i++)
        g_ptr_array_add(whats, g_steal_pointer(&((UpgradeWhat *)g_ptr_array_index(rows, i))->what));
    return whats;
}

static gboolean
what_number(StoreTx *tx, gint64 change, const char *text, guint *ret_number, GError **error)
{
    g_autoptr(GPtrArray) whats = store_upgrade_whats(tx, change, error);
    if (!whats || g_ptr_array_find_with_equal_func(whats, text, g_str_equal, ret_number))
        return whats != NULL;
    *ret_number = whats->len;
    const UpgradeWhat row = { .change = change, .number = whats->len, .what = (char *)text };
    return row_insert(tx, SQL_UPGRADE_WHAT_ADD, &row, error);
}

/* ---- beginning ---- */

/* An earlier revision than the set was on, that makes the same: what is asked for is to go back to it. */
static gboolean
back_find(StoreTx *tx, const StoreSet *set, guint *ret_back, GError **error)
{
    g_autoptr(GPtrArray) models = store_model_list(tx, set->id, error);
    gboolean left = FALSE;
    *ret_back = 0;
    /* Newest first. */
    for (guint i = 0; models && i < models->len; i++) {
        const StoreModel *model = g_ptr_array_index(models, i);
        const gboolean same = strcmp(model->effect_key, set->effect_key) == 0;
        if (left && same) {
            *ret_back = model->revision;
            break;
        }
        left = left || !same;
    }
    return models != NULL;
}

static StoreUpgrade *
open_of(StoreTx *tx, const char *operation, GError **error)
{
    return row_get(tx, SQL_UPGRADE_OF_OPERATION, PARAMS(text_param(operation)), error);
}

StoreUpgrade *
upgrade_open(StoreTx *tx, const StoreSet *set, const char *resource, const char *kind, const char *operation,
             const char *caller, UnixTime now, GError **error)
{
    GError *lookup = NULL;
    guint back;
    g_autoptr(StoreUpgrade) change = open_of(tx, operation, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!back_find(tx, set, &back, error))
        return NULL;
    if (change) {
        change->target = set->revision;
        change->back = back;
        return store_upgrade_update(tx, change, error) ? g_steal_pointer(&change) : NULL;
    }
    g_autofree char *name = g_uuid_string_random();
    const StoreUpgrade row = {
        .name = name,
        .set_id = set->id,
        .resource = (char *)resource,
        .kind = (char *)kind,
        .operation = (char *)operation,
        .caller = (char *)caller,
        .target = set->revision,
        .back = back,
        .started = now,
    };
    if (!row_insert(tx, SQL_UPGRADE_INSERT, &row, error) ||
        !sql_run(tx, SQL_UPGRADE_PRUNE, PARAMS(text_param(resource), number_param(UPGRADES_KEPT)), NULL, error))
        return NULL;
    return open_of(tx, operation, error);
}

static json_t *
texts_json(char **texts)
{
    json_t *list = json_array();
    for (; *texts; texts++)
        json_array_append_new(list, json_string(*texts));
    return list;
}

static char *
what_text(const Change *what, gboolean replaced)
{
    g_auto(GStrv) parts = change_parts(what), lost = change_losses(what, /* generation= */ 0);
    json_t *losses = replaced
                         ? json_pack("[s]", "The instance, with its OS disk and guest state: another one comes in its place.")
                         : texts_json(lost);
    g_autoptr(json_t) json = json_pack("{ss so so}", "change", replaced ? "replace" : change_kind_text(what->kind), "parts",
                                       texts_json(parts), "lost", losses);
    return json_text(json);
}

static void
bytes_set(json_t *json, const char *member, GBytes *bytes)
{
    gsize size;
    const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    if (!data)
        return;
    g_autofree char *text = g_base64_encode(data, size);
    json_set_text(json, member, text);
}

json_t *
attested_json(const StoreAttestation *attestation)
{
    json_t *json = json_object();
    g_autofree char *at = time_to_text(attestation->at);
    json_set_text(json, "state", integrity_text(attestation->integrity));
    json_set_text(json, "at", at);
    json_set_text(json, "code", attestation->code);
    json_set_text(json, "reason", attestation->reason);
    json_set_text(json, "reference", attestation->reference);
    json_t *components =
        attestation->components ? json_parse(attestation->components, strlen(attestation->components), NULL) : NULL;
    if (components)
        json_object_set_new(json, "components", components);
    if (!attestation->quote)
        return json;
    json_t *evidence = json_object();
    bytes_set(evidence, "nonce", attestation->nonce);
    bytes_set(evidence, "quote", attestation->quote);
    bytes_set(evidence, "signature", attestation->signature);
    bytes_set(evidence, "ak", attestation->ak);
    json_set_text(evidence, "log", attestation->log);
    json_object_set_new(json, "evidence", evidence);
    return json;
}

/* Of the boot that runs; *ret_text NULL: there is none. */
static gboolean
before_text(StoreTx *tx, const StoreInstance *instance, char **ret_text, GError **error)
{
    g_autoptr(GPtrArray) last = store_attestation_list(tx, instance->set_id, instance->id, 1, error);
    *ret_text = NULL;
    if (!last || last->len == 0)
        return last != NULL;
    const StoreAttestation *attestation = g_ptr_array_index(last, 0);
    if (attestation->epoch != instance->epoch || instance->integrity == INTEGRITY_WAITED_FOR)
        return TRUE;
    g_autoptr(json_t) json = attested_json(attestation);
    *ret_text = json_text(json);
    return TRUE;
}

gboolean
upgrade_takes(const StoreInstance *instance, const Change *what)
{
    return what->kind != CHANGE_NOTHING && instance->run_disk_gen > 0;
}

static gboolean
member_add(StoreTx *tx, const StoreUpgrade *change, const StoreInstance *instance, guint what, UnixTime now, GError **error)
{
    g_autofree char *before = NULL;
    if (!before_text(tx, instance, &before, error))
        return FALSE;
    const gboolean down = instance->want_power == POWER_RUNNING && instance->state != INSTANCE_RUNNING;
    const StoreUpgradeMember member = {
        .change = change->id,
        .set_id = instance->set_id,
        .instance = instance->id,
        .from_revision = instance->revision,
        .what = what,
        .before = before,
        .down_since = down ? now : 0,
    };
    return row_insert(tx, SQL_UPGRADE_MEMBER_ADD, &member, error);
}

gboolean
upgrade_enlist(StoreTx *tx, const StoreUpgrade *change, const StoreInstance *instance, const Change *what, gboolean replaced,
               UnixTime now, GError **error)
{
    guint number;
    if (!upgrade_takes(instance, what))
        return TRUE;
    g_autofree char *text = what_text(what, replaced);
    return what_number(tx, change->id, text, &number, error) && member_add(tx, change, instance, number, now, error);
}

gboolean
upgrade_enlist_new(StoreTx *tx, const char *operation, const StoreInstance *instance, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreUpgrade) change = open_of(tx, operation, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    StoreUpgradeMember member = { .set_id = instance->set_id, .instance = instance->id };
    if (!change)
        return TRUE;
    member.change = change->id;
    return what_number(tx, change->id, "{\"change\":\"create\",\"parts\":[],\"lost\":[]}", &member.what, error) &&
           row_insert(tx, SQL_UPGRADE_MEMBER_ADD, &member, error);
}

/* What is done to those of one revision is found out once. */
typedef struct {
    gboolean known, takes;
    guint number;
} Done;

static gboolean
done_find(StoreTx *tx, const StoreUpgrade *change, const StoreSet *set, GHashTable *models, const StoreInstance *instance,
          const Model *target, gboolean replaced, Done *ret_done, GError **error)
{
    const Model *from = models_by_revision_get(models, tx, set, desire_base(instance), error);
    if (!from)
        return FALSE;
    const Change what = change_between(from, target);
    *ret_done = (Done){ .known = TRUE, .takes = upgrade_takes(instance, &what) };
    g_autofree char *text = ret_done->takes ? what_text(&what, replaced) : NULL;
    return !text || what_number(tx, change->id, text, &ret_done->number, error);
}

gboolean
upgrade_enlist_all(StoreTx *tx, const StoreUpgrade *change, const StoreSet *set, const Model *target, gboolean surge,
                   UnixTime now, GError **error)
{
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    g_autoptr(GHashTable) models = models_by_revision_new();
    g_autoptr(GArray) done = g_array_new(FALSE, /* clear= */ TRUE, sizeof(Done));
    for (guint i = 0; instances && i < instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        if (instance->want_deleted || instance->protect_scale_set_actions || instance->quarantined ||
            instance->run_disk_gen == 0)
            continue;
        /* One that rests is changed where it is. */
        const gboolean replaced = surge && instance->want_power == POWER_RUNNING;
        const guint place = 2 * desire_base(instance) + (replaced ? 1 : 0);
        if (done->len <= place)
            g_array_set_size(done, place + 1);
        Done *one = &g_array_index(done, Done, place);
        if (!one->known && !done_find(tx, change, set, models, instance, target, replaced, one, error))
            return FALSE;
        if (one->takes && !member_add(tx, change, instance, one->number, now, error))
            return FALSE;
    }
    return instances != NULL;
}
