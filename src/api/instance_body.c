#include "api/instance_body.h"

#include "api/attach.h"
#include "api/body_cache.h"
#include "api/body_parts.h"
#include "base/time_text.h"
#include "model/document.h"

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
    json_set_text(body, "type", BODY_SET_TYPE "/virtualMachines");
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

/* Network interfaces are no resources here. The Azure command line goes through them before it shows a VM's power state. */
static void
interfaces_set(json_t *properties)
{
    if (!json_object_get(properties, "networkProfile"))
        json_object_set_new(properties, "networkProfile", json_object());
    json_object_set_new(json_object_get(properties, "networkProfile"), "networkInterfaces", json_array());
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
    body_etag_set(body, instance->etag);
    if (instance->tags)
        json_set_new(body, "tags", json_loads(instance->tags, 0, NULL));
    else
        json_object_set_new(body, "tags", json_object());

    json_set_text(properties, "vmId", instance->vm_id);
    json_object_set_new(properties, "hardwareProfile", json_pack("{ss}", "vmSize", json_member_text(sku, "name")));
    static const char *const copied[] = { "storageProfile", "securityProfile", "networkProfile", "diagnosticsProfile" };
    for (guint i = 0; i < G_N_ELEMENTS(copied); i++)
        json_set_new(properties, copied[i], json_deep_copy(json_object_get(profile, copied[i])));
    if (call->as_machine)
        interfaces_set(properties);
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
    g_autoptr(json_t) document = body_document(tx, set, shown_revision(instance), NULL, &effect_key, error);
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
    g_autoptr(json_t) document = body_document(tx, set, shown_revision(instance), &urn, &effect_key, error);
    if (!document)
        return NULL;
    g_autofree char *os_type = body_os_type(tx, urn);
    g_autoptr(json_t) model_public = document_public(document, os_type);
    g_autoptr(json_t) body = instance_json(call, set, instance, model_public, g_strcmp0(effect_key, set->effect_key) == 0);
    json_t *storage = json_path(body, "properties.storageProfile");
    if (storage && !attach_show(call, tx, instance, storage, error))
        return NULL;
    if (with_view)
        json_object_set_new(json_object_get(body, "properties"), "instanceView", instance_view(set, instance));
    GBytes *bytes = body_bytes(body);
    body_cache_put(call->api->bodies, cache_space(call, with_view), set->id, instance->id, instance->etag, cache_variant(set),
                   bytes);
    return bytes;
}
