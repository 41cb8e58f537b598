#include "base/error.h"

#include <stdarg.h>

typedef struct {
    char *target;
    GPtrArray *details;
} ArmErrorPrivate;

static void
arm_error_private_init(ArmErrorPrivate *priv)
{
    priv->target = NULL;
    priv->details = NULL;
}

static void
arm_error_private_copy(const ArmErrorPrivate *src, ArmErrorPrivate *dest)
{
    dest->target = g_strdup(src->target);
    dest->details = src->details ? g_ptr_array_ref(src->details) : NULL;
}

static void
arm_error_private_clear(ArmErrorPrivate *priv)
{
    g_free(priv->target);
    g_clear_pointer(&priv->details, g_ptr_array_unref);
}

G_DEFINE_EXTENDED_ERROR(ArmError, arm_error)

static const struct {
    int http;
    const char *text;
} codes[ARM_N_CODES] = {
    [ARM_INTERNAL] = { 500, "InternalServerError" },
    [ARM_BAD_REQUEST] = { 400, "BadRequest" },
    [ARM_INVALID_PARAMETER] = { 400, "InvalidParameter" },
    [ARM_INVALID_REQUEST_CONTENT] = { 400, "InvalidRequestContent" },
    [ARM_MISSING_API_VERSION] = { 400, "MissingApiVersionParameter" },
    [ARM_INVALID_API_VERSION] = { 400, "InvalidApiVersionParameter" },
    [ARM_LOCATION_NOT_AVAILABLE] = { 400, "LocationNotAvailableForResourceType" },
    [ARM_IMAGE_NOT_FOUND] = { 400, "PlatformImageNotFound" },
    [ARM_AUTHENTICATION_FAILED] = { 401, "AuthenticationFailed" },
    [ARM_FORBIDDEN] = { 403, "AuthorizationFailed" },
    [ARM_NOT_FOUND] = { 404, "NotFound" },
    [ARM_RESOURCE_NOT_FOUND] = { 404, "ResourceNotFound" },
    [ARM_RESOURCE_GROUP_NOT_FOUND] = { 404, "ResourceGroupNotFound" },
    [ARM_SUBSCRIPTION_NOT_FOUND] = { 404, "SubscriptionNotFound" },
    [ARM_INSTANCE_NOT_FOUND] = { 404, "InstanceIdNotFound" },
    [ARM_FEATURE_NOT_FOUND] = { 404, "FeatureNotFound" },
    [ARM_METHOD_NOT_ALLOWED] = { 405, "MethodNotAllowed" },
    [ARM_CONFLICT] = { 409, "Conflict" },
    [ARM_OPERATION_NOT_ALLOWED] = { 409, "OperationNotAllowed" },
    [ARM_PROPERTY_CHANGE_NOT_ALLOWED] = { 409, "PropertyChangeNotAllowed" },
    [ARM_PRECONDITION_FAILED] = { 412, "PreconditionFailed" },
    [ARM_TOO_LARGE] = { 413, "RequestEntityTooLarge" },
    [ARM_TOO_MANY_REQUESTS] = { 429, "TooManyRequests" },
    [ARM_NOT_SUPPORTED] = { 501, "NotSupported" },
    [ARM_UNAVAILABLE] = { 503, "ServiceUnavailable" },
    [ARM_OPERATION_PREEMPTED] = { 409, "OperationPreempted" },
    [ARM_SECURE_BOOT_REFUSED] = { 409, "SecureBootValidationFailed" },
    [ARM_BOOT_TIMED_OUT] = { 409, "OSProvisioningTimedOut" },
    [ARM_VM_START_FAILED] = { 409, "VMStartFailed" },
    [ARM_VM_EXITED] = { 409, "VMExited" },
    [ARM_VTPM_FAILED] = { 409, "VTpmFailed" },
    [ARM_HOST_DISK_FULL] = { 409, "HostDiskFull" },
    [ARM_IMAGE_UNUSABLE] = { 409, "ImageUnusable" },
    [ARM_HOST_CAPACITY] = { 409, "AllocationFailed" },
    [ARM_ROLL_UNHEALTHY_BEFORE] = { 409, "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade" },
    [ARM_ROLL_UNHEALTHY] = { 409, "MaxUnhealthyInstancePercentExceededInRollingUpgrade" },
    [ARM_ROLL_UNHEALTHY_UPGRADED] = { 409, "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade" },
    [ARM_ROLL_CANCELED] = { 409, "RollingUpgradeCanceled" },
    [ARM_GUEST_AGENT_RESTRICTED] = { 409, "GuestAgentRestricted" },
    [ARM_GUEST_RUN_FAILED] = { 409, "GuestRunFailed" },
    [ARM_GONE] = { 410, "Gone" },
    [ARM_INVALID_TEMPLATE] = { 400, "InvalidTemplate" },
    [ARM_DEPLOYMENT_NOT_FOUND] = { 404, "DeploymentNotFound" },
};

int
arm_code_http(ArmCode code)
{
    g_assert(code < ARM_N_CODES);
    return codes[code].http;
}

const char *
arm_code_text(ArmCode code)
{
    g_assert(code < ARM_N_CODES);
    return codes[code].text;
}

gboolean
arm_code_from_text(const char *text, ArmCode *ret_code)
{
    for (int code = 0; code < ARM_N_CODES; code++) {
        if (strcmp(codes[code].text, text) == 0) {
            *ret_code = (ArmCode)code;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
arm_fail(GError **error, ArmCode code, const char *target, const char *format, ...)
{
    va_list args;

    if (!error)
        return FALSE;
    va_start(args, format);
    GError *made = g_error_new_valist(ARM_ERROR, (int)code, format, args);
    va_end(args);
    /* A precision in the format may have cut a character in two, and JSON takes whole ones only. */
    if (!g_utf8_validate(made->message, -1, NULL)) {
        char *valid = g_utf8_make_valid(made->message, -1);
        g_free(made->message);
        made->message = valid;
    }
    arm_error_get_private(made)->target = g_strdup(target);
    g_propagate_error(error, made);
    return FALSE;
}

const char *
arm_error_target(const GError *error)
{
    return error->domain == ARM_ERROR ? arm_error_get_private(error)->target : NULL;
}

const GPtrArray *
arm_error_details(const GError *error)
{
    return error->domain == ARM_ERROR ? arm_error_get_private(error)->details : NULL;
}

void
arm_set_error_from_violations(GError **error, const GPtrArray *violations)
{
    g_assert(violations->len > 0);
    if (!error)
        return;
    GError *made = g_error_copy(g_ptr_array_index(violations, 0));
    ArmErrorPrivate *priv = arm_error_get_private(made);
    g_clear_pointer(&priv->details, g_ptr_array_unref);
    priv->details = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    for (guint i = 0; i < violations->len; i++)
        g_ptr_array_add(priv->details, g_error_copy(g_ptr_array_index(violations, i)));
    g_propagate_error(error, made);
}

GError *
arm_error_adopt(GError *error)
{
    if (!error || error->domain == ARM_ERROR)
        return error;
    GError *adopted = g_error_new_literal(ARM_ERROR, ARM_INTERNAL, error->message);
    g_error_free(error);
    return adopted;
}
