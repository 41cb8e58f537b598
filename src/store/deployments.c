#include "store/deployments.h"

#include "store/sqlite.h"

void
store_deployment_free(StoreDeployment *deployment)
{
    if (!deployment)
        return;
    g_free(deployment->group);
    g_free(deployment->name);
    g_free(deployment->id);
    g_free(deployment->document);
    g_free(deployment->outputs);
    g_free(deployment);
}

void
store_deployment_part_free(StoreDeploymentPart *part)
{
    if (!part)
        return;
    g_free(part->deployment);
    g_free(part->resource);
    g_free(part->operation);
    g_free(part);
}

static const Column deployment_columns[] = {
    COLUMN_FIXED(StoreDeployment, group, COLUMN_TEXT),
    COLUMN_FIXED(StoreDeployment, name, COLUMN_TEXT),
    COLUMN(StoreDeployment, id, COLUMN_TEXT),
    COLUMN(StoreDeployment, document, COLUMN_TEXT),
    COLUMN(StoreDeployment, outputs, COLUMN_TEXT),
    COLUMN(StoreDeployment, created, COLUMN_INT64),
    { 0 },
};
const RowType deployment_rows = { "deployments", sizeof(StoreDeployment), deployment_columns, 2,
                                  (GDestroyNotify)store_deployment_free };

static const Column deployment_head_columns[] = {
    COLUMN_FIXED(StoreDeployment, group, COLUMN_TEXT),
    COLUMN_FIXED(StoreDeployment, name, COLUMN_TEXT),
    COLUMN(StoreDeployment, id, COLUMN_TEXT),
    COLUMN(StoreDeployment, created, COLUMN_INT64),
    { 0 },
};
const RowType deployment_head_rows = { "deployments", sizeof(StoreDeployment), deployment_head_columns, 2,
                                       (GDestroyNotify)store_deployment_free };

static const Column part_columns[] = {
    COLUMN_FIXED(StoreDeploymentPart, deployment, COLUMN_TEXT),
    COLUMN_FIXED(StoreDeploymentPart, place, COLUMN_UINT),
    COLUMN(StoreDeploymentPart, resource, COLUMN_TEXT),
    COLUMN(StoreDeploymentPart, operation, COLUMN_TEXT),
    { 0 },
};
const RowType deployment_part_rows = { "deployment_parts", sizeof(StoreDeploymentPart), part_columns, 2,
                                       (GDestroyNotify)store_deployment_part_free };

StoreDeployment *
store_deployment_get(StoreTx *tx, const char *group, const char *name, GError **error)
{
    return row_get(tx, SQL_DEPLOYMENT_GET, PARAMS(text_param(group), text_param(name)), error);
}

GPtrArray *
store_deployment_list(StoreTx *tx, const char *group, GError **error)
{
    return row_list(tx, SQL_DEPLOYMENT_LIST, PARAMS(text_param(group)), error);
}

gboolean
store_deployment_put(StoreTx *tx, const StoreDeployment *deployment, guint most, GError **error)
{
    return row_insert(tx, SQL_DEPLOYMENT_PUT, deployment, error) &&
           sql_run(tx, SQL_DEPLOYMENT_PRUNE,
                   PARAMS(text_param(deployment->group), number_param(most), text_param(deployment->id)), NULL, error);
}

gboolean
store_deployment_outputs_set(StoreTx *tx, const StoreDeployment *deployment, GError **error)
{
    return sql_run(tx, SQL_DEPLOYMENT_OUTPUTS, PARAMS(text_param(deployment->id), text_param(deployment->outputs)), NULL,
                   error);
}

gboolean
store_deployment_delete(StoreTx *tx, const StoreDeployment *deployment, GError **error)
{
    return sql_run(tx, SQL_DEPLOYMENT_DELETE, PARAMS(text_param(deployment->group), text_param(deployment->name)), NULL, error);
}

gboolean
store_deployment_part_add(StoreTx *tx, const StoreDeploymentPart *part, GError **error)
{
    return row_insert(tx, SQL_DEPLOYMENT_PART_INSERT, part, error);
}

GPtrArray *
store_deployment_parts(StoreTx *tx, const char *id, GError **error)
{
    return row_list(tx, SQL_DEPLOYMENT_PARTS, PARAMS(text_param(id)), error);
}
