/* model/operation.h: the words for long-running operations. Pure. */
#pragma once

#include <glib.h>

typedef enum {
    OPERATION_IN_PROGRESS,
    OPERATION_SUCCEEDED,
    OPERATION_FAILED,
    OPERATION_CANCELED,
    OPERATION_N_STATUSES
} OperationStatus;

/* "InProgress", "Succeeded", "Failed", "Canceled" */
const char *operation_status_text(OperationStatus status);
gboolean operation_status_from_text(const char *text, OperationStatus *ret_status);

typedef enum {
    OPERATION_PUT_SCALE_SET, /* create or change of the model, with its scaling */
    OPERATION_DELETE_SCALE_SET,
    OPERATION_UPDATE_INSTANCES,
    OPERATION_START,
    OPERATION_POWER_OFF,
    OPERATION_RESTART,
    OPERATION_DEALLOCATE,
    OPERATION_REIMAGE,
    OPERATION_REIMAGE_ALL,
    OPERATION_DELETE_INSTANCES,
    OPERATION_REDEPLOY,
    OPERATION_PUT_INSTANCE,
    OPERATION_DELETE_GROUP,
    OPERATION_RUN_COMMAND,
    OPERATION_IMPORT_IMAGE,
    OPERATION_ROLLING_UPGRADE,        /* held open by the rolling upgrade itself (store/roll_steps.h) */
    OPERATION_CANCEL_ROLLING_UPGRADE, /* ends when the rolling upgrade has (store/roll_steps.h) */
    OPERATION_REPAIR,                 /* begun by the engine: automatic repairs, and what died started again */
    OPERATION_SET_SERVICE_STATE,      /* ends at once */
    OPERATION_ATTEST,                 /* an event's name alone: what was found of an instance's boot */
    OPERATION_QUARANTINE,             /* begun by the engine: an instance is taken out of service, and another one is made */
    OPERATION_RELEASE,                /* of one in quarantine */
    OPERATION_APPROVE_BASELINE,       /* the same, of what a boot should be */
    OPERATION_ROTATE_TOKEN_KEY,       /* the same, of the key that signs tokens */
    OPERATION_ASSESS,                 /* the same: it was looked up what an upgrade would cost an instance */
    OPERATION_ACKNOWLEDGE_LOSS,       /* the same: somebody knows that what is asked for locks a volume out */
    OPERATION_REVOKE_CERTIFICATE,     /* the same, of a vTPM */
    OPERATION_RENEW_AUTHORITY,        /* the same: another CA certifies vTPMs */
    OPERATION_N_KINDS
} OperationKind;

/* As an activity event names it: "Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action"; and back. */
const char *operation_kind_text(OperationKind kind);
gboolean operation_kind_from_text(const char *text, OperationKind *ret_kind);
