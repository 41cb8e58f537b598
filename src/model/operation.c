#include "model/operation.h"

#include "base/words.h"

static const char *const status_texts[OPERATION_N_STATUSES] = {
    [OPERATION_IN_PROGRESS] = "InProgress",
    [OPERATION_SUCCEEDED] = "Succeeded",
    [OPERATION_FAILED] = "Failed",
    [OPERATION_CANCELED] = "Canceled",
};

#define SETS "Microsoft.Compute/virtualMachineScaleSets"

static const char *const kind_texts[OPERATION_N_KINDS] = {
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
    [OPERATION_REPAIR] = SETS "/repair/action",
};

const char *
operation_status_text(OperationStatus status)
{
    g_assert(status < OPERATION_N_STATUSES);
    return status_texts[status];
}

gboolean
operation_status_from_text(const char *text, OperationStatus *ret_status)
{
    int index;
    if (!word_find(status_texts, OPERATION_N_STATUSES, text, &index))
        return FALSE;
    *ret_status = (OperationStatus)index;
    return TRUE;
}

const char *
operation_kind_text(OperationKind kind)
{
    g_assert(kind < OPERATION_N_KINDS);
    return kind_texts[kind];
}

gboolean
operation_kind_from_text(const char *text, OperationKind *ret_kind)
{
    int index;
    if (!word_find(kind_texts, OPERATION_N_KINDS, text, &index))
        return FALSE;
    *ret_kind = (OperationKind)index;
    return TRUE;
}
