/* api/deployment_state.h: how far a deployment is, and how it looks on the wire.
 * Source: Azure REST, Microsoft.Resources deployments and deployment operations, 2021-04-01. */
#pragma once

#include "api/call.h"
#include "store/deployments.h"

#define DEPLOYMENT_TYPE "Microsoft.Resources/deployments"

/* Computed from the operations of its parts. */
typedef struct {
    OperationStatus status;
    UnixTime ended;        /* 0: it goes on */
    GPtrArray *parts;      /* of StoreDeploymentPart */
    GPtrArray *operations; /* of StoreOperation, one for each part; NULL: there was nothing to wait for */
} DeploymentState;
gboolean deployment_state_load(StoreTx *tx, const StoreDeployment *deployment, DeploymentState *ret_state, GError **error);
void deployment_state_clear(DeploymentState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeploymentState, deployment_state_clear)

/* "Running", "Succeeded", "Failed". Borrowed. */
const char *deployment_state_text(const DeploymentState *state);
/* NULL: nothing went wrong. */
json_t *deployment_error(const DeploymentState *state);
/* One part as an operation of the deployment. */
json_t *deployment_operation(const char *deployment_id, const StoreDeployment *deployment, const DeploymentState *state,
                             guint index);
/* time: its end, or now. */
json_t *deployment_json(const char *deployment_id, const StoreDeployment *deployment, const DeploymentState *state,
                        UnixTime now);
