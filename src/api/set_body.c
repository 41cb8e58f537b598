#include "api/set_body.h"

#include "api/attach.h"
#include "api/body_cache.h"
#include "base/time_text.h"
#include "model/document.h"
#include "model/model.h"

#include <string.h>

#define SET_TYPE "Microsoft.Compute/virtualMachineScaleSets"

static GBytes *
bytes_of(const json_t *body)
{
    char *text = json_text(body);
    return g_bytes_new_take(text, strlen(text));
}

static void
etag_set(json_t *body, guint64 etag)
{
    g_autofree char *text = g_strdup_printf("\"%" G_GUINT64_FORMAT "\"", etag);
    json_set_text(body, "etag", text);
}

static json_t *
document_load(StoreTx *tx, const StoreSet *set, guint revision, char **ret_urn, char **ret_effect_key, GError **error)
{
    g_autoptr(StoreModel) model = store_model_get(tx, set->id, revision, error);
    if (!model) {
        if (error && !*error)
            arm_fail(error, ARM_INTERNAL, NULL, "Scale set '%s' has no model revision %u.", set->name, revision);
        return NULL;
    }
    if (ret_urn)
        *ret_urn = g_steal_pointer(&model->image_urn);
    if (ret_effect_key)
        *ret_effect_key = g_steal_pointer(&model->effect_key);
    return json_parse(model->document, strlen(model->document), error);
}

/* The image's operating system, for osDisk.osType; NULL where the image is gone. */
static char *
os_type_of(StoreTx *tx, const char *urn)
{
    g_auto(GStrv) parts = g_strsplit(urn, ":", 4);
    if (g_strv_length(parts) != 4)
        return NULL;
    g_autoptr(ImageInfo) image = store_image_get(tx, parts[0], parts[1], parts[2], parts[3], NULL);
    return image ? g_strdup(image->os_type) : NULL;
}

const char *
set_provisioning(const StoreSet *set)
{
    if (set->deleting)
        return "Deleting";
    if (!set->operation)
        return set->state;
    return set->revision == 1 ? "Creating" : "Updating";
}

/* A space is lower than any character of a name, so that the order of tokens is that of groups, then names. */
char *
set_token_of(const StoreSet *set)
{
    g_autofree char *both = g_strconcat(set->group, " ", set->name, NULL);
    return resource_fold(both);
}

char *
set_token(const void *sets, guint index)
{
    return set_token_of(g_ptr_array_index((GPtrArray *)sets, index));
}

GBytes *
set_body(Call *call, StoreTx *tx, const StoreSet *set, GError **error)
{
    GBytes *known = body_cache_get(call->api->bodies, "set", set->id, 0, set->etag, 0);
    if (known)
        return known;
    g_autofree char *urn = NULL;
    g_autoptr(json_t) document = document_load(tx, set, set->revision, &urn, NULL, error);
    if (!document)
        return NULL;
    g_autofree char *os_type = os_type_of(tx, urn);
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autofree char *created = time_to_text(set->created);
    g_autoptr(json_t) settable = document_public(document, os_type);
    g_autoptr(json_t) body = json_object();
    json_t *properties = json_object_get(settable, "properties");

    json_set_text(body, "name", set->name);
    json_set_text(body, "id", id);
    json_set_text(body, "type", SET_TYPE);
    etag_set(body, set->etag);
    json_object_update(body, settable);
    json_set_text(properties, "provisioningState", set_provisioning(set));
    json_set_text(properties, "uniqueId", set->uid);
    json_set_text(properties, "timeCreated", created);
    json_object_set_new(properties, "revision", json_integer(set->revision));
    GBytes *bytes = bytes_of(body);
    body_cache_put(call->api->bodies, "set", set->id, 0, set->etag, 0, bytes);
    return bytes;
}

/* ---- instances ---- */

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

const char *
instance_provisioning(const StoreInstance *instance)
{
    return instance_provisioning_text(instance->want_deleted ? INSTANCE_DELETING : instance->state,
                                      instance->operation != NULL);
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
    gboolean failed = instance->state == INSTANCE_FAILED && instance->failure && !instance->want_deleted;
    g_autofree char *code =
        failed ? g_strdup_printf("ProvisioningState/failed/%s", arm_code_text((ArmCode)(instance->failure - 1)))
               : g_strconcat("ProvisioningState/", lower, NULL);
    json_t *status = status_json(code, failed ? "Error" : "Info", display, failed ? instance->failure_message : NULL);
    json_set_text(status, "time", since);
    return status;
}

static json_t *
health_json(const StoreInstance *instance)
{
    static const char *const displays[HEALTH_N] = { [HEALTH_UNKNOWN] = "Unknown",
                                                    [HEALTH_INITIALIZING] = "Initializing",
                                                    [HEALTH_HEALTHY] = "Healthy",
                                                    [HEALTH_UNHEALTHY] = "Unhealthy" };
    gboolean asked = instance->state == INSTANCE_RUNNING && instance->health_since;
    Health shown = instance_shown_health(instance->state, asked, instance->health);
    gboolean ill = shown == HEALTH_UNHEALTHY || (asked && shown == HEALTH_UNKNOWN);
    g_autofree char *code = g_strconcat("HealthState/", health_text(shown), NULL);
    json_t *status = status_json(code, ill ? "Error" : "Info", displays[shown],
                                 instance->state == INSTANCE_FAILED ? instance->failure_message : NULL);
    if (asked) {
        g_autofree char *time = time_to_text(instance->health_since);
        json_set_text(status, "time", time);
    }
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
    json_object_set_new(view, "bootDiagnostics", json_object());
    if (instance->terminate_at && instance->alive)
        json_array_append_new(statuses, notice_status(instance));
    if (instance->warning)
        json_array_append_new(statuses, status_json("Warning", "Warning", "Warning", instance->warning));
    json_object_set_new(view, "statuses", statuses);
    return view;
}

static void
protection_set(json_t *properties, const StoreInstance *instance)
{
    if (!instance->protect_scale_in && !instance->protect_scale_set_actions)
        return;
    json_object_set_new(properties, "protectionPolicy",
                        json_pack("{sb sb}", "protectFromScaleIn", instance->protect_scale_in, "protectFromScaleSetActions",
                                  instance->protect_scale_set_actions));
}

static void
os_profile_set(json_t *properties, const json_t *profile, const StoreInstance *instance)
{
    json_t *os_profile = json_deep_copy(json_object_get(profile, "osProfile"));
    if (!os_profile)
        os_profile = json_object();
    json_object_del(os_profile, "computerNamePrefix");
    json_set_text(os_profile, "computerName", instance->computer_name);
    json_object_set_new(properties, "osProfile", os_profile);
}

/* What an instance has as a part of its set. */
static void
membership_set(json_t *body, json_t *properties, const Call *call, const StoreSet *set, const StoreInstance *instance,
               const json_t *sku, gboolean latest)
{
    g_autofree char *id = resource_id_instance(call->api->subscription, set->group, set->name, instance->id);
    g_autofree char *number = g_strdup_printf("%u", instance->id);
    json_set_text(body, "id", id);
    json_set_text(body, "type", SET_TYPE "/virtualMachines");
    json_set_text(body, "instanceId", number);
    json_object_set_new(body, "sku",
                        json_pack("{ss ss}", "name", json_member_text(sku, "name"), "tier", json_member_text(sku, "tier")));
    json_object_set_new(properties, "latestModelApplied", json_boolean(latest));
    json_set_text(properties, "modelDefinitionApplied", "VirtualMachineScaleSet");
    json_object_set_new(properties, "revision", json_integer(instance->revision));
}

/* And what it has as a VM of its own. */
static void
machine_set(json_t *body, json_t *properties, const Call *call, const StoreSet *set, const StoreInstance *instance)
{
    g_autofree char *id = resource_id_machine(call->api->subscription, set->group, set->name, instance->id);
    g_autofree char *set_id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    json_set_text(body, "id", id);
    json_set_text(body, "type", "Microsoft.Compute/virtualMachines");
    json_object_set_new(properties, "virtualMachineScaleSet", json_pack("{ss}", "id", set_id));
}

static json_t *
instance_json(const Call *call, const StoreSet *set, const StoreInstance *instance, const json_t *model_public, gboolean latest)
{
    const json_t *profile = json_path(model_public, "properties.virtualMachineProfile");
    const json_t *sku = json_object_get(model_public, "sku");
    g_autofree char *name = resource_machine_name(set->name, instance->id);
    g_autofree char *created = time_to_text(instance->created);
    json_t *body = json_object(), *properties = json_object();

    json_set_text(body, "name", name);
    if (call->as_machine)
        machine_set(body, properties, call, set, instance);
    else
        membership_set(body, properties, call, set, instance, sku, latest);
    json_set_text(body, "location", set->location);
    etag_set(body, instance->etag);
    if (instance->tags)
        json_set_new(body, "tags", json_loads(instance->tags, 0, NULL));
    else
        json_object_set_new(body, "tags", json_object());

    json_set_text(properties, "vmId", instance->vm_id);
    json_object_set_new(properties, "hardwareProfile", json_pack("{ss}", "vmSize", json_member_text(sku, "name")));
    static const char *const copied[] = { "storageProfile", "securityProfile", "networkProfile", "diagnosticsProfile" };
    for (guint i = 0; i < G_N_ELEMENTS(copied); i++)
        json_set_new(properties, copied[i], json_deep_copy(json_object_get(profile, copied[i])));
    os_profile_set(properties, profile, instance);
    protection_set(properties, instance);
    json_set_text(properties, "provisioningState", instance_provisioning(instance));
    json_set_text(properties, "timeCreated", created);
    json_object_set_new(body, "properties", properties);
    return body;
}

/* Until it ran for the first time, an instance shows what it will run. */
static guint
shown_revision(const StoreInstance *instance)
{
    return instance->revision ? instance->revision : instance->want_revision;
}

gboolean
instance_is_latest(StoreTx *tx, const StoreSet *set, const StoreInstance *instance, gboolean *ret_latest, GError **error)
{
    g_autofree char *effect_key = NULL;
    g_autoptr(json_t) document = document_load(tx, set, shown_revision(instance), NULL, &effect_key, error);
    *ret_latest = g_strcmp0(effect_key, set->effect_key) == 0;
    return document != NULL;
}

static const char *
cache_space(const Call *call, gboolean with_view)
{
    if (call->as_machine)
        return with_view ? "machine+view" : "machine";
    return with_view ? "vm+view" : "vm";
}

/* What an instance's body takes from its set is whether its model is the set's current one: the hash that models are compared
 * by, cut to a number. Scaling and tags leave it as it is. */
static gint64
cache_variant(const StoreSet *set)
{
    g_autofree char *head = g_strndup(set->effect_key, 15);
    return (gint64)g_ascii_strtoull(head, NULL, 16);
}

GBytes *
instance_body_known(const Call *call, const StoreSet *set, guint id, guint64 etag, gboolean with_view)
{
    return body_cache_get(call->api->bodies, cache_space(call, with_view), set->id, id, etag, cache_variant(set));
}

GBytes *
instance_body(Call *call, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, gboolean with_view, GError **error)
{
    GBytes *known = instance_body_known(call, set, instance->id, instance->etag, with_view);
    if (known)
        return known;
    g_autofree char *urn = NULL, *effect_key = NULL;
    g_autoptr(json_t) document = document_load(tx, set, shown_revision(instance), &urn, &effect_key, error);
    if (!document)
        return NULL;
    g_autofree char *os_type = os_type_of(tx, urn);
    g_autoptr(json_t) model_public = document_public(document, os_type);
    g_autoptr(json_t) body = instance_json(call, set, instance, model_public, g_strcmp0(effect_key, set->effect_key) == 0);
    json_t *storage = json_path(body, "properties.storageProfile");
    if (storage && !attach_show(call, tx, instance, storage, error))
        return NULL;
    if (with_view)
        json_object_set_new(json_object_get(body, "properties"), "instanceView", instance_view(set, instance));
    GBytes *bytes = bytes_of(body);
    body_cache_put(call->api->bodies, cache_space(call, with_view), set->id, instance->id, instance->etag, cache_variant(set),
                   bytes);
    return bytes;
}
