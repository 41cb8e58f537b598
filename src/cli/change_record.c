/* vmss change-record list, show, export: what upgrades and roll backs did. A record is verified by attest verify-file. */
#include "attest/jws.h"
#include "attest/record.h"
#include "base/file.h"
#include "cli/ca.h"
#include "cli/records.h"

#include <stdio.h>
#include <string.h>

#define RECORDS "/changeRecords"

static const Column list_columns[] = {
    { "Record", "name" },
    { "Kind", "properties.kind" },
    { "Status", "properties.status" },
    { "RequestedBy", "properties.requestedBy" },
    { "Started", "properties.started" },
    { "Ended", "properties.ended|-" },
    { "Revision", "properties.targetRevision" },
    { 0 },
};

gboolean
run_change_record_list(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, RECORDS);
    return cli_show_list(cli, path, list_columns, error);
}

/* The one that --record names, or the newest. NULL sets *error. */
static char *
name_find(Cli *cli, GError **error)
{
    const char *given = args_text(cli->args, "record");
    g_autofree char *path = cli_set_path(cli, RECORDS);
    if (given)
        return g_strdup(given);
    g_autoptr(json_t) list = client_list(cli->client, path, error);
    if (!list)
        return NULL;
    const char *newest = json_member_text(json_array_get(list, 0), "name");
    if (!newest)
        arm_fail(error, ARM_NOT_FOUND, NULL, "The scale set '%s' has no change record: none of its instances was upgraded.",
                 cli_set_name(cli));
    return g_strdup(newest);
}

/* The signed text. */
static char *
record_read(Cli *cli, GError **error)
{
    g_autofree char *name = name_find(cli, error);
    g_auto(Reply) reply = { 0 };
    if (!name)
        return NULL;
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE), *suffix = g_strconcat(RECORDS "/", escaped, NULL);
    g_autofree char *path = cli_set_path(cli, suffix);
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return NULL;
    const char *text = json_string_value(json_path(reply.body, "properties.record"));
    if (!text)
        arm_fail(error, ARM_CONFLICT, NULL,
                 "The change record '%s' is not written yet: the change is under way, or its instances have not come to rest.",
                 name);
    return g_strdup(text);
}

static json_t *
payload_read(const char *text)
{
    const char *body = strchr(text, '.'), *end = body ? strchr(body + 1, '.') : NULL;
    gsize size = 0;
    g_autofree guchar *bytes = end ? jws_url_decode(body + 1, (gsize)(end - body - 1), &size) : NULL;
    return bytes ? json_parse((const char *)bytes, size, NULL) : NULL;
}

/* As people read them. */
static json_t *
rows_of(const json_t *instances)
{
    json_t *rows = json_deep_copy(instances), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        g_autofree char *seconds = g_strdup_printf("%.1f", json_number_value(json_object_get(row, "downtimeSeconds")));
        const char *down = json_is_true(json_object_get(row, "stillDown")) ? "yes" : "no";
        json_object_set_new(row, "shown", json_pack("{ss ss}", "seconds", seconds, "down", down));
    }
    return rows;
}

void
record_report_print(const json_t *report, OutputFormat format)
{
    static const Column columns[] = { { "Verdict", "verdict" },   { "Kind", "kind|-" },
                                      { "Outcome", "outcome|-" }, { "RequestedBy", "requestedBy|-" },
                                      { "Started", "started|-" }, { "Ended", "ended|-" },
                                      { "Reason", "reason" },     { 0 } };
    static const Column instance_columns[] = { { "InstanceId", "instanceId" },         { "DownSeconds", "shown.seconds" },
                                               { "StillDown", "shown.down" },          { "Before", "before" },
                                               { "BeforeEvidence", "beforeEvidence" }, { "After", "after" },
                                               { "AfterEvidence", "afterEvidence" },   { 0 } };
    const json_t *instances = json_object_get(report, "instances");
    output_print(report, columns, format);
    if (format == OUTPUT_TABLE && json_array_size(instances) > 0) {
        g_autoptr(json_t) rows = rows_of(instances);
        printf("\n");
        output_print(rows, instance_columns, format);
    }
}

/* By what the daemon says of its own CA: who does not take its word exports the record and has verify-file look. */
static gboolean
verified_print(Cli *cli, const char *text, GError **error)
{
    RecordCheck check;
    g_autoptr(GBytes) chain = ca_chain_ask(cli, error), crls = chain ? ca_crls_ask(cli, error) : NULL;
    if (!crls)
        return FALSE;
    g_autoptr(json_t) report = record_verify(text, strlen(text), chain, crls, g_get_real_time(), &check);
    record_report_print(report, cli->format);
    return TRUE;
}

gboolean
run_change_record_show(Cli *cli, GError **error)
{
    g_autofree char *text = record_read(cli, error);
    if (!text)
        return FALSE;
    if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV)
        return verified_print(cli, text, error);
    g_autoptr(json_t) payload = payload_read(text);
    output_print(payload, NULL, cli->format);
    return TRUE;
}

gboolean
run_change_record_export(Cli *cli, GError **error)
{
    const char *path = args_text(cli->args, "file");
    g_autofree char *text = record_read(cli, error);
    return text && file_write(path, text, strlen(text), 0644, error);
}
