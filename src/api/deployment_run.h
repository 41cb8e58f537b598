/* api/deployment_run.h: the resources of a template, made all in one transaction. */
#pragma once

#include "api/call.h"
#include "store/deployments.h"
#include "template/template.h"

/* Scale sets and their extensions; another type, or one set that is to wait for another, is refused. Of StoreDeploymentPart,
 * in the template's order, without their deployment's id. NULL sets *error, and the transaction is to be given up. */
GPtrArray *deployment_apply(Call *call, StoreTx *tx, const StoreGroup *group, const Template *template, GError **error);
