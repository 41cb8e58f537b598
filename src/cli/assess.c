/* vmss assess: what an upgrade to Trusted launch would refuse or lock out, instance by instance. */
#include "cli/vmss.h"

#include <string.h>

/* How a table calls the lists of an answer. */
static const struct {
    const char *list, *shown;
} findings[] = { { "refused", "Refused" }, { "lockedOut", "LockedOut" }, { "notSeen", "NotSeen" } };

/* One that cannot be asked stands between the others with its reason. */
static void
assess_one(Cli *cli, const char *instance, json_t *all)
{
    g_autofree char *path = cli_instance_path(cli, instance, "/assess");
    g_auto(Reply) reply = { 0 };
    g_autoptr(GError) problem = NULL;
    if (client_send(cli->client, "POST", path, NULL, &reply, &problem) && json_is_object(reply.body)) {
        json_array_append(all, reply.body);
        return;
    }
    cli->status = CLI_FAILED;
    json_t *entry = json_object(), *error = json_object();
    json_set_text(entry, "instanceId", instance);
    json_set_text(error, "message", problem ? problem->message : "The daemon's answer is no assessment.");
    json_object_set_new(entry, "error", error);
    json_array_append_new(all, entry);
}

static void
row_add(json_t *rows, const char *instance, const char *finding, const json_t *one, const char *reason)
{
    json_t *row = json_object();
    json_set_text(row, "instanceId", instance);
    json_set_text(row, "finding", finding);
    json_set_text(row, "kind", json_member_text(one, "kind"));
    json_set_text(row, "name", json_member_text(one, "name"));
    json_set_text(row, "reason", reason);
    json_array_append_new(rows, row);
}

static void
rows_add(json_t *rows, const json_t *answer)
{
    const char *instance = json_member_text(answer, "instanceId");
    const json_t *error = json_object_get(answer, "error"), *one;
    size_t i;
    if (error)
        row_add(rows, instance, "NotAssessed", NULL, json_member_text(error, "message"));
    for (gsize of = 0; of < G_N_ELEMENTS(findings); of++) {
        json_array_foreach(json_object_get(answer, findings[of].list), i, one)
            row_add(rows, instance, findings[of].shown, one, json_member_text(one, "reason"));
    }
}

static void
assessments_print(const json_t *all, OutputFormat format)
{
    static const Column columns[] = {
        { "InstanceId", "instanceId" },
        { "Finding", "finding" },
        { "Kind", "kind" },
        { "Name", "name" },
        { "Reason", "reason" },
        { 0 },
    };
    g_autoptr(json_t) rows = json_array();
    const json_t *answer;
    size_t i;
    json_array_foreach(all, i, answer) rows_add(rows, answer);
    const gboolean is_table = format == OUTPUT_TABLE || format == OUTPUT_TSV;
    output_print(is_table ? rows : all, columns, format);
}

gboolean
run_vmss_assess(Cli *cli, GError **error)
{
    const char *const *ids = args_list(cli->args, "instance-ids");
    g_autofree char *path = cli_set_path(cli, "/virtualMachines");
    g_autoptr(json_t) all = json_array(), instances = NULL;
    if (ids && !g_strv_contains(ids, "*")) {
        for (; *ids; ids++)
            assess_one(cli, *ids, all);
    } else {
        const json_t *instance;
        size_t i;
        instances = client_list(cli->client, path, error);
        if (!instances)
            return FALSE;
        json_array_foreach(instances, i, instance) assess_one(cli, json_member_text(instance, "instanceId"), all);
    }
    assessments_print(all, cli->format);
    return TRUE;
}
