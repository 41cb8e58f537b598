/* vmss update-instances, start, stop, restart, deallocate, reimage, delete-instances. */
#include "cli/vmss.h"

#include <string.h>

static gboolean
is_all(const char *const *ids)
{
    for (const char *const *id = ids; id && *id; id++) {
        if (strcmp(*id, "*") == 0)
            return TRUE;
    }
    return ids == NULL;
}

json_t *
vmss_ids_body(const Cli *cli)
{
    const char *const *ids = args_list(cli->args, "instance-ids");
    if (!ids)
        return NULL;
    json_t *list = json_array();
    for (; *ids; ids++) {
        json_t *id = json_string(*ids);
        json_array_append_new(list, id ? id : json_string("?"));
    }
    return json_pack("{so}", "instanceIds", list);
}

char *
vmss_ids_text(const Cli *cli)
{
    const char *const *ids = args_list(cli->args, "instance-ids");
    const char *name = args_text(cli->args, "name");
    if (is_all(ids))
        return g_strdup_printf("all instances of %s", name);
    if (!ids[1])
        return g_strdup_printf("instance %s of %s", ids[0], name);
    return g_strdup_printf("%u instances of %s", g_strv_length((char **)ids), name);
}

/* verb: how the progress line begins. */
static gboolean
act(Cli *cli, const char *suffix, const char *verb, GError **error)
{
    g_autofree char *path = cli_acknowledged_path(cli, suffix), *which = vmss_ids_text(cli);
    g_autofree char *what = g_strdup_printf("%s %s", verb, which);
    g_autoptr(json_t) body = vmss_ids_body(cli);
    return cli_change(cli, "POST", path, body, what, NULL, error);
}

gboolean
run_vmss_update_instances(Cli *cli, GError **error)
{
    return what_if_confirm(cli, args_list(cli->args, "instance-ids"), error) && act(cli, "/manualupgrade", "Updating", error);
}

gboolean
run_vmss_start(Cli *cli, GError **error)
{
    return act(cli, "/start", "Starting", error);
}

gboolean
run_vmss_stop(Cli *cli, GError **error)
{
    return act(cli, args_flag(cli->args, "skip-shutdown") ? "/poweroff?skipShutdown=true" : "/poweroff", "Stopping", error);
}

gboolean
run_vmss_restart(Cli *cli, GError **error)
{
    return act(cli, "/restart", "Restarting", error);
}

gboolean
run_vmss_deallocate(Cli *cli, GError **error)
{
    return act(cli, "/deallocate", "Deallocating", error);
}

gboolean
run_vmss_reimage(Cli *cli, GError **error)
{
    g_autofree char *which = vmss_ids_text(cli);
    g_autofree char *question = g_strdup_printf("Reimage %s? Lost: everything on the OS disks, and "
                                                "the vTPMs with their keys. Data disks stay.",
                                                which);
    return cli_confirm(cli, question, error) && act(cli, "/reimage", "Reimaging", error);
}

gboolean
run_vmss_delete_instances(Cli *cli, GError **error)
{
    g_autofree char *which = vmss_ids_text(cli);
    g_autofree char *question =
        g_strdup_printf("Delete %s, with the OS disks? Data disks are kept for the retention time.", which);
    g_autofree char *path = cli_set_path(cli, "/delete"), *what = g_strdup_printf("Deleting %s", which);
    g_autoptr(json_t) body = vmss_ids_body(cli);
    const Telling telling = { .what = what, .so_far = vmss_notice_so_far };
    return cli_confirm(cli, question, error) && cli_change_tell(cli, "POST", path, body, &telling, NULL, error);
}

gboolean
run_vmss_service_state(Cli *cli, GError **error)
{
    g_autofree char *path = cli_acknowledged_path(cli, "/setOrchestrationServiceState");
    g_autofree char *what = g_strdup_printf("Setting an orchestration service of %s", cli_set_name(cli));
    g_autoptr(json_t) body =
        json_pack("{ss ss}", "serviceName", args_text(cli->args, "service-name"), "action", args_text(cli->args, "action"));
    return cli_change(cli, "POST", path, body, what, NULL, error);
}
