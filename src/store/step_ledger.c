/* Steps that begin and end within one transaction. */
#include "store/steps.h"

#include "base/json.h"

#include <string.h>

/* Details of a failed operation are for people; beyond this many they say no more. */
#define DETAILS_MAX 20

/* What one operation is to be told. */
typedef struct {
    char *operation;
    guint begun, ended;
    char *code; /* of the first failure, or NULL */
    char *message;
    json_t *details; /* of DETAILS_MAX failures at most */
} Entry;

struct StepLedger {
    GPtrArray *entries; /* of Entry, in the order in which they were met */
    GHashTable *by_id;  /* char* (Entry.operation) -> Entry, borrowed */
};

static void
entry_free(void *data)
{
    Entry *entry = data;
    g_free(entry->operation);
    g_free(entry->code);
    g_free(entry->message);
    json_decref(entry->details);
    g_free(entry);
}

StepLedger *
step_ledger_new(void)
{
    StepLedger *ledger = g_new0(StepLedger, 1);
    ledger->entries = g_ptr_array_new_with_free_func(entry_free);
    ledger->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    return ledger;
}

void
step_ledger_free(StepLedger *ledger)
{
    if (!ledger)
        return;
    g_hash_table_unref(ledger->by_id);
    g_ptr_array_unref(ledger->entries);
    g_free(ledger);
}

static Entry *
entry_of(StepLedger *ledger, const char *operation)
{
    Entry *entry = g_hash_table_lookup(ledger->by_id, operation);
    if (entry)
        return entry;
    entry = g_new0(Entry, 1);
    entry->operation = g_strdup(operation);
    entry->details = json_array();
    g_ptr_array_add(ledger->entries, entry);
    g_hash_table_insert(ledger->by_id, entry->operation, entry);
    return entry;
}

static void
failure_record(Entry *entry, const StoreInstance *instance, const GError *failure)
{
    g_autofree char *target = g_strdup_printf("instances/%u", instance->id);
    const char *code = arm_code_text((ArmCode)failure->code);

    if (!entry->code) {
        entry->code = g_strdup(code);
        entry->message = g_strdup_printf("Instance %u: %s", instance->id, failure->message);
    }
    if (json_array_size(entry->details) < DETAILS_MAX)
        json_array_append_new(entry->details,
                              json_pack("{ss ss ss}", "code", code, "message", failure->message, "target", target));
}

void
step_join(StepLedger *ledger, const char *operation, StoreInstance *instance)
{
    step_take(instance, operation);
    entry_of(ledger, operation)->begun++;
}

void
step_end(StepLedger *ledger, StoreInstance *instance, const GError *failure)
{
    g_autofree char *operation = g_steal_pointer(&instance->operation);
    instance->deadline = 0;
    if (!operation)
        return;
    Entry *entry = entry_of(ledger, operation);
    entry->ended++;
    if (failure)
        failure_record(entry, instance, failure);
}

static void
failures_add(StoreOperation *operation, Entry *entry)
{
    if (!operation->code) {
        operation->code = g_steal_pointer(&entry->code);
        operation->message = g_steal_pointer(&entry->message);
    }
    g_autoptr(json_t) details = operation->details ? json_loads(operation->details, 0, /* error= */ NULL) : json_array();
    size_t i;
    json_t *detail;
    if (!details)
        return;
    json_array_foreach(entry->details, i, detail)
    {
        if (json_array_size(details) < DETAILS_MAX)
            json_array_append(details, detail);
    }
    g_free(operation->details);
    operation->details = json_text(details);
}

static gboolean
entry_write(Entry *entry, StoreTx *tx, UnixTime now, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreOperation) operation = store_operation_get(tx, entry->operation, &lookup);
    if (!operation) {
        if (!lookup)
            return TRUE;
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (entry->code)
        failures_add(operation, entry);
    operation->total += entry->begun;
    operation->pending += entry->begun;
    operation->pending -= MIN(operation->pending, entry->ended);
    if (operation->pending == 0 && operation->status == OPERATION_IN_PROGRESS)
        return operation_end(tx, operation, now, error);
    return store_operation_update(tx, operation, error);
}

gboolean
step_ledger_write(StepLedger *ledger, StoreTx *tx, UnixTime now, GError **error)
{
    for (guint i = 0; i < ledger->entries->len; i++) {
        if (!entry_write(g_ptr_array_index(ledger->entries, i), tx, now, error))
            return FALSE;
    }
    g_hash_table_remove_all(ledger->by_id);
    g_ptr_array_set_size(ledger->entries, 0);
    return TRUE;
}
