/* alert, assessment, vmss health: what the daemon alerts people to, what it recommends, and how things stand. */
#include "cli/cli.h"

#define SECURITY "/providers/Microsoft.Security"

static const Column alert_columns[] = {
    { "Name", "name" },
    { "Severity", "properties.severity" },
    { "Status", "properties.status" },
    { "Since", "properties.startTimeUtc" },
    { "Instance", "properties.compromisedEntity" },
    { "Alert", "properties.alertDisplayName" },
    { "Description", "properties.description|-" },
    { 0 },
};

static const Column health_columns[] = {
    { "State", "properties.availabilityState" },
    { "Title", "properties.title" },
    { "Since", "properties.occuredTime|-" },
    { "Summary", "properties.summary" },
    { 0 },
};

static const Column assessment_columns[] = {
    { "Name", "name" },
    { "Severity", "properties.metadata.severity" },
    { "Status", "properties.status.code" },
    { "Resource", "properties.resourceDetails.id" },
    { "Recommendation", "properties.displayName" },
    { "Cause", "properties.status.description|-" },
    { 0 },
};

/* In --resource-group, where it is given. */
static char *
security_path(const Cli *cli, const char *rest)
{
    const char *group = args_text(cli->args, "resource-group");
    g_autofree char *suffix = g_strconcat(SECURITY, rest, NULL);
    return group ? cli_group_path(cli, group, suffix) : cli_subscription_path(cli, suffix);
}

gboolean
run_alert_list(Cli *cli, GError **error)
{
    g_autofree char *path = security_path(cli, "/alerts");
    return cli_show_list(cli, path, alert_columns, error);
}

/* The one location is the host's. */
static char *
alert_path(const Cli *cli, const char *action)
{
    g_autofree char *escaped = g_uri_escape_string(args_text(cli->args, "name"), NULL, FALSE);
    g_autofree char *rest = g_strconcat("/locations/", client_location(cli->client), "/alerts/", escaped, action, NULL);
    return security_path(cli, rest);
}

gboolean
run_alert_show(Cli *cli, GError **error)
{
    g_autofree char *path = alert_path(cli, "");
    return cli_show(cli, path, alert_columns, error);
}

static gboolean
change(Cli *cli, const char *action, GError **error)
{
    g_autofree char *path = alert_path(cli, action);
    g_auto(Reply) reply = { 0 };
    return client_send(cli->client, "POST", path, NULL, &reply, error);
}

gboolean
run_alert_dismiss(Cli *cli, GError **error)
{
    return change(cli, "/dismiss", error);
}

gboolean
run_alert_resolve(Cli *cli, GError **error)
{
    return change(cli, "/resolve", error);
}

gboolean
run_alert_activate(Cli *cli, GError **error)
{
    return change(cli, "/activate", error);
}

gboolean
run_assessment_list(Cli *cli, GError **error)
{
    g_autofree char *path = security_path(cli, "/assessments");
    return cli_show_list(cli, path, assessment_columns, error);
}

gboolean
run_resource_health_show(Cli *cli, GError **error)
{
    static const char current[] = "/providers/Microsoft.ResourceHealth/availabilityStatuses/current";
    const char *id = args_text(cli->args, "instance-id");
    g_autofree char *path = id ? cli_instance_path(cli, id, current) : cli_set_path(cli, current);
    return cli_show(cli, path, health_columns, error);
}
