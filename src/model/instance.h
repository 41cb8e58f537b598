/* model/instance.h: the words for an instance's life. Pure. */
#pragma once

#include <glib.h>

/* What the VM is, as last seen. */
typedef enum {
    INSTANCE_CREATING, /* recorded, its VM was never started */
    INSTANCE_STARTING, /* QEMU is being started or runs; the step's end (guest agent's answer) is awaited */
    INSTANCE_RUNNING,
    INSTANCE_STOPPING,
    INSTANCE_STOPPED, /* powered off, still allocated */
    INSTANCE_DEALLOCATED,
    INSTANCE_FAILED, /* see failure code; its QEMU may or may not be alive */
    INSTANCE_DELETING,
    INSTANCE_N_STATES
} InstanceState;

typedef enum { POWER_RUNNING, POWER_STOPPED, POWER_DEALLOCATED, POWER_N_STATES } DesiredPower;

/* Is what it is there for well? As Azure's Application Health extension says it. */
typedef enum {
    HEALTH_UNKNOWN,      /* nothing was heard, or what was heard says nothing */
    HEALTH_INITIALIZING, /* on its way up, within its grace period: neither well nor ill */
    HEALTH_HEALTHY,
    HEALTH_UNHEALTHY,
    HEALTH_N
} Health;

/* "unknown", "initializing", "healthy", "unhealthy" as stored; the instance view's code is "HealthState/" and this. */
const char *health_text(Health health);
gboolean health_from_text(const char *text, Health *ret_health);

/* As a view shows it. asked: its application is, and says `said`; otherwise one that runs is well. Of what does not run nothing
 * is known, but that a failure is no health. */
Health instance_shown_health(InstanceState state, gboolean asked, Health said);

/* Text as stored and shown in logs ("creating"); and back. */
const char *instance_state_text(InstanceState state);
gboolean instance_state_from_text(const char *text, InstanceState *ret_state);
const char *desired_power_text(DesiredPower power);
gboolean desired_power_from_text(const char *text, DesiredPower *ret_power);

/* As ARM shows them: provisioningState "Creating|Updating|Succeeded|Failed|Deleting", and the instance view's code
 * "PowerState/starting|running|stopping|stopped|deallocated|unknown". `busy`: a step is in hand. */
const char *instance_provisioning_text(InstanceState state, gboolean busy);
const char *instance_power_code(InstanceState state, gboolean process_alive);
