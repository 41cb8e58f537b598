/* attest show, history, now, baseline …: what the daemon knows of how its instances booted. */
#include "base/file.h"
#include "cli/component_table.h"
#include "cli/event_table.h"
#include "cli/evidence_files.h"
#include "cli/vmss.h"

#include <string.h>

#define BASELINES "/providers/Testudo.Attestation/baselines"

static const Column show_columns[] = {
    { "State", "properties.state" },
    { "Since", "properties.since|-" },
    { "LastVerified", "properties.lastVerifiedAt|never" },
    { "Reason", "properties.reason|-" },
    { "Reference", "properties.reference|-" },
    { 0 },
};

static const Column refused_columns[] = {
    { "Module", "name|-" }, { "AskedBy", "by|-" }, { "Loaded", "loaded" }, { "Kernel", "message" }, { 0 },
};

static const Column history_columns[] = {
    { "Time", "properties.time" },
    { "State", "properties.state" },
    { "Reason", "properties.reason|-" },
    { 0 },
};

static const Column baseline_columns[] = {
    { "Id", "name" },
    { "Image", "properties.image" },
    { "SecureBoot", "properties.secureBoot" },
    { "VCPUs", "properties.vCPUs" },
    { "MemoryMiB", "properties.memoryMiB" },
    { "ApprovedAt", "properties.approvedAt" },
    { "ApprovedBy", "properties.approvedBy" },
    { "Withdrawn", "properties.withdrawnAt|-" },
    { 0 },
};

static char *
instance_path(const Cli *cli, const char *rest)
{
    return cli_instance_path(cli, args_text(cli->args, "instance-id"), rest);
}

gboolean
run_attest_show(Cli *cli, GError **error)
{
    const char *folder = args_text(cli->args, "evidence");
    g_autofree char *path = instance_path(cli, folder ? "/attestation?$expand=evidence" : "/attestation");
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error) ||
        (folder && !evidence_write(json_path(reply.body, "properties.evidence"), folder, error)))
        return FALSE;
    json_object_del(json_object_get(reply.body, "properties"), "evidence");
    output_print(reply.body, show_columns, cli->format);
    const json_t *refused = json_path(reply.body, "properties.refusedModules");
    component_table_print(cli, json_path(reply.body, "properties.components"));
    if (cli->format == OUTPUT_TABLE && json_array_size(refused) > 0) {
        printf("\n");
        output_print(refused, refused_columns, cli->format);
    }
    return TRUE;
}

gboolean
run_attest_history(Cli *cli, GError **error)
{
    g_autofree char *path = instance_path(cli, "/attestations");
    return cli_show_list(cli, path, history_columns, error);
}

gboolean
run_attest_now(Cli *cli, GError **error)
{
    g_autofree char *path = instance_path(cli, "/attest");
    g_auto(Reply) reply = { 0 };
    return client_send(cli->client, "POST", path, NULL, &reply, error);
}

gboolean
run_attest_baseline_list(Cli *cli, GError **error)
{
    g_autofree char *path = cli_subscription_path(cli, BASELINES);
    return cli_show_list(cli, path, baseline_columns, error);
}

static char *
baseline_path(const Cli *cli)
{
    g_autofree char *escaped = g_uri_escape_string(args_text(cli->args, "id"), NULL, FALSE);
    g_autofree char *rest = g_strconcat(BASELINES "/", escaped, NULL);
    return cli_subscription_path(cli, rest);
}

static gboolean
log_print(const char *base64, GError **error)
{
    gsize size = 0;
    guchar *data = base64 ? g_base64_decode(base64, &size) : NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_take(data, size);
    g_autoptr(EventLog) log = event_log_parse(bytes, error);
    if (!log)
        return FALSE;
    g_autoptr(json_t) events = events_json(log);
    printf("\n");
    output_print(events, event_columns, OUTPUT_TABLE);
    return TRUE;
}

gboolean
run_attest_baseline_show(Cli *cli, GError **error)
{
    g_autofree char *path = baseline_path(cli);
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    output_print(reply.body, baseline_columns, cli->format);
    return cli->format != OUTPUT_TABLE || log_print(json_string_value(json_path(reply.body, "properties.eventLog")), error);
}

gboolean
run_attest_baseline_compute(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "Partition", "partition" }, { "Path", "path" }, { "SHA256", "sha256" }, { "Program", "program|-" }, { 0 }
    };
    g_autofree char *path = cli_subscription_path(cli, "/providers/Testudo.Attestation/components");
    g_autoptr(json_t) body = json_pack("{ss}", "image", args_text(cli->args, "urn"));
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "POST", path, body, &reply, error))
        return FALSE;
    const json_t *files = json_path(reply.body, "properties.files");
    output_print(cli->format == OUTPUT_TABLE ? files : reply.body, columns, cli->format);
    return TRUE;
}

/* As attest/baseline.h reads it. */
gboolean
run_attest_baseline_export(Cli *cli, GError **error)
{
    g_autofree char *path = baseline_path(cli);
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    g_autofree char *text = json_dumps(reply.body, JSON_INDENT(2));
    return file_write(args_text(cli->args, "file"), text, strlen(text), 0644, error);
}

/* The reason names one. */
static char *
others_text(const json_t *components)
{
    const size_t others = json_array_size(components) > 1 ? json_array_size(components) - 1 : 0;
    return others > 0 ? g_strdup_printf(" %zu more differ, which 'testudo attest show' lists.", others) : g_strdup("");
}

/* What it differs in is what is approved of: it is shown first, and nothing that booted since is approved in its place. */
gboolean
run_attest_approve(Cli *cli, GError **error)
{
    g_autofree char *path = instance_path(cli, "/attestation"), *approval = instance_path(cli, "/approveBaseline");
    g_auto(Reply) now = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &now, error))
        return FALSE;
    const char *state = json_string_value(json_path(now.body, "properties.state"));
    const char *reason = json_string_value(json_path(now.body, "properties.reason"));
    const char *log = json_string_value(json_path(now.body, "properties.eventLogSha256"));
    g_autoptr(json_t) looked_at = log ? json_pack("{ss}", "eventLogSha256", log) : NULL;
    g_autofree char *others = others_text(json_path(now.body, "properties.components"));
    g_autofree char *question = g_strdup_printf(
        "Instance %s is %s%s%s%s Approve what it booted as what its image is to boot from now on?",
        args_text(cli->args, "instance-id"), state ? state : "unknown", reason ? ": " : ".", reason ? reason : "", others);
    return cli_confirm(cli, question, error) && cli_send_show(cli, "POST", approval, looked_at, baseline_columns, error);
}

gboolean
run_attest_withdraw(Cli *cli, GError **error)
{
    g_autofree char *path = baseline_path(cli), *question = NULL;
    g_auto(Reply) reply = { 0 };
    question = g_strdup_printf("Withdraw baseline %s? Instances that have no other one will read NotJudged.",
                               args_text(cli->args, "id"));
    return cli_confirm(cli, question, error) && client_send(cli->client, "DELETE", path, NULL, &reply, error);
}
