/* Instances' views: state, power, agent, health. */
#include "api/instance_body.h"

#include "base/time_text.h"

#include <string.h>

const char *
instance_provisioning(const StoreInstance *instance)
{
    return instance_provisioning_text(instance->want_deleted ? INSTANCE_DELETING : instance->state,
                                      instance->operation != NULL);
}

static json_t *
status_json(const char *code, const char *level, const char *display, const char *message)
{
    json_t *status = json_object();
    json_set_text(status, "code", code);
    json_set_text(status, "level", level);
    json_set_text(status, "displayStatus", display);
    json_set_text(status, "message", message);
    return status;
}

/* Its guest is told of its end: until when it has time. */
static json_t *
notice_status(const StoreInstance *instance)
{
    g_autofree char *time = time_to_text(instance->terminate_at);
    g_autofree char *message = g_strdup_printf(
        "The guest has been given notice: the instance is deleted at %s, or as soon as its guest approves.", time);
    json_t *status = status_json("ScheduledEvent/Terminate", "Info", "Terminate scheduled", message);
    json_set_text(status, "time", time);
    return status;
}

static json_t *
provisioning_status(const StoreInstance *instance)
{
    const char *text = instance_provisioning(instance);
    g_autofree char *lower = g_ascii_strdown(text, -1);
    g_autofree char *display = g_strconcat("Provisioning ", lower, NULL);
    g_autofree char *since = time_to_text(instance->state_since);
    gboolean failed =
        instance->state == INSTANCE_FAILED && instance->failure && !instance->want_deleted && !instance->operation;
    g_autofree char *code =
        failed ? g_strdup_printf("ProvisioningState/failed/%s", arm_code_text((ArmCode)(instance->failure - 1)))
               : g_strconcat("ProvisioningState/", lower, NULL);
    json_t *status = status_json(code, failed ? "Error" : "Info", display, failed ? instance->failure_message : NULL);
    json_set_text(status, "time", since);
    return status;
}

static const char *
integrity_display(Integrity integrity)
{
    static const char *const displays[INTEGRITY_N] = {
        [INTEGRITY_NONE] = "Not attested",       [INTEGRITY_WAITED_FOR] = "Waiting for the first attestation",
        [INTEGRITY_HEALTHY] = "Healthy",         [INTEGRITY_DEVIATION] = "Deviation",
        [INTEGRITY_NOT_JUDGED] = "Not judged",   [INTEGRITY_NOT_ATTESTED] = "Attestation failed",
        [INTEGRITY_UNREACHABLE] = "Unreachable",
    };
    return displays[integrity];
}

static json_t *
quarantine_status(const StoreInstance *instance)
{
    g_autofree char *time = time_to_text(instance->quarantined);
    json_t *status =
        status_json("QuarantineState/quarantined", "Error", "Quarantined",
                    instance->replaced ? "It stands still without network, and another instance was made in its place."
                                       : "It stands still without network. No other instance was made in its place.");
    json_set_text(status, "time", time);
    return status;
}

static json_t *
health_json(const StoreInstance *instance)
{
    static const char *const displays[HEALTH_N] = { [HEALTH_UNKNOWN] = "Unknown",
                                                    [HEALTH_INITIALIZING] = "Initializing",
                                                    [HEALTH_HEALTHY] = "Healthy",
                                                    [HEALTH_UNHEALTHY] = "Unhealthy" };
    const gboolean out = instance->out_of_health && instance->state == INSTANCE_RUNNING;
    gboolean asked = instance->state == INSTANCE_RUNNING && (out || instance->health_since);
    Health shown = instance_shown_health(instance->state, asked, out ? HEALTH_UNHEALTHY : instance->health);
    gboolean ill = shown == HEALTH_UNHEALTHY || (asked && shown == HEALTH_UNKNOWN);
    g_autofree char *code = g_strconcat("HealthState/", health_text(shown), NULL);
    g_autofree char *why = out ? g_strdup_printf("Boot integrity: %s.", integrity_display(instance->integrity))
                               : g_strdup(ill ? instance->failure_message : NULL);
    json_t *status = status_json(code, ill ? "Error" : "Info", displays[shown], why);
    if (asked) {
        g_autofree char *time = time_to_text(out ? instance->integrity_since : instance->health_since);
        json_set_text(status, "time", time);
    }
    return json_pack("{so}", "status", status);
}

/* Who is well again has nothing that is held back. */
static json_t *
held_status(const StoreInstance *instance)
{
    g_autofree char *time = time_to_text(instance->repair_held);
    json_t *status =
        status_json("RepairState/held", "Warning", "Repair held back",
                    "Automatic repair would take the vTPM, and with it what that alone opens. The activity log has "
                    "what it is; it is done once the loss is acknowledged (setOrchestrationServiceState with "
                    "acknowledgeDataLoss=true), or nothing is bound any more by a new assessment.");
    json_set_text(status, "time", time);
    return status;
}

static json_t *
integrity_json(const StoreInstance *instance)
{
    g_autofree char *lower = g_ascii_strdown(integrity_text(instance->integrity), -1);
    g_autofree char *code = g_strconcat("BootIntegrity/", lower, NULL), *time = time_to_text(instance->integrity_since);
    const char *level = integrity_fails(instance->integrity)          ? "Error"
                        : instance->integrity == INTEGRITY_NOT_JUDGED ? "Warning"
                                                                      : "Info";
    json_t *status = status_json(code, level, integrity_display(instance->integrity), NULL);
    json_set_text(status, "time", time);
    return json_pack("{so}", "status", status);
}

json_t *
instance_view(const StoreSet *set, const StoreInstance *instance)
{
    json_t *view = json_object(), *statuses = json_array(), *agent = json_object(), *agent_statuses = json_array();
    const char *power = instance_power_code(instance->state, instance->alive);
    g_autofree char *power_display = g_strconcat("VM ", strchr(power, '/') + 1, NULL);

    json_array_append_new(statuses, provisioning_status(instance));
    json_array_append_new(statuses, status_json(power, "Info", power_display, NULL));
    json_array_append_new(agent_statuses, instance->agent ? status_json("ProvisioningState/succeeded", "Info", "Ready",
                                                                        "The guest agent answers.")
                                                          : status_json("ProvisioningState/Unavailable", "Warning", "Not Ready",
                                                                        "The guest agent has not answered in this boot."));
    json_set_text(agent, "vmAgentVersion", instance->agent ? "qemu-guest-agent" : "Unknown");
    json_object_set_new(agent, "statuses", agent_statuses);
    /* There are no update domains in Flexible sets. */
    if (!set->flexible)
        json_object_set_new(view, "platformUpdateDomain", json_integer(0));
    json_object_set_new(view, "platformFaultDomain", json_integer(0));
    json_set_text(view, "computerName", instance->computer_name);
    json_object_set_new(view, "vmAgent", agent);
    json_object_set_new(view, "vmHealth", health_json(instance));
    if (instance->integrity != INTEGRITY_NONE && instance->state == INSTANCE_RUNNING)
        json_object_set_new(view, "bootIntegrity", integrity_json(instance));
    json_object_set_new(view, "bootDiagnostics", json_object());
    if (instance->terminate_at && instance->alive)
        json_array_append_new(statuses, notice_status(instance));
    if (instance->repair_held && (instance->state == INSTANCE_FAILED || instance->out_of_health ||
                                  (instance->health_since && instance->health != HEALTH_HEALTHY)))
        json_array_append_new(statuses, held_status(instance));
    if (instance->quarantined)
        json_array_append_new(statuses, quarantine_status(instance));
    if (instance->warning)
        json_array_append_new(statuses, status_json("Warning", "Warning", "Warning", instance->warning));
    json_object_set_new(view, "statuses", statuses);
    return view;
}
