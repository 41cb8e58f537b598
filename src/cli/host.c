/* account, host, group, vm, activity log. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#define EVENTS_DEFAULT 50

gboolean
run_account_show(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Name", "displayName" }, { "SubscriptionId", "subscriptionId" }, { "State", "state" }, { 0 }
    };
    g_autofree char *path = cli_subscription_path(cli, "");
    return cli_show(cli, path, columns, error);
}

gboolean
run_account_locations(Cli *cli, GError **error)
{
    static const Column columns[] = { { "Name", "name" }, { "DisplayName", "displayName" }, { 0 } };
    g_autofree char *path = cli_subscription_path(cli, "/locations");
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_host_show(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Driver", "properties.driver" },       { "Accelerator", "properties.accelerator" },
        { "QEMU", "properties.qemuVersion" },    { "SecureBoot", "properties.secureBoot" },
        { "vTPM", "properties.vTpm" },           { "MaxVCPUs", "properties.maxVCPUs" },
        { "MaxMiB", "properties.maxMemoryMiB" }, { "Network", "properties.network" },
        { "Notes", "properties.notes" },         { 0 },
    };
    g_autofree char *path = cli_subscription_path(cli, "/providers/Testudo.Host/hosts/local");
    return cli_show(cli, path, columns, error);
}

/* "GROUP/SET", for people: the rest of the id is the same on every line. */
static void
resource_shorten(json_t *event)
{
    static const char groups[] = "/resourceGroups/", sets[] = "/providers/Microsoft.Compute/virtualMachineScaleSets/";
    const char *id = json_member_text(event, "resourceId");
    const char *group = id ? strstr(id, groups) : NULL;
    if (!group)
        return;
    g_auto(GStrv) parts = g_strsplit(group + strlen(groups), sets, 2);
    g_autofree char *text = g_strjoinv("/", parts);
    json_set_text(event, "resource", text);
}

gboolean
run_activity_log(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Time", "eventTimestamp" },     { "Level", "level" },
        { "Resource", "resource" },       { "Operation", "operationName.value" },
        { "Status", "status.value" },     { "Caller", "caller" },
        { "Description", "description" }, { 0 },
    };
    const char *group = args_text(cli->args, "resource-group");
    g_autofree char *filter = NULL, *suffix = NULL;
    if (group) {
        g_autofree char *id = cli_group_path(cli, group, "");
        g_autofree char *text = g_strdup_printf("resourceUri eq '%s'", id);
        filter = g_uri_escape_string(text, NULL, FALSE);
    }
    suffix = g_strconcat("/providers/Microsoft.Insights/eventtypes/management/values", filter ? "?$filter=" : "", filter, NULL);
    g_autofree char *path = cli_subscription_path(cli, suffix);
    guint max = EVENTS_DEFAULT;
    args_number(cli->args, "max-events", &max);
    g_autoptr(json_t) events = client_list_some(cli->client, path, max, error);
    for (size_t i = 0; i < json_array_size(events); i++) {
        if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV)
            resource_shorten(json_array_get(events, i));
    }
    if (events)
        output_print(events, columns, cli->format);
    return events != NULL;
}

/* ---- groups ---- */

static const Column group_columns[] = {
    { "Name", "name" },
    { "Location", "location" },
    { "State", "properties.provisioningState" },
    { 0 },
};

gboolean
run_group_create(Cli *cli, GError **error)
{
    const char *location = args_text(cli->args, "location");
    g_autoptr(json_t) tags = cli_tags(cli, error);
    if (!tags)
        return FALSE;
    g_autofree char *path = cli_group_path(cli, args_text(cli->args, "name"), "");
    g_autoptr(json_t) body = json_pack("{ss sO}", "location", location ? location : client_location(cli->client), "tags", tags);
    return cli_change_show(cli, "PUT", path, body, "Creating the resource group", group_columns, error);
}

gboolean
run_group_show(Cli *cli, GError **error)
{
    g_autofree char *path = cli_group_path(cli, args_text(cli->args, "name"), "");
    return cli_show(cli, path, group_columns, error);
}

gboolean
run_group_list(Cli *cli, GError **error)
{
    g_autofree char *path = cli_subscription_path(cli, "/resourcegroups");
    return cli_show_list(cli, path, group_columns, error);
}

gboolean
run_group_exists(Cli *cli, GError **error)
{
    g_autofree char *path = cli_group_path(cli, args_text(cli->args, "name"), "");
    g_auto(Reply) reply = { 0 };
    g_autoptr(GError) problem = NULL;
    gboolean exists = client_send(cli->client, "GET", path, NULL, &reply, &problem);
    if (!exists && client_status(cli->client) != 404) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    puts(exists ? "true" : "false");
    return TRUE;
}

gboolean
run_group_delete(Cli *cli, GError **error)
{
    const char *name = args_text(cli->args, "name");
    g_autofree char *path = cli_group_path(cli, name, ""), *what = g_strdup_printf("Deleting resource group %s", name);
    g_autofree char *question = g_strdup_printf("Delete resource group '%s' with every scale set, VM and disk in it?", name);
    return cli_confirm(cli, question, error) && cli_change(cli, "DELETE", path, NULL, what, NULL, error);
}

/* ---- sizes and quota ---- */

static char *
location_path(const Cli *cli, const char *suffix)
{
    const char *location = args_text(cli->args, "location");
    g_autofree char *escaped = g_uri_escape_string(location ? location : client_location(cli->client), NULL, FALSE);
    g_autofree char *rest = g_strconcat("/providers/Microsoft.Compute/locations/", escaped, suffix, NULL);
    return cli_subscription_path(cli, rest);
}

gboolean
run_vm_sizes(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Name", "name" },
        { "NumberOfCores", "numberOfCores" },
        { "MemoryInMb", "memoryInMB" },
        { "MaxDataDiskCount", "maxDataDiskCount" },
        { 0 },
    };
    g_autofree char *path = location_path(cli, "/vmSizes");
    return cli_show_list(cli, path, columns, error);
}

static const char *
capability(const json_t *sku, const char *name)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(sku, "capabilities"), i, entry)
    {
        if (g_strcmp0(json_member_text(entry, "name"), name) == 0)
            return json_member_text(entry, "value");
    }
    return NULL;
}

/* A column may name members only, and these lie in a list of names and values. */
static void
sku_flatten(json_t *sku)
{
    static const char *const names[] = { "vCPUs", "MemoryGB", "HyperVGenerations", "TrustedLaunchDisabled" };
    json_t *flat = json_object();
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        json_set_text(flat, names[i], capability(sku, names[i]));
    const char *generations = capability(sku, "HyperVGenerations"), *disabled = capability(sku, "TrustedLaunchDisabled");
    gboolean can = generations && strstr(generations, "V2") && g_ascii_strcasecmp(disabled ? disabled : "", "true") != 0;
    json_set_text(flat, "trustedLaunch", can ? "yes" : "no");
    json_object_set_new(sku, "shown", flat);
}

gboolean
run_vm_skus(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Name", "name" },
        { "Family", "family" },
        { "vCPUs", "shown.vCPUs" },
        { "MemoryGB", "shown.MemoryGB" },
        { "Generations", "shown.HyperVGenerations" },
        { "TrustedLaunch", "shown.trustedLaunch" },
        { 0 },
    };
    const char *wanted = args_text(cli->args, "vm-sku");
    g_autofree char *path = cli_subscription_path(cli, "/providers/Microsoft.Compute/skus");
    g_autoptr(json_t) all = client_list(cli->client, path, error), list = json_array();
    size_t i;
    json_t *sku;
    json_array_foreach(all, i, sku)
    {
        const char *name = json_member_text(sku, "name");
        g_autofree char *lower = g_ascii_strdown(name, -1), *part = g_ascii_strdown(wanted ? wanted : "", -1);
        if (!strstr(lower, part))
            continue;
        if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV)
            sku_flatten(sku);
        json_array_append(list, sku);
    }
    if (all)
        output_print(list, columns, cli->format);
    return all != NULL;
}

gboolean
run_vm_usage(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Name", "name.localizedValue" },
        { "CurrentValue", "currentValue" },
        { "Limit", "limit" },
        { 0 },
    };
    g_autofree char *path = location_path(cli, "/usages");
    return cli_show_list(cli, path, columns, error);
}
