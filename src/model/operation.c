#include "model/operation.h"

#include "base/words.h"

static const char *const operation_status_words[OPERATION_N_STATUSES] = {
    [OPERATION_IN_PROGRESS] = "InProgress",
    [OPERATION_SUCCEEDED] = "Succeeded",
    [OPERATION_FAILED] = "Failed",
    [OPERATION_CANCELED] = "Canceled",
};
DEFINE_WORDS(operation_status, OperationStatus, OPERATION_N_STATUSES)

#define SETS "Microsoft.Compute/virtualMachineScaleSets"

static const char *const operation_kind_words[OPERATION_N_KINDS] = {
    [OPERATION_PUT_SCALE_SET] = SETS "/write",
    [OPERATION_DELETE_SCALE_SET] = SETS "/delete",
    [OPERATION_UPDATE_INSTANCES] = SETS "/manualUpgrade/action",
    [OPERATION_START] = SETS "/start/action",
    [OPERATION_POWER_OFF] = SETS "/powerOff/action",
    [OPERATION_RESTART] = SETS "/restart/action",
    [OPERATION_DEALLOCATE] = SETS "/deallocate/action",
    [OPERATION_REIMAGE] = SETS "/reimage/action",
    [OPERATION_REIMAGE_ALL] = SETS "/reimageAll/action",
    [OPERATION_DELETE_INSTANCES] = SETS "/delete/action",
    [OPERATION_REDEPLOY] = SETS "/redeploy/action",
    [OPERATION_PUT_INSTANCE] = SETS "/virtualMachines/write",
    [OPERATION_DELETE_GROUP] = "Microsoft.Resources/subscriptions/resourceGroups/delete",
    [OPERATION_RUN_COMMAND] = SETS "/virtualMachines/runCommand/action",
    [OPERATION_IMPORT_IMAGE] = "Testudo.Images/import/action",
    [OPERATION_ROLLING_UPGRADE] = SETS "/osRollingUpgrade/action",
    [OPERATION_CANCEL_ROLLING_UPGRADE] = SETS "/rollingUpgrades/cancel/action",
    [OPERATION_REPAIR] = SETS "/repair/action",
    [OPERATION_SET_SERVICE_STATE] = SETS "/setOrchestrationServiceState/action",
    [OPERATION_ATTEST] = SETS "/virtualMachines/attest/action",
    [OPERATION_QUARANTINE] = SETS "/virtualMachines/quarantine/action",
    [OPERATION_RELEASE] = SETS "/virtualMachines/release/action",
    [OPERATION_ACKNOWLEDGE_LOSS] = SETS "/acknowledgeDataLoss/action",
    [OPERATION_ASSESS] = SETS "/virtualMachines/assess/action",
    [OPERATION_APPROVE_BASELINE] = "Testudo.Attestation/baselines/write",
    [OPERATION_REVOKE_CERTIFICATE] = "Testudo.Attestation/vtpmAuthority/revoke/action",
    [OPERATION_RENEW_AUTHORITY] = "Testudo.Attestation/vtpmAuthority/renew/action",
    [OPERATION_ROTATE_TOKEN_KEY] = "Testudo.Attestation/rotateTokenKey/action",
};
DEFINE_WORDS(operation_kind, OperationKind, OPERATION_N_KINDS)
