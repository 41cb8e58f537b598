#include "store/upgrades.h"

#include "base/hex.h"
#include "base/json.h"
#include "base/time_text.h"
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
    g_free(change->record);
    g_free(change);
}

static const Column upgrade_columns[] = {
    COLUMN_FIXED(StoreUpgrade, id, COLUMN_ROWID),     COLUMN_FIXED(StoreUpgrade, name, COLUMN_TEXT),
    COLUMN_FIXED(StoreUpgrade, set_id, COLUMN_INT64), COLUMN_FIXED(StoreUpgrade, resource, COLUMN_TEXT),
    COLUMN_FIXED(StoreUpgrade, kind, COLUMN_TEXT),    COLUMN_FIXED(StoreUpgrade, operation, COLUMN_TEXT),
    COLUMN_FIXED(StoreUpgrade, caller, COLUMN_TEXT),  COLUMN(StoreUpgrade, target, COLUMN_UINT),
    COLUMN(StoreUpgrade, back, COLUMN_UINT),          COLUMN_FIXED(StoreUpgrade, started, COLUMN_INT64),
    COLUMN(StoreUpgrade, ended, COLUMN_INT64),        COLUMN(StoreUpgrade, closed, COLUMN_INT64),
    COLUMN(StoreUpgrade, record, COLUMN_TEXT),        { 0 },
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
                          number_param(change->ended), number_param(change->closed), text_param(change->record)),
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
    g_free(member->what);
    g_free(member->before);
    g_free(member->downs);
    g_free(member);
}

static const Column member_columns[] = {
    COLUMN_FIXED(StoreUpgradeMember, change, COLUMN_INT64),  COLUMN_FIXED(StoreUpgradeMember, set_id, COLUMN_INT64),
    COLUMN_FIXED(StoreUpgradeMember, instance, COLUMN_UINT), COLUMN(StoreUpgradeMember, from_revision, COLUMN_UINT),
    COLUMN(StoreUpgradeMember, what, COLUMN_TEXT),           COLUMN(StoreUpgradeMember, before, COLUMN_TEXT),
    COLUMN(StoreUpgradeMember, down_since, COLUMN_INT64),    COLUMN(StoreUpgradeMember, downs, COLUMN_TEXT),
    COLUMN(StoreUpgradeMember, gone, COLUMN_INT64),          { 0 },
};
const RowType upgrade_member_rows = { "upgrade_members", sizeof(StoreUpgradeMember), member_columns, 3,
                                      (GDestroyNotify)store_upgrade_member_free };

GPtrArray *
store_upgrade_members(StoreTx *tx, gint64 change, GError **error)
{
    return row_list(tx, SQL_UPGRADE_MEMBERS, PARAMS(number_param(change)), error);
}

GPtrArray *
store_upgrade_members_open(StoreTx *tx, gint64 set_id, guint instance, GError **error)
{
    return row_list(tx, SQL_UPGRADE_MEMBERS_OPEN, PARAMS(number_param(set_id), number_param(instance)), error);
}

gboolean
store_upgrade_member_put(StoreTx *tx, const StoreUpgradeMember *member, GError **error)
{
    return row_insert(tx, SQL_UPGRADE_MEMBER_PUT, member, error);
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

gboolean
upgrade_enlist(StoreTx *tx, const StoreUpgrade *change, const StoreInstance *instance, const Change *what, gboolean replaced,
               UnixTime now, GError **error)
{
    g_autofree char *text = NULL, *before = NULL;
    if (!upgrade_takes(instance, what))
        return TRUE;
    if (!before_text(tx, instance, &before, error))
        return FALSE;
    text = what_text(what, replaced);
    const gboolean down = instance->want_power == POWER_RUNNING && instance->state != INSTANCE_RUNNING;
    const StoreUpgradeMember member = {
        .change = change->id,
        .set_id = instance->set_id,
        .instance = instance->id,
        .from_revision = instance->revision,
        .what = text,
        .before = before,
        .down_since = down ? now : 0,
    };
    return row_insert(tx, SQL_UPGRADE_MEMBER_ADD, &member, error);
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
    const StoreUpgradeMember member = {
        .change = change ? change->id : 0,
        .set_id = instance->set_id,
        .instance = instance->id,
        .what = (char *)"{\"change\":\"create\",\"parts\":[],\"lost\":[]}",
    };
    return !change || row_insert(tx, SQL_UPGRADE_MEMBER_ADD, &member, error);
}

gboolean
upgrade_enlist_all(StoreTx *tx, const StoreUpgrade *change, const StoreSet *set, const Model *target, gboolean surge,
                   UnixTime now, GError **error)
{
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    g_autoptr(GHashTable) models = models_by_revision_new();
    for (guint i = 0; instances && i < instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        if (instance->want_deleted || instance->protect_scale_set_actions || instance->quarantined ||
            instance->run_disk_gen == 0)
            continue;
        const Model *from = models_by_revision_get(models, tx, set, instance->want_revision, error);
        if (!from)
            return FALSE;
        const Change what = change_between(from, target);
        /* One that rests is changed where it is. */
        const gboolean replaced = surge && instance->want_power == POWER_RUNNING;
        if (!upgrade_enlist(tx, change, instance, &what, replaced, now, error))
            return FALSE;
    }
    return instances != NULL;
}
