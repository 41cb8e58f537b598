#include "model/instance.h"

#include "base/words.h"

static const char *const instance_state_words[INSTANCE_N_STATES] = {
    [INSTANCE_CREATING] = "creating", [INSTANCE_STARTING] = "starting", [INSTANCE_RUNNING] = "running",
    [INSTANCE_STOPPING] = "stopping", [INSTANCE_STOPPED] = "stopped",   [INSTANCE_DEALLOCATED] = "deallocated",
    [INSTANCE_FAILED] = "failed",     [INSTANCE_DELETING] = "deleting",
};
DEFINE_WORDS(instance_state, InstanceState, INSTANCE_N_STATES)

static const char *const desired_power_words[POWER_N_STATES] = {
    [POWER_RUNNING] = "running",
    [POWER_STOPPED] = "stopped",
    [POWER_DEALLOCATED] = "deallocated",
};
DEFINE_WORDS(desired_power, DesiredPower, POWER_N_STATES)

static const char *const health_words[HEALTH_N] = {
    [HEALTH_UNKNOWN] = "unknown",
    [HEALTH_INITIALIZING] = "initializing",
    [HEALTH_HEALTHY] = "healthy",
    [HEALTH_UNHEALTHY] = "unhealthy",
};
DEFINE_WORDS(health, Health, HEALTH_N)

const char *
instance_provisioning_text(InstanceState state, gboolean busy)
{
    if (state == INSTANCE_DELETING)
        return "Deleting";
    if (state == INSTANCE_CREATING)
        return "Creating";
    if (busy)
        return "Updating";
    return state == INSTANCE_FAILED ? "Failed" : "Succeeded";
}

const char *
instance_power_code(InstanceState state, gboolean process_alive)
{
    switch (state) {
    case INSTANCE_CREATING:
    case INSTANCE_STARTING:
        return "PowerState/starting";
    case INSTANCE_RUNNING:
        return "PowerState/running";
    case INSTANCE_STOPPING:
        return "PowerState/stopping";
    case INSTANCE_STOPPED:
        return "PowerState/stopped";
    case INSTANCE_DEALLOCATED:
        return "PowerState/deallocated";
    case INSTANCE_FAILED:
        return process_alive ? "PowerState/running" : "PowerState/stopped";
    case INSTANCE_DELETING:
    case INSTANCE_N_STATES:
        break;
    }
    return "PowerState/unknown";
}

Health
instance_shown_health(InstanceState state, gboolean asked, Health said)
{
    switch (state) {
    case INSTANCE_RUNNING:
        return asked ? said : HEALTH_HEALTHY;
    case INSTANCE_FAILED:
        return HEALTH_UNHEALTHY;
    default:
        return HEALTH_UNKNOWN;
    }
}
