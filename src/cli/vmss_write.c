/* vmss create, update, rollback, scale, delete: changes of the set itself. */
#include "cli/set_path.h"
#include "cli/vmss.h"
#include "cli/what_if_text.h"

#include <string.h>

/* An instance's own settings; everything else is the set's. */
static const char *const protection[][2] = {
    { "protect-from-scale-in", "protectFromScaleIn" },
    { "protect-from-scale-set-actions", "protectFromScaleSetActions" },
};

static gboolean
set_show(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "");
    return cli_show(cli, path, vmss_columns, error);
}

/* Fewer instances means that some are deleted: that is asked. */
static gboolean
scale_in_confirm(Cli *cli, const json_t *model, const json_t *body, GError **error)
{
    json_int_t now = json_integer_value(json_path(model, "sku.capacity"));
    const json_t *wanted = json_path(body, "sku.capacity");
    if (!model || !json_is_integer(wanted) || json_integer_value(wanted) >= now)
        return TRUE;
    g_autofree char *question = g_strdup_printf("Delete %d of %d instances, with their OS disks? "
                                                "Data disks are kept for the retention time.",
                                                (int)(now - json_integer_value(wanted)), (int)now);
    return cli_confirm(cli, question, error);
}

/* In mode Manual an instance loses something when it is brought to the model, and update-instances
 * asks; in the others the change itself makes instances follow. */
static gboolean
instances_follow(const json_t *model, const json_t *body)
{
    const char *asked = json_string_value(json_path(body, "properties.upgradePolicy.mode"));
    const char *mode = asked ? asked : json_string_value(json_path(model, "properties.upgradePolicy.mode"));
    return mode && g_ascii_strcasecmp(mode, "Manual") != 0;
}

/* What people set that cannot be as they may think: limits in percent of few instances. */
static gboolean
warnings_show(Cli *cli, const json_t *body, GError **error)
{
    if (!json_path(body, "properties.upgradePolicy") && !json_path(body, "sku.capacity"))
        return TRUE;
    g_autoptr(json_t) answer = what_if_ask(cli, body, error);
    if (!answer)
        return FALSE;
    g_autofree char *text = what_if_warnings(answer);
    if (text && !json_object_get(answer, "error"))
        g_printerr("%s", text);
    return TRUE;
}

static gboolean
change_confirm(Cli *cli, const json_t *model, const json_t *body, GError **error)
{
    return model && instances_follow(model, body) ? what_if_confirm_change(cli, body, "Update?", error)
                                                  : scale_in_confirm(cli, model, body, error);
}

/* Sends a body that was built for `model`; says or shows what it does. */
static gboolean
body_send(Cli *cli, const char *method, const json_t *model, const json_t *body, const char *what, GError **error)
{
    if (args_flag(cli->args, "what-if")) {
        g_autoptr(json_t) answer = what_if_ask(cli, body, error);
        if (answer)
            what_if_show(cli, answer);
        return answer != NULL;
    }
    if (!warnings_show(cli, body, error) || !change_confirm(cli, model, body, error))
        return FALSE;
    g_autofree char *path = cli_acknowledged_path(cli, "");
    /* What was copied from the model to be edited must still be what is there. */
    const char *etag = model && set_path_copies(body) ? json_member_text(model, "etag") : NULL;
    client_set_if_match(cli->client, etag);
    /* Scaling in deletes instances. */
    const Telling telling = { .what = what, .so_far = json_path(body, "sku.capacity") ? vmss_notice_so_far : NULL };
    gboolean sent = cli_change_tell(cli, method, path, body, &telling, NULL, error);
    client_set_if_match(cli->client, NULL);
    return sent && set_show(cli, error);
}

gboolean
run_vmss_create(Cli *cli, GError **error)
{
    GError *problem = NULL;
    g_autoptr(json_t) model = vmss_read(cli, &problem);
    if (problem) {
        g_propagate_error(error, problem);
        return FALSE;
    }
    g_autoptr(json_t) body = vmss_create_body(cli, model, error);
    g_autofree char *what = g_strdup_printf("Creating scale set %s", args_text(cli->args, "name"));
    return body && body_send(cli, "PUT", model, body, what, error);
}

/* ---- update ---- */

static gboolean
protection_update(Cli *cli, const char *instance, GError **error)
{
    static const char *const of_set[] = {
        "vm-sku",
        "image",
        "security-type",
        "enable-secure-boot",
        "enable-vtpm",
        "upgrade-policy-mode",
        "max-batch-instance-percent",
        "max-unhealthy-instance-percent",
        "max-unhealthy-upgraded-instance-percent",
        "pause-time-between-batches",
        "prioritize-unhealthy-instances",
        "max-surge",
        "rollback-failed-instances-on-policy-breach",
        "enable-auto-os-upgrade",
        "custom-data",
        "scale-in-policy",
        "force-deletion",
        "set",
        "tags",
        "what-if",
        "acknowledge-data-loss",
        "enable-terminate-notification",
        "terminate-notification-time",
    };
    static const Column columns[] = {
        { "InstanceId", "instanceId" },
        { "ProtectFromScaleIn", "properties.protectionPolicy.protectFromScaleIn" },
        { "ProtectFromScaleSetActions", "properties.protectionPolicy.protectFromScaleSetActions" },
        { 0 },
    };
    g_autoptr(json_t) body = json_object();
    for (guint i = 0; i < G_N_ELEMENTS(of_set); i++) {
        if (args_flag(cli->args, of_set[i]))
            return arm_fail(error, ARM_INVALID_PARAMETER, of_set[i],
                            "--%s is a setting of the set; with --instance-id only --protect-from-scale-in and "
                            "--protect-from-scale-set-actions are taken.",
                            of_set[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(protection); i++) {
        gboolean value;
        g_autofree char *path = g_strconcat("properties.protectionPolicy.", protection[i][1], NULL);
        if (args_bool(cli->args, protection[i][0], &value))
            body_put(body, path, json_boolean(value));
    }
    if (json_object_size(body) == 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, "instance-id",
                        "With --instance-id, say --protect-from-scale-in or --protect-from-scale-set-actions.");
    g_autofree char *path = cli_instance_path(cli, instance, "");
    return cli_change_show(cli, "PUT", path, body, "Updating the instance", columns, error);
}

/* What brings the others to the model: newly allocated. */
static char *
outdated_remedy(Cli *cli, const json_t *set)
{
    const char *group = args_text(cli->args, "resource-group"), *name = cli_set_name(cli);
    const char *state = json_string_value(json_path(set, "properties.provisioningState"));
    g_autoptr(json_t) latest = vmss_rolling_read(cli);
    if (vmss_rolling_is_under_way(latest))
        return g_strdup_printf(
            "A rolling upgrade brings the others to it: testudo vmss wait -g %s -n %s --updated waits for its "
            "end, testudo vmss rolling-upgrade get-latest -g %s -n %s says how it stands.",
            group, name, group, name);
    if (instances_follow(set, NULL) && g_strcmp0(state, "Succeeded") != 0 && g_strcmp0(state, "Failed") != 0)
        return g_strdup_printf("The others follow: testudo vmss wait -g %s -n %s --updated waits for them.", group, name);
    return g_strdup_printf("To bring one to it: testudo vmss update-instances -g %s -n %s --instance-ids ID", group, name);
}

void
vmss_outdated_hint(Cli *cli)
{
    g_autofree char *set_path = cli_set_path(cli, ""), *path = cli_set_path(cli, "/instanceView");
    g_auto(Reply) set = { 0 }, reply = { 0 };
    if (!client_send(cli->client, "GET", set_path, NULL, &set, NULL) ||
        !client_send(cli->client, "GET", path, NULL, &reply, NULL))
        return;
    const json_t *latest = json_object_get(reply.body, "latestModel");
    int on = (int)json_integer_value(json_object_get(latest, "instanceCount"));
    int total = (int)json_integer_value(json_object_get(latest, "totalCount"));
    if (on >= total)
        return;
    g_autofree char *remedy = outdated_remedy(cli, set.body);
    g_printerr("%d of %d instances are on this model. %s\n", on, total, remedy);
}

gboolean
run_vmss_update(Cli *cli, GError **error)
{
    const char *instance = args_text(cli->args, "instance-id");
    if (instance)
        return protection_update(cli, instance, error);
    for (guint i = 0; i < G_N_ELEMENTS(protection); i++) {
        if (args_flag(cli->args, protection[i][0]))
            return arm_fail(error, ARM_INVALID_PARAMETER, protection[i][0],
                            "--%s is a setting of one instance: name it by --instance-id.", protection[i][0]);
    }
    g_autofree char *path = cli_set_path(cli, "");
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    g_autoptr(json_t) body = vmss_update_body(cli, reply.body, error);
    if (!body)
        return FALSE;
    if (json_object_size(body) == 0 && !args_flag(cli->args, "what-if"))
        return arm_fail(error, ARM_INVALID_PARAMETER, NULL,
                        "Nothing to change was given; 'testudo vmss update --help' lists what can be.");
    g_autofree char *what = g_strdup_printf("Updating scale set %s", args_text(cli->args, "name"));
    if (!body_send(cli, "PATCH", reply.body, body, what, error))
        return FALSE;
    if (!args_flag(cli->args, "what-if"))
        vmss_outdated_hint(cli);
    return TRUE;
}

gboolean
run_vmss_rollback(Cli *cli, GError **error)
{
    guint revision = 0;
    g_autoptr(json_t) answer = NULL;
    args_number(cli->args, "to", &revision);
    g_autoptr(json_t) question = json_pack("{si}", "rollbackTo", (int)revision);
    if (args_flag(cli->args, "what-if")) {
        answer = what_if_ask(cli, question, error);
        if (answer)
            what_if_show(cli, answer);
        return answer != NULL;
    }
    g_autofree char *path = cli_set_path(cli, "");
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error) ||
        (instances_follow(reply.body, NULL) && !what_if_confirm_change(cli, question, "Roll back?", error)))
        return FALSE;
    g_autoptr(json_t) body = json_pack("{si}", "revision", (int)revision);
    g_autofree char *action = cli_acknowledged_path(cli, "/rollback");
    g_autofree char *what = g_strdup_printf("Rolling scale set %s back to revision %u", args_text(cli->args, "name"), revision);
    if (!cli_change(cli, "POST", action, body, what, NULL, error) || !set_show(cli, error))
        return FALSE;
    vmss_outdated_hint(cli);
    return TRUE;
}

/* ---- scale, delete ---- */

gboolean
run_vmss_scale(Cli *cli, GError **error)
{
    guint capacity = 0;
    g_autofree char *path = cli_set_path(cli, "");
    g_auto(Reply) reply = { 0 };
    args_number(cli->args, "new-capacity", &capacity);
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    g_autoptr(json_t) body = json_object();
    body_put(body, "sku.capacity", json_integer(capacity));
    g_autofree char *what = g_strdup_printf("Scaling %s to %u instance(s)", args_text(cli->args, "name"), capacity);
    return body_send(cli, "PATCH", reply.body, body, what, error);
}

gboolean
run_vmss_delete(Cli *cli, GError **error)
{
    const char *name = args_text(cli->args, "name");
    gboolean forced = FALSE;
    args_bool(cli->args, "force-deletion", &forced);
    g_autofree char *path = cli_set_path(cli, forced ? "?forceDeletion=true" : "");
    g_autofree char *what = g_strdup_printf("Deleting scale set %s", name);
    g_autofree char *question = g_strdup_printf("Delete scale set '%s' with all its instances and their OS disks?", name);
    g_autofree char *thing =
        g_strdup_printf("scale set '%s' in resource group '%s'", name, args_text(cli->args, "resource-group"));
    const Telling telling = { .what = what, .so_far = vmss_notice_so_far };
    return cli_confirm(cli, question, error) && cli_delete(cli, path, thing, &telling, error);
}
