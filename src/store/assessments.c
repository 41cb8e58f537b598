/* What was looked up in instances before an upgrade. */
#include "store/sqlite.h"

void
store_assessment_free(StoreAssessment *assessment)
{
    if (!assessment)
        return;
    g_free(assessment->document);
    g_free(assessment);
}

static const Column assessment_columns[] = {
    COLUMN_FIXED(StoreAssessment, set_id, COLUMN_INT64), COLUMN_FIXED(StoreAssessment, instance, COLUMN_UINT),
    COLUMN(StoreAssessment, at, COLUMN_INT64),           COLUMN(StoreAssessment, epoch, COLUMN_UINT64),
    COLUMN(StoreAssessment, disk_gen, COLUMN_UINT64),    COLUMN(StoreAssessment, vtpm_gen, COLUMN_UINT64),
    COLUMN(StoreAssessment, document, COLUMN_TEXT),      { 0 },
};
const RowType assessment_rows = { "assessments", sizeof(StoreAssessment), assessment_columns, 2,
                                  (GDestroyNotify)store_assessment_free };

StoreAssessment *
store_assessment_get(StoreTx *tx, gint64 set_id, guint instance, GError **error)
{
    return row_get(tx, SQL_ASSESSMENT_GET, PARAMS(number_param(set_id), number_param(instance)), error);
}

gboolean
store_assessment_put(StoreTx *tx, const StoreAssessment *assessment, GError **error)
{
    return row_insert(tx, SQL_ASSESSMENT_PUT, assessment, error);
}
