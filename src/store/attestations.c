/* Boot integrity: vTPMs, what was attested of them, and event logs. */
#include "store/sqlite.h"

/* ---- vTPMs ---- */

void
store_vtpm_free(StoreVtpm *vtpm)
{
    if (!vtpm)
        return;
    g_free(vtpm->ek);
    g_free(vtpm->serial_p384);
    g_clear_pointer(&vtpm->certificate, g_bytes_unref);
    g_clear_pointer(&vtpm->ak, g_bytes_unref);
    g_free(vtpm);
}

static const Column vtpm_columns[] = {
    COLUMN_FIXED(StoreVtpm, set_id, COLUMN_INT64),
    COLUMN_FIXED(StoreVtpm, instance, COLUMN_UINT),
    COLUMN(StoreVtpm, generation, COLUMN_UINT64),
    COLUMN(StoreVtpm, ek, COLUMN_TEXT),
    COLUMN(StoreVtpm, certificate, COLUMN_BYTES),
    COLUMN(StoreVtpm, ak, COLUMN_BYTES),
    COLUMN(StoreVtpm, bound, COLUMN_INT64),
    COLUMN(StoreVtpm, resets, COLUMN_UINT),
    COLUMN(StoreVtpm, resets_epoch, COLUMN_UINT64),
    COLUMN(StoreVtpm, tried, COLUMN_INT64),
    COLUMN(StoreVtpm, verified, COLUMN_INT64),
    COLUMN(StoreVtpm, serial_p384, COLUMN_TEXT),
    { 0 },
};
const RowType vtpm_rows = { "vtpms", sizeof(StoreVtpm), vtpm_columns, 2, (GDestroyNotify)store_vtpm_free };

StoreVtpm *
store_vtpm_get(StoreTx *tx, gint64 set_id, guint instance, GError **error)
{
    return row_get(tx, SQL_VTPM_GET, PARAMS(number_param(set_id), number_param(instance)), error);
}

GPtrArray *
store_vtpm_list(StoreTx *tx, gint64 set_id, GError **error)
{
    return row_list(tx, SQL_VTPM_LIST, PARAMS(number_param(set_id)), error);
}

GPtrArray *
store_vtpm_list_of_key(StoreTx *tx, const char *ek, GError **error)
{
    return row_list(tx, SQL_VTPM_OF_KEY, PARAMS(text_param(ek)), error);
}

gboolean
store_vtpm_put(StoreTx *tx, const StoreVtpm *vtpm, GError **error)
{
    return row_insert(tx, SQL_VTPM_PUT, vtpm, error);
}

/* ---- attestations ---- */

void
store_attestation_free(StoreAttestation *attestation)
{
    if (!attestation)
        return;
    g_free(attestation->code);
    g_free(attestation->reason);
    g_free(attestation->components);
    g_free(attestation->reference);
    g_free(attestation->refused);
    g_free(attestation->log);
    g_clear_pointer(&attestation->nonce, g_bytes_unref);
    g_clear_pointer(&attestation->quote, g_bytes_unref);
    g_clear_pointer(&attestation->signature, g_bytes_unref);
    g_clear_pointer(&attestation->ak, g_bytes_unref);
    g_clear_pointer(&attestation->ek, g_bytes_unref);
    g_free(attestation);
}

DEFINE_ENUM_COLUMN(integrity, Integrity)

/* clang-format off */
static const Column attestation_columns[] = {
    COLUMN_FIXED(StoreAttestation, id, COLUMN_ROWID),
    COLUMN_FIXED(StoreAttestation, set_id, COLUMN_INT64),
    COLUMN_FIXED(StoreAttestation, instance, COLUMN_UINT),
    COLUMN_FIXED(StoreAttestation, at, COLUMN_INT64),
    COLUMN_FIXED(StoreAttestation, epoch, COLUMN_UINT64),
    ENUM_COLUMN(StoreAttestation, integrity, integrity),
    COLUMN_FIXED(StoreAttestation, code, COLUMN_TEXT),
    COLUMN_FIXED(StoreAttestation, reason, COLUMN_TEXT),
    COLUMN_FIXED(StoreAttestation, components, COLUMN_TEXT),
    COLUMN_FIXED(StoreAttestation, reference, COLUMN_TEXT),
    COLUMN_FIXED(StoreAttestation, resets, COLUMN_UINT),
    COLUMN_FIXED(StoreAttestation, log, COLUMN_TEXT),
    COLUMN_FIXED(StoreAttestation, nonce, COLUMN_BYTES),
    COLUMN_FIXED(StoreAttestation, quote, COLUMN_BYTES),
    COLUMN_FIXED(StoreAttestation, signature, COLUMN_BYTES),
    COLUMN_FIXED(StoreAttestation, ak, COLUMN_BYTES),
    COLUMN_FIXED(StoreAttestation, refused, COLUMN_TEXT),
    COLUMN_FIXED(StoreAttestation, revision, COLUMN_UINT),
    COLUMN_FIXED(StoreAttestation, ek, COLUMN_BYTES),
    { 0 },
};
/* clang-format on */
const RowType attestation_rows = { "attestations", sizeof(StoreAttestation), attestation_columns, 1,
                                   (GDestroyNotify)store_attestation_free };

GPtrArray *
store_attestation_list(StoreTx *tx, gint64 set_id, guint instance, guint limit, GError **error)
{
    return row_list(tx, SQL_ATTESTATION_LIST, PARAMS(number_param(set_id), number_param(instance), number_param(limit)), error);
}

gboolean
store_attestation_add(StoreTx *tx, const StoreAttestation *attestation, GError **error)
{
    return row_insert(tx, SQL_ATTESTATION_INSERT, attestation, error) &&
           sql_run(tx, SQL_ATTESTATION_PRUNE,
                   PARAMS(number_param(attestation->set_id), number_param(attestation->instance),
                          number_param(STORE_ATTESTATIONS_KEPT)),
                   NULL, error);
}

gboolean
store_attestation_prune(StoreTx *tx, UnixTime before, GError **error)
{
    return sql_run(tx, SQL_ATTESTATION_FORGET, PARAMS(number_param(before)), NULL, error) &&
           sql_run(tx, SQL_LOG_PRUNE, NO_PARAMS, NULL, error);
}

/* ---- event logs ---- */

static void
log_free(StoreLog *log)
{
    g_free(log->digest);
    g_clear_pointer(&log->bytes, g_bytes_unref);
    g_free(log);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreLog, log_free)

static const Column log_columns[] = {
    COLUMN(StoreLog, digest, COLUMN_TEXT),
    COLUMN(StoreLog, bytes, COLUMN_BYTES),
    { 0 },
};
const RowType log_rows = { "logs", sizeof(StoreLog), log_columns, 1, (GDestroyNotify)log_free };

GBytes *
store_log_get(StoreTx *tx, const char *digest, GError **error)
{
    g_autoptr(StoreLog) log = row_get(tx, SQL_LOG_GET, PARAMS(text_param(digest)), error);
    return log ? g_steal_pointer(&log->bytes) : NULL;
}

gboolean
store_log_put(StoreTx *tx, const char *digest, GBytes *bytes, GError **error)
{
    return sql_run(tx, SQL_LOG_INSERT, PARAMS(text_param(digest), bytes_param(bytes)), NULL, error);
}
