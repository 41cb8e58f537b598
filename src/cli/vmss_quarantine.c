/* vmss quarantine: instances that a deviation of their boot took out of service. */
#include "cli/vmss.h"

static const Column columns[] = {
    { "InstanceId", "instanceId" },        { "Since", "properties.since" },     { "Running", "properties.running" },
    { "Replaced", "properties.replaced" }, { "Reason", "properties.reason|-" }, { 0 },
};

gboolean
run_vmss_quarantine_list(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "/quarantine");
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_vmss_quarantine_release(Cli *cli, GError **error)
{
    const char *id = args_text(cli->args, "instance-id");
    g_autofree char *path = cli_instance_path(cli, id, "/release");
    g_autofree char *question = g_strdup_printf("Release instance %s of %s? It runs on with its network, whatever it booted; "
                                                "it is attested at once, and goes back where it "
                                                "still deviates. Where another one has its place, the capacity rises by one.",
                                                id, cli_set_name(cli));
    g_autofree char *what = g_strdup_printf("Releasing instance %s of %s", id, cli_set_name(cli));
    return cli_confirm(cli, question, error) && cli_change(cli, "POST", path, NULL, what, NULL, error);
}

gboolean
run_vmss_quarantine_delete(Cli *cli, GError **error)
{
    const char *id = args_text(cli->args, "instance-id");
    g_autofree char *path = cli_instance_path(cli, id, "");
    g_autofree char *question = g_strdup_printf("Delete instance %s of %s, with what it is kept for: memory, OS disk, guest "
                                                "state and logs? Data disks are kept for the "
                                                "retention time.",
                                                id, cli_set_name(cli));
    g_autofree char *what = g_strdup_printf("Deleting instance %s of %s", id, cli_set_name(cli));
    return cli_confirm(cli, question, error) && cli_change(cli, "DELETE", path, NULL, what, NULL, error);
}
