/* changeRecords of a scale set: what its upgrades and roll backs did, signed (attest/record.h). They outlive the set. */
#include "api/page.h"
#include "api/place.h"
#include "attest/record.h"
#include "base/time_text.h"
#include "store/upgrades.h"

#include <string.h>

#define RECORDS      PATH_SET "/changeRecords"
#define PARAM_RECORD 3

static char *
set_id_of(const Call *call)
{
    return resource_id_scale_set(call->api->subscription, call->params[PARAM_GROUP], call->params[PARAM_SET]);
}

static json_t *
change_json(const StoreUpgrade *change, const char *record)
{
    g_autofree char *id = g_strdup_printf("%s/changeRecords/%s", change->resource, change->name);
    g_autofree char *started = time_to_text(change->started), *ended = change->ended ? time_to_text(change->ended) : NULL;
    json_t *properties =
        json_pack("{ss ss ss ss si}", "kind", change->back ? "Rollback" : change->kind, "operation", change->operation,
                  "requestedBy", change->caller, "started", started, "targetRevision", (int)change->target);
    json_set_text(properties, "ended", ended);
    if (change->back)
        json_object_set_new(properties, "backTo", json_integer(change->back));
    json_set_text(properties, "status", change->closed ? "Signed" : change->ended ? "Settling" : "InProgress");
    json_set_text(properties, "record", record);
    return json_pack("{ss ss ss so}", "id", id, "name", change->name, "type",
                     "Microsoft.Compute/virtualMachineScaleSets/changeRecords", "properties", properties);
}

/* Newest first, and tokens rise along it. */
static char *
change_token(const void *changes, guint index)
{
    const StoreUpgrade *change = g_ptr_array_index((GPtrArray *)changes, index);
    return g_strdup_printf("%020" G_GINT64_FORMAT, G_MAXINT64 - change->id);
}

static ApiResponse *
records_list(Call *call, GError **error)
{
    g_autofree char *id = set_id_of(call);
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) changes = tx ? store_upgrade_list(tx, id, error) : NULL;
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_auto(Page) page = { 0 };
    if (!changes || !page_read(call, &(PageItems){ changes->len, change_token, changes }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        g_autoptr(json_t) body = change_json(g_ptr_array_index(changes, i), /* record= */ NULL);
        page_add(bodies, body);
    }
    return page_respond(call, bodies, &page);
}

static ApiResponse *
record_get(Call *call, GError **error)
{
    g_autofree char *id = set_id_of(call);
    GError *lookup = NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreUpgrade) change = tx ? store_upgrade_get(tx, call->params[PARAM_RECORD], &lookup) : NULL;
    g_autofree char *record = change && change->closed ? store_upgrade_record(tx, change->id, &lookup) : NULL;
    if (!tx)
        return NULL;
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!change || g_ascii_strcasecmp(change->resource, id) != 0) {
        arm_fail(error, ARM_NOT_FOUND, NULL,
                 "The scale set '%.80s' has no change record '%.80s'; GET …/changeRecords lists them.", call->params[PARAM_SET],
                 call->params[PARAM_RECORD]);
        return NULL;
    }
    g_autoptr(json_t) body = change_json(change, record);
    return respond_json(200, body);
}

const Route routes_change_records[] = {
    { "GET", RECORDS, records_list, 0, PAGE_QUERY },
    { "GET", RECORDS "/{record}", record_get, 0, NO_QUERY },
    { 0 },
};
