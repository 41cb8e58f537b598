/* vm list, show, get-instance-view, start, stop, restart, deallocate, reimage, redeploy, delete: the VMs of Flexible sets. */
#include "cli/vmss.h"

#include <string.h>

#define MACHINES "/providers/Microsoft.Compute/virtualMachines"
#define SETS     "/providers/Microsoft.Compute/virtualMachineScaleSets"

static const Column columns[] = {
    { "Name", "name" },
    { "ResourceGroup", "id/resourceGroups" },
    { "Size", "properties.hardwareProfile.vmSize" },
    { "SecurityType", "properties.securityProfile.securityType|Standard" },
    { "State", "properties.provisioningState" },
    { "Power", "properties.instanceView.statuses[PowerState]" },
    { "Health", "properties.instanceView.vmHealth.status.displayStatus" },
    { 0 },
};

char *
vm_path(const Cli *cli, const char *suffix)
{
    g_autofree char *name = g_uri_escape_string(args_text(cli->args, "name"), NULL, FALSE);
    g_autofree char *rest = g_strconcat(MACHINES "/", name, suffix, NULL);
    return cli_group_path(cli, args_text(cli->args, "resource-group"), rest);
}

/* "&$filter=…" for --vmss, which is an id, or a name in --resource-group; NULL sets *error. */
static char *
set_filter(const Cli *cli, GError **error)
{
    const char *set = args_text(cli->args, "vmss"), *group = args_text(cli->args, "resource-group");
    g_autofree char *id = NULL, *suffix = NULL;
    if (!set)
        return g_strdup("");
    if (*set != '/' && !group) {
        arm_fail(error, ARM_INVALID_PARAMETER, "vmss", "--vmss is a resource id, or a name together with --resource-group.");
        return NULL;
    }
    suffix = g_strconcat(SETS "/", set, NULL);
    id = *set == '/' ? g_strdup(set) : cli_group_path(cli, group, suffix);
    g_autofree char *filter = g_strdup_printf("'virtualMachineScaleSet/id' eq '%s'", id);
    g_autofree char *escaped = g_uri_escape_string(filter, NULL, FALSE);
    return g_strconcat("&$filter=", escaped, NULL);
}

gboolean
run_vm_list(Cli *cli, GError **error)
{
    const char *group = args_text(cli->args, "resource-group");
    g_autofree char *filter = set_filter(cli, error);
    if (!filter)
        return FALSE;
    g_autofree char *suffix = g_strconcat(MACHINES "?$expand=instanceView", filter, NULL);
    g_autofree char *path = group ? cli_group_path(cli, group, suffix) : cli_subscription_path(cli, suffix);
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_vm_show(Cli *cli, GError **error)
{
    g_autofree char *path = vm_path(cli, "?$expand=instanceView");
    return cli_show(cli, path, columns, error);
}

gboolean
run_vm_instance_view(Cli *cli, GError **error)
{
    g_autofree char *path = vm_path(cli, "/instanceView");
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV)
        vmss_view_reason_add(reply.body);
    output_print(reply.body, &vmss_view_columns[1], cli->format);
    return TRUE;
}

/* verb: how the progress line begins. */
static gboolean
act(Cli *cli, const char *suffix, const char *verb, GError **error)
{
    g_autofree char *path = vm_path(cli, suffix);
    g_autofree char *what = g_strdup_printf("%s VM %s", verb, args_text(cli->args, "name"));
    return cli_change(cli, "POST", path, NULL, what, NULL, error);
}

gboolean
run_vm_start(Cli *cli, GError **error)
{
    return act(cli, "/start", "Starting", error);
}

gboolean
run_vm_stop(Cli *cli, GError **error)
{
    const char *suffix = args_flag(cli->args, "skip-shutdown") ? "/powerOff?skipShutdown=true" : "/powerOff";
    return act(cli, suffix, "Stopping", error);
}

gboolean
run_vm_restart(Cli *cli, GError **error)
{
    return act(cli, "/restart", "Restarting", error);
}

gboolean
run_vm_deallocate(Cli *cli, GError **error)
{
    return act(cli, "/deallocate", "Deallocating", error);
}

gboolean
run_vm_redeploy(Cli *cli, GError **error)
{
    return act(cli, "/redeploy", "Redeploying", error);
}

gboolean
run_vm_reimage(Cli *cli, GError **error)
{
    g_autofree char *question =
        g_strdup_printf("Reimage VM %s? Lost: everything on the OS disk, and the vTPM with its keys. Data "
                        "disks stay.",
                        args_text(cli->args, "name"));
    return cli_confirm(cli, question, error) &&
           act(cli, args_flag(cli->args, "acknowledge-data-loss") ? "/reimage?acknowledgeDataLoss=true" : "/reimage",
               "Reimaging", error);
}

gboolean
run_vm_delete(Cli *cli, GError **error)
{
    gboolean forced = FALSE;
    args_bool(cli->args, "force-deletion", &forced);
    g_autofree char *question = g_strdup_printf("Delete VM %s, with its OS disk? Data disks are kept for the retention time.",
                                                args_text(cli->args, "name"));
    const char *name = args_text(cli->args, "name");
    g_autofree char *path = vm_path(cli, forced ? "?forceDeletion=true" : "");
    g_autofree char *what = g_strdup_printf("Deleting VM %s", name);
    g_autofree char *thing = g_strdup_printf("VM '%s' in resource group '%s'", name, args_text(cli->args, "resource-group"));
    const Telling telling = { .what = what, .so_far = vm_notice_so_far };
    return cli_confirm(cli, question, error) && cli_delete(cli, path, thing, &telling, error);
}
