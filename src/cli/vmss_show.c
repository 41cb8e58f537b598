/* vmss show, list, revisions, list-instances, get-instance-view, list-skus. */
#include "cli/vmss.h"

#include <string.h>

const Column vmss_columns[] = {
    { "Name", "name" },
    { "ResourceGroup", "id/resourceGroups" },
    { "Instances", "sku.capacity" },
    { "Size", "sku.name" },
    { "ImageSku", VMSS_PROFILE ".storageProfile.imageReference.sku" },
    { "Version", VMSS_PROFILE ".storageProfile.imageReference.exactVersion" },
    { "SecurityType", VMSS_PROFILE ".securityProfile.securityType|Standard" },
    { "SecureBoot", VMSS_PROFILE ".securityProfile.uefiSettings.secureBootEnabled|-" },
    { "vTPM", VMSS_PROFILE ".securityProfile.uefiSettings.vTpmEnabled|-" },
    { "Upgrade", "properties.upgradePolicy.mode" },
    { "State", "properties.provisioningState" },
    { 0 },
};

static const Column instance_columns[] = {
    { "InstanceId", "instanceId" },
    { "LatestModel", "properties.latestModelApplied" },
    { "Size", "sku.name" },
    { "ImageSku", "properties.storageProfile.imageReference.sku" },
    { "Version", "properties.storageProfile.imageReference.exactVersion" },
    { "SecurityType", "properties.securityProfile.securityType|Standard" },
    { "SecureBoot", "properties.securityProfile.uefiSettings.secureBootEnabled|-" },
    { "vTPM", "properties.securityProfile.uefiSettings.vTpmEnabled|-" },
    { "State", "properties.provisioningState" },
    { "Power", "properties.instanceView.statuses[PowerState]" },
    { "Health", "properties.instanceView.vmHealth.status.displayStatus" },
    { "Protection", "protection" },
    { 0 },
};

/* What the columns show beside what the API says. What is protected from actions of the set is so from scaling in. */
static void
instance_decorate(json_t *instance)
{
    const json_t *policy = json_path(instance, "properties.protectionPolicy");
    if (json_is_true(json_object_get(policy, "protectFromScaleSetActions")))
        json_set_text(instance, "protection", "scale-set actions");
    else if (json_is_true(json_object_get(policy, "protectFromScaleIn")))
        json_set_text(instance, "protection", "scale-in");
}

static gboolean
shows_columns(const Cli *cli)
{
    return cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV;
}

json_t *
vmss_read(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "");
    g_auto(Reply) reply = { 0 };
    g_autoptr(GError) problem = NULL;
    if (client_send(cli->client, "GET", path, NULL, &reply, &problem))
        return g_steal_pointer(&reply.body);
    if (!g_error_matches(problem, ARM_ERROR, ARM_RESOURCE_NOT_FOUND))
        g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

gboolean
run_vmss_show(Cli *cli, GError **error)
{
    const char *instance = args_text(cli->args, "instance-id");
    g_autofree char *path = instance ? cli_instance_path(cli, instance, "?$expand=instanceView") : cli_set_path(cli, "");
    g_auto(Reply) reply = { 0 };
    if (!instance)
        return cli_show(cli, path, vmss_columns, error);
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    if (shows_columns(cli))
        instance_decorate(reply.body);
    output_print(reply.body, instance_columns, cli->format);
    return TRUE;
}

gboolean
run_vmss_list(Cli *cli, GError **error)
{
    static const char suffix[] = "/providers/Microsoft.Compute/virtualMachineScaleSets";
    const char *group = args_text(cli->args, "resource-group");
    g_autofree char *path = group ? cli_group_path(cli, group, suffix) : cli_subscription_path(cli, suffix);
    return cli_show_list(cli, path, vmss_columns, error);
}

gboolean
run_vmss_revisions(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Revision", "name" },
        { "Current", "properties.current" },
        { "Instances", "properties.instanceCount" },
        { "Size", "sku.name" },
        { "ImageSku", "properties.imageReference.sku" },
        { "Version", "properties.imageReference.exactVersion" },
        { "SecurityType", "properties.securityProfile.securityType|Standard" },
        { "SecureBoot", "properties.securityProfile.uefiSettings.secureBootEnabled|-" },
        { "vTPM", "properties.securityProfile.uefiSettings.vTpmEnabled|-" },
        { "Extensions", "properties.extensions|-" },
        { "Made", "properties.timeCreated" },
        { "First", "properties.firstRevision" },
        { 0 },
    };
    g_autofree char *path = cli_set_path(cli, "/revisions");
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_vmss_list_instances(Cli *cli, GError **error)
{
    const char *expand = args_text(cli->args, "expand");
    if (expand && g_ascii_strcasecmp(expand, "instanceView") != 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, "expand", "--expand is instanceView, not '%s'.", expand);
    /* The table shows power and health too, which only the view has. */
    gboolean view = expand || shows_columns(cli);
    g_autofree char *path = cli_set_path(cli, view ? "/virtualMachines?$expand=instanceView" : "/virtualMachines");
    g_autoptr(json_t) instances = client_list(cli->client, path, error);
    for (size_t i = 0; shows_columns(cli) && i < json_array_size(instances); i++)
        instance_decorate(json_array_get(instances, i));
    if (instances)
        output_print(instances, instance_columns, cli->format);
    return instances != NULL;
}

/* ---- instance views ---- */

static json_t *
views_of(const json_t *instances, gboolean as_table)
{
    json_t *views = json_array(), *instance;
    size_t i;
    json_array_foreach((json_t *)instances, i, instance)
    {
        json_t *view = json_object();
        json_object_set(view, "instanceId", json_object_get(instance, "instanceId"));
        json_object_update(view, json_path(instance, "properties.instanceView"));
        if (as_table)
            vmss_view_reason_add(view);
        json_array_append_new(views, view);
    }
    return views;
}

/* The counts by status, how many instances are on the newest model, and whether their repairs go on. */
static json_t *
summary_rows(const json_t *view)
{
    json_t *rows = json_deep_copy(json_path(view, "virtualMachine.statusesSummary"));
    const json_t *latest = json_object_get(view, "latestModel");
    if (latest)
        json_array_append_new(
            rows, json_pack("{ss sO}", "code", "LatestModel/applied", "count", json_object_get(latest, "instanceCount")));
    const json_t *services = json_object_get(view, "orchestrationServices");
    for (size_t i = 0; i < json_array_size(services); i++) {
        const json_t *service = json_array_get(services, i);
        g_autofree char *state = g_ascii_strdown(json_member_text(service, "serviceState"), -1);
        if (strcmp(state, "notrunning") != 0)
            json_array_append_new(
                rows, json_pack("{so}", "code", json_sprintf("%s/%s", json_member_text(service, "serviceName"), state)));
    }
    return rows;
}

const Column vmss_view_columns[] = {
    { "InstanceId", "instanceId" },
    { "Provisioning", "statuses[ProvisioningState]" },
    { "Power", "statuses[PowerState]" },
    { "Agent", "vmAgent.statuses[ProvisioningState]" },
    { "Health", "vmHealth.status.displayStatus" },
    { "Reason", "vmHealth.status.message" },
    { 0 },
};

gboolean
run_vmss_instance_view(Cli *cli, GError **error)
{
    static const Column set_columns[] = { { "Status", "code" }, { "Instances", "count" }, { 0 } };
    const char *instance = args_text(cli->args, "instance-id");
    const gboolean as_table = shows_columns(cli);
    if (instance && strcmp(instance, "*") == 0) {
        g_autofree char *path = cli_set_path(cli, "/virtualMachines?$expand=instanceView");
        g_autoptr(json_t) instances = client_list(cli->client, path, error);
        g_autoptr(json_t) views = instances ? views_of(instances, as_table) : NULL;
        if (views)
            output_print(views, vmss_view_columns, cli->format);
        return views != NULL;
    }
    g_autofree char *path = instance ? cli_instance_path(cli, instance, "/instanceView") : cli_set_path(cli, "/instanceView");
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    if (instance)
        json_set_text(reply.body, "instanceId", instance);
    if (instance && as_table)
        vmss_view_reason_add(reply.body);
    if (!instance && as_table) {
        g_autoptr(json_t) rows = summary_rows(reply.body);
        output_print(rows, set_columns, cli->format);
    } else {
        output_print(reply.body, vmss_view_columns, cli->format);
    }
    return TRUE;
}

gboolean
run_vmss_skus(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Name", "sku.name" },
        { "Tier", "sku.tier" },
        { "Maximum", "capacity.maximum" },
        { 0 },
    };
    g_autofree char *path = cli_set_path(cli, "/skus");
    return cli_show_list(cli, path, columns, error);
}
