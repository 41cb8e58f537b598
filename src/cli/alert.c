/* alert, assessment, vmss health: what the daemon alerts people to, what it recommends, and how things stand. */
#include "cli/cli.h"

#include <string.h>

#define SECURITY       "/providers/Microsoft.Security"
#define HEALTH         "/providers/Microsoft.ResourceHealth/availabilityStatuses/current"
#define HEALTH_OF_EACH "/providers/Microsoft.ResourceHealth/childResources"

static const Column alert_columns[] = {
    { "Name", "name" },
    { "ResourceGroup", "id/resourceGroups" },
    { "Severity", "properties.severity" },
    { "Status", "properties.status" },
    { "Since", "properties.startTimeUtc" },
    { "Instance", "properties.compromisedEntity" },
    { "Alert", "properties.alertDisplayName" },
    { "Description", "properties.description|-" },
    { 0 },
};

static const Column health_columns[] = {
    { "InstanceId", "instanceId" },          { "State", "properties.availabilityState" }, { "Title", "properties.title" },
    { "Since", "properties.occuredTime|-" }, { "Summary", "properties.summary" },         { 0 },
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

/* What the id of its state says: ".../virtualMachines/3/providers/...". */
static void
instance_id_add(json_t *state)
{
    static const char below[] = "/virtualMachines/";
    const char *id = json_member_text(state, "id"), *part = id ? g_strrstr(id, below) : NULL;
    g_autofree char *instance = part ? g_strndup(part + strlen(below), strcspn(part + strlen(below), "/")) : NULL;
    json_set_text(state, "instanceId", instance);
}

gboolean
run_resource_health_show(Cli *cli, GError **error)
{
    const char *id = args_text(cli->args, "instance-id");
    const gboolean each = id && strcmp(id, "*") == 0;
    g_autofree char *path = each ? cli_set_path(cli, HEALTH_OF_EACH)
                            : id ? cli_instance_path(cli, id, HEALTH)
                                 : cli_set_path(cli, HEALTH);
    if (!each)
        return cli_show(cli, path, &health_columns[1], error);
    g_autoptr(json_t) states = client_list(cli->client, path, error);
    for (size_t i = 0; i < json_array_size(states); i++)
        instance_id_add(json_array_get(states, i));
    if (states)
        output_print(states, health_columns, cli->format);
    return states != NULL;
}
