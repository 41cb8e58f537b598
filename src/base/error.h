/* base/error.h: one error domain for the whole of Testudo.
 *
 * Every GError of this domain carries an ARM error code (its `code` is an ArmCode), a sentence for
 * people, and optionally a target (the JSON path of the property that is at fault, such as
 * "properties.virtualMachineProfile.securityProfile.uefiSettings") and details (further errors of
 * the same domain; what a rule check that found several violations returns).
 *
 * Shape on the wire: Azure Resource Manager common error, {"error":{code,message,target,details}},
 * Microsoft REST API Guidelines, "Error condition responses". */
#pragma once

#include <glib.h>

#define ARM_ERROR (arm_error_quark())

typedef enum {
    ARM_INTERNAL,                    /* 500: our own fault; the message says what was attempted */
    ARM_BAD_REQUEST,                 /* 400 BadRequest */
    ARM_INVALID_PARAMETER,           /* 400 InvalidParameter: a member has a value that is not accepted */
    ARM_INVALID_REQUEST_CONTENT,     /* 400 InvalidRequestContent: not JSON, or no such member */
    ARM_MISSING_API_VERSION,         /* 400 MissingApiVersionParameter */
    ARM_INVALID_API_VERSION,         /* 400 InvalidApiVersionParameter */
    ARM_LOCATION_NOT_AVAILABLE,      /* 400 LocationNotAvailableForResourceType */
    ARM_IMAGE_NOT_FOUND,             /* 400 PlatformImageNotFound, as Azure answers on a create */
    ARM_AUTHENTICATION_FAILED,       /* 401 AuthenticationFailed */
    ARM_FORBIDDEN,                   /* 403 AuthorizationFailed */
    ARM_NOT_FOUND,                   /* 404 NotFound: no such route or sub-resource */
    ARM_RESOURCE_NOT_FOUND,          /* 404 ResourceNotFound */
    ARM_RESOURCE_GROUP_NOT_FOUND,    /* 404 ResourceGroupNotFound */
    ARM_SUBSCRIPTION_NOT_FOUND,      /* 404 SubscriptionNotFound */
    ARM_INSTANCE_NOT_FOUND,          /* 404 InstanceIdNotFound */
    ARM_FEATURE_NOT_FOUND,           /* 404 FeatureNotFound */
    ARM_METHOD_NOT_ALLOWED,          /* 405 MethodNotAllowed */
    ARM_CONFLICT,                    /* 409 Conflict */
    ARM_OPERATION_NOT_ALLOWED,       /* 409 OperationNotAllowed */
    ARM_PROPERTY_CHANGE_NOT_ALLOWED, /* 409 PropertyChangeNotAllowed */
    ARM_PRECONDITION_FAILED,         /* 412 PreconditionFailed: If-Match / If-None-Match */
    ARM_TOO_LARGE,                   /* 413 RequestEntityTooLarge */
    ARM_TOO_MANY_REQUESTS,           /* 429 TooManyRequests */
    ARM_NOT_SUPPORTED,               /* 501 NotSupported */
    ARM_UNAVAILABLE,                 /* 503 ServiceUnavailable */
    /* Codes of operations that ended badly; they are shown in operations and instance views. */
    ARM_OPERATION_PREEMPTED, /* 409 OperationPreempted: a newer request took over */
    ARM_SECURE_BOOT_REFUSED, /* 409 SecureBootValidationFailed */
    ARM_BOOT_TIMED_OUT,      /* 409 OSProvisioningTimedOut: agent did not answer in time */
    ARM_VM_START_FAILED,     /* 409 VMStartFailed: QEMU or swtpm did not start */
    ARM_VM_EXITED,           /* 409 VMExited: QEMU or swtpm died */
    ARM_VTPM_FAILED,         /* 409 VTpmFailed: locked, corrupt, or could not be made */
    ARM_HOST_DISK_FULL,      /* 409 HostDiskFull */
    ARM_IMAGE_UNUSABLE,      /* 409 ImageUnusable: image file missing, changed or not as named */
    ARM_HOST_CAPACITY,       /* 409 AllocationFailed: this host has not enough memory */
    /* Why a rolling upgrade stopped. */
    ARM_ROLL_UNHEALTHY_BEFORE,   /* 409 MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade */
    ARM_ROLL_UNHEALTHY,          /* 409 MaxUnhealthyInstancePercentExceededInRollingUpgrade */
    ARM_ROLL_UNHEALTHY_UPGRADED, /* 409 MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade */
    ARM_ROLL_CANCELED,           /* 409 RollingUpgradeCanceled: somebody asked for it */
    /* What testudo-guest could not be asked for inside a guest. */
    ARM_GUEST_AGENT_RESTRICTED, /* 409 GuestAgentRestricted: the guest forbids its agent to run or write what is needed */
    ARM_GUEST_RUN_FAILED,       /* 409 GuestRunFailed: it was not put there, did not end in time, or said too much */
    /* The store keeps these by number: what comes new stands at the end. */
    ARM_GONE,             /* 410 Gone: no longer kept */
    ARM_INVALID_TEMPLATE, /* 400 InvalidTemplate: a deployment template that cannot be evaluated, or has what is not there */
    ARM_DEPLOYMENT_NOT_FOUND, /* 404 DeploymentNotFound */
    ARM_N_CODES
} ArmCode;

GQuark arm_error_quark(void);

/* HTTP status and wire code of an ArmCode; never NULL. */
int arm_code_http(ArmCode code);
const char *arm_code_text(ArmCode code);

/* The reverse of arm_code_text(); false where the text is none of ours. */
gboolean arm_code_from_text(const char *text, ArmCode *ret_code);

/* Sets *error (when error is not NULL) with a target; target may be NULL. Always returns FALSE, so
 * that a failing check reads `return arm_fail(error, …);`. The message is made valid UTF-8. */
gboolean arm_fail(GError **error, ArmCode code, const char *target, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The target of an error of this domain, borrowed; NULL where there is none or for other domains. */
const char *arm_error_target(const GError *error);

/* The details, borrowed array of GError* of this domain; NULL where there are none. */
const GPtrArray *arm_error_details(const GError *error);

/* Makes one error from several (element type GError*, at least one): status, code, message and
 * target of the first; details are all of them (copied), also when there is only one. */
void arm_set_error_from_violations(GError **error, const GPtrArray *violations);

/* Turns an error of any domain into one of this domain: others become ARM_INTERNAL with the
 * message kept. Takes ownership of error, returns it or its replacement. */
GError *arm_error_adopt(GError *error);
