/* What of the quota is in use. */
#include "store/sqlite.h"

static void
family_cores_free(void *data)
{
    StoreFamilyCores *cores = data;
    g_free(cores->family);
    g_free(cores);
}

void
store_usage_free(StoreUsage *usage)
{
    if (!usage)
        return;
    g_ptr_array_unref(usage->families);
    g_free(usage);
}

static StoreFamilyCores *
family_find(const StoreUsage *usage, const char *family)
{
    for (guint i = 0; i < usage->families->len; i++) {
        StoreFamilyCores *cores = g_ptr_array_index(usage->families, i);
        if (g_ascii_strcasecmp(cores->family, family) == 0)
            return cores;
    }
    return NULL;
}

static void
family_add(StoreUsage *usage, const char *family, guint cores)
{
    StoreFamilyCores *of_family = family_find(usage, family);
    if (!of_family) {
        of_family = g_new0(StoreFamilyCores, 1);
        of_family->family = g_strdup(family);
        g_ptr_array_add(usage->families, of_family);
    }
    of_family->cores += cores;
}

static gboolean
wanted_add(StoreTx *tx, gint64 except_set, StoreUsage *usage, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, SQL_USAGE_CORES, PARAMS(number_param(except_set)), error);
    int rc = -1;
    while (statement && (rc = sql_step(tx, statement, error)) == 1) {
        const guint cores = (guint)sqlite3_column_int64(statement, 1);
        family_add(usage, (const char *)sqlite3_column_text(statement, 0), cores);
        usage->regional_cores += cores;
        usage->virtual_machines += (guint)sqlite3_column_int64(statement, 2);
    }
    return rc >= 0;
}

/* An instance takes one of its sizes at a time, the wanted one first, the one that it runs and the one that it may go back to:
 * of each family, and in the region, the largest counts. */
static void
kept_add_group(StoreUsage *usage, sqlite3_stmt *statement)
{
    enum { SIZES = 3 };
    const guint n = (guint)sqlite3_column_int64(statement, 2 * SIZES);
    const guint wanted = (guint)sqlite3_column_int64(statement, 1);
    guint largest = wanted;
    for (int i = 1; i < SIZES; i++) {
        const char *family = (const char *)sqlite3_column_text(statement, 2 * i);
        const guint cores = (guint)sqlite3_column_int64(statement, 2 * i + 1);
        guint of_family = 0;
        for (int k = 0; family && k < i; k++) {
            const char *other = (const char *)sqlite3_column_text(statement, 2 * k);
            if (other && g_ascii_strcasecmp(other, family) == 0)
                of_family = MAX(of_family, (guint)sqlite3_column_int64(statement, 2 * k + 1));
        }
        if (family && cores > of_family)
            family_add(usage, family, n * (cores - of_family));
        largest = MAX(largest, cores);
    }
    usage->regional_cores += n * (largest - wanted);
}

static gboolean
kept_add(StoreTx *tx, gint64 except_set, StoreUsage *usage, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, SQL_USAGE_KEPT, PARAMS(number_param(except_set)), error);
    int rc = -1;
    while (statement && (rc = sql_step(tx, statement, error)) == 1)
        kept_add_group(usage, statement);
    return rc >= 0;
}

StoreUsage *
store_usage(StoreTx *tx, gint64 except_set, GError **error)
{
    g_autoptr(StoreUsage) usage = g_new0(StoreUsage, 1);
    gint64 sets;
    gboolean found;
    usage->families = g_ptr_array_new_with_free_func(family_cores_free);
    if (!wanted_add(tx, except_set, usage, error) || !kept_add(tx, except_set, usage, error) ||
        !sql_number(tx, SQL_USAGE_SETS, PARAMS(number_param(except_set)), &sets, &found, error))
        return NULL;
    usage->scale_sets = (guint)sets;
    return g_steal_pointer(&usage);
}

guint
store_usage_family_cores(const StoreUsage *usage, const char *family)
{
    const StoreFamilyCores *cores = family_find(usage, family);
    return cores ? cores->cores : 0;
}
