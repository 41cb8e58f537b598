/* vmss change-record list, show, export: what upgrades and roll backs did. A record is verified by attest verify-file. */
#include "attest/jws.h"
#include "attest/record.h"
#include "base/file.h"
#include "cli/cli.h"
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

void
record_report_print(const json_t *report, OutputFormat format)
{
    static const Column columns[] = { { "Verdict", "verdict" },   { "Kind", "kind|-" },
                                      { "Outcome", "outcome|-" }, { "RequestedBy", "requestedBy|-" },
                                      { "Started", "started|-" }, { "Ended", "ended|-" },
                                      { "Reason", "reason" },     { 0 } };
    static const Column instance_columns[] = { { "InstanceId", "instanceId" },
                                               { "DownSeconds", "downtimeSeconds" },
                                               { "Before", "before" },
                                               { "Evidence", "beforeEvidence" },
                                               { "After", "after" },
                                               { "Evidence", "afterEvidence" },
                                               { 0 } };
    const json_t *instances = json_object_get(report, "instances");
    output_print(report, columns, format);
    if (format == OUTPUT_TABLE && json_array_size(instances) > 0) {
        printf("\n");
        output_print(instances, instance_columns, format);
    }
}

gboolean
run_change_record_show(Cli *cli, GError **error)
{
    g_autofree char *text = record_read(cli, error);
    RecordCheck check;
    if (!text)
        return FALSE;
    g_autoptr(json_t) payload = payload_read(text),
                      report = record_verify(text, strlen(text), /* ca= */ NULL, /* crls= */ NULL, /* now= */ 0, &check);
    if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV)
        record_report_print(report, cli->format);
    else
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
