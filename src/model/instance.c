#include "model/instance.h"

#include "base/words.h"

static const char *const state_texts[INSTANCE_N_STATES] = {
    [INSTANCE_CREATING] = "creating", [INSTANCE_STARTING] = "starting", [INSTANCE_RUNNING] = "running",
    [INSTANCE_STOPPING] = "stopping", [INSTANCE_STOPPED] = "stopped",   [INSTANCE_DEALLOCATED] = "deallocated",
    [INSTANCE_FAILED] = "failed",     [INSTANCE_DELETING] = "deleting",
};

static const char *const power_texts[POWER_N_STATES] = {
    [POWER_RUNNING] = "running",
    [POWER_STOPPED] = "stopped",
    [POWER_DEALLOCATED] = "deallocated",
};

static const char *const health_texts[HEALTH_N] = {
    [HEALTH_UNKNOWN] = "unknown",
    [HEALTH_INITIALIZING] = "initializing",
    [HEALTH_HEALTHY] = "healthy",
    [HEALTH_UNHEALTHY] = "unhealthy",
};

const char *
health_text(Health health)
{
    g_assert((int)health < HEALTH_N);
    return health_texts[health];
}

gboolean
health_from_text(const char *text, Health *ret_health)
{
    int index;
    if (!word_find(health_texts, HEALTH_N, text, &index))
        return FALSE;
    *ret_health = (Health)index;
    return TRUE;
}

const char *
instance_state_text(InstanceState state)
{
    g_assert(state < INSTANCE_N_STATES);
    return state_texts[state];
}

gboolean
instance_state_from_text(const char *text, InstanceState *ret_state)
{
    int index;
    if (!word_find(state_texts, INSTANCE_N_STATES, text, &index))
        return FALSE;
    *ret_state = (InstanceState)index;
    return TRUE;
}

const char *
desired_power_text(DesiredPower power)
{
    g_assert(power < POWER_N_STATES);
    return power_texts[power];
}

gboolean
desired_power_from_text(const char *text, DesiredPower *ret_power)
{
    int index;
    if (!word_find(power_texts, POWER_N_STATES, text, &index))
        return FALSE;
    *ret_power = (DesiredPower)index;
    return TRUE;
}

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
