/* disk list, show, delete; vmss disk attach, detach. */
#include "cli/set_path.h"
#include "cli/vmss.h"

#include <string.h>

#define DISKS "/providers/Microsoft.Compute/disks"
#define LUNS  64u

static const Column columns[] = {
    { "Name", "name" },
    { "ResourceGroup", "id/resourceGroups" },
    { "ScaleSet", "tags.scaleSet" },
    { "Instance", "tags.instanceId" },
    { "Lun", "tags.lun" },
    { "SizeGB", "properties.diskSizeGB" },
    { "State", "properties.diskState" },
    { "DaysLeft", "tags.daysLeft|-" },
    { "KeptUntil", "tags.keptUntil|-" },
    { 0 },
};

/* ---- kept disks ---- */

static char *
disk_path(const Cli *cli, const char *name)
{
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE), *rest = g_strconcat(DISKS "/", escaped, NULL);
    return cli_group_path(cli, args_text(cli->args, "resource-group"), rest);
}

gboolean
run_disk_list(Cli *cli, GError **error)
{
    const char *group = args_text(cli->args, "resource-group");
    g_autofree char *path = group ? cli_group_path(cli, group, DISKS) : cli_subscription_path(cli, DISKS);
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_disk_show(Cli *cli, GError **error)
{
    g_autofree char *path = disk_path(cli, args_text(cli->args, "name"));
    return cli_show(cli, path, columns, error);
}

/* Asked with where it comes from: a name is a number that nobody knows by heart. */
gboolean
run_disk_delete(Cli *cli, GError **error)
{
    const char *name = args_text(cli->args, "name");
    g_autofree char *path = disk_path(cli, name);
    g_auto(Reply) disk = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &disk, error))
        return FALSE;
    const json_t *tags = json_object_get(disk.body, "tags");
    g_autofree char *question = g_strdup_printf("Delete disk '%s' (LUN %s of instance %s of %s) with everything on it?", name,
                                                json_member_text(tags, "lun"), json_member_text(tags, "instanceId"),
                                                json_member_text(tags, "scaleSet"));
    return cli_confirm(cli, question, error) && cli_change(cli, "DELETE", path, NULL, "Deleting the disk", NULL, error);
}

/* ---- attach, detach ---- */

/* The instance's data disks as it has them now, to be changed and sent back; *ret_etag: of what was read. NULL sets *error. */
static json_t *
disks_read(Cli *cli, const char *path, char **ret_etag, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return NULL;
    json_t *disks = json_path(reply.body, "properties.storageProfile.dataDisks");
    *ret_etag = g_strdup(json_member_text(reply.body, "etag"));
    return disks ? json_incref(disks) : json_array();
}

static gboolean
disks_send(Cli *cli, const char *path, const char *etag, json_t *disks, const char *what, GError **error)
{
    static const Column instance_columns[] = {
        { "Lun", "lun" }, { "CreateOption", "createOption" }, { "SizeGB", "diskSizeGB" }, { "Disk", "name|-" }, { 0 },
    };
    g_autoptr(json_t) body = json_object(), instance = NULL;
    body_put(body, "properties.storageProfile.dataDisks", json_incref(disks));
    client_set_if_match(cli->client, etag);
    gboolean sent = cli_change(cli, "PUT", path, body, what, &instance, error);
    client_set_if_match(cli->client, NULL);
    if (!sent)
        return FALSE;
    const json_t *now = json_path(instance, "properties.storageProfile.dataDisks");
    g_autoptr(json_t) none = json_array();
    output_print(now ? now : none, instance_columns, cli->format);
    return TRUE;
}

static gboolean
lun_is_taken(const json_t *disks, guint lun)
{
    for (size_t i = 0; i < json_array_size(disks); i++) {
        if (json_integer_value(json_object_get(json_array_get(disks, i), "lun")) == lun)
            return TRUE;
    }
    return FALSE;
}

static guint
lun_free(const json_t *disks)
{
    guint lun = 0;
    while (lun + 1 < LUNS && lun_is_taken(disks, lun))
        lun++;
    return lun;
}

gboolean
run_vmss_disk_attach(Cli *cli, GError **error)
{
    const char *disk = args_text(cli->args, "disk"), *instance = args_text(cli->args, "instance-id");
    g_autofree char *path = cli_instance_path(cli, instance, ""), *etag = NULL;
    g_autofree char *id = disk[0] == '/' ? g_strdup(disk) : disk_path(cli, disk);
    g_autoptr(json_t) disks = disks_read(cli, path, &etag, error);
    guint lun;
    if (!disks)
        return FALSE;
    if (!args_number(cli->args, "lun", &lun))
        lun = lun_free(disks);
    json_t *entry = json_pack("{si ss s{ss}}", "lun", (int)lun, "createOption", "Attach", "managedDisk", "id", id);
    if (!entry)
        return arm_fail(error, ARM_INVALID_PARAMETER, "disk", "--disk is UTF-8 text.");
    json_array_append_new(disks, entry);
    g_autofree char *what =
        g_strdup_printf("Attaching the disk to instance %s of %s at LUN %u", instance, cli_set_name(cli), lun);
    return disks_send(cli, path, etag, disks, what, error);
}

gboolean
run_vmss_disk_detach(Cli *cli, GError **error)
{
    const char *instance = args_text(cli->args, "instance-id");
    g_autofree char *path = cli_instance_path(cli, instance, ""), *etag = NULL;
    g_autoptr(json_t) disks = disks_read(cli, path, &etag, error);
    guint lun = 0;
    size_t i = 0;
    if (!disks)
        return FALSE;
    args_number(cli->args, "lun", &lun);
    while (i < json_array_size(disks) && json_integer_value(json_object_get(json_array_get(disks, i), "lun")) != lun)
        i++;
    if (i == json_array_size(disks))
        return arm_fail(error, ARM_INVALID_PARAMETER, "lun", "Instance %s of %s has no data disk at LUN %u.", instance,
                        cli_set_name(cli), lun);
    json_array_remove(disks, i);
    g_autofree char *what = g_strdup_printf("Detaching LUN %u of instance %s of %s", lun, instance, cli_set_name(cli));
    return disks_send(cli, path, etag, disks, what, error);
}
