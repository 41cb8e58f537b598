/* vmss extension set, list, show, delete. As with `az`, --name is the extension's type when it is set, and the name that it
 * has in the set otherwise. */
#include "cli/vmss.h"

#include <string.h>

static const Column columns[] = {
    { "Name", "name" },
    { "Publisher", "properties.publisher" },
    { "Type", "properties.type" },
    { "Version", "properties.typeHandlerVersion" },
    { "Settings", "properties.settings|-" },
    { 0 },
};

static char *
extension_path(const Cli *cli, const char *name)
{
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);
    g_autofree char *rest = g_strconcat("/extensions/", escaped, NULL);
    return cli_acknowledged_path(cli, rest);
}

/* The newest version that the daemon's catalogue has; NULL without an error where it has none. */
static char *
newest_version(Cli *cli, const char *publisher, const char *type, GError **error)
{
    g_autofree char *location = g_uri_escape_string(client_location(cli->client), NULL, FALSE);
    g_autofree char *publisher_part = g_uri_escape_string(publisher, NULL, FALSE);
    g_autofree char *type_part = g_uri_escape_string(type, NULL, FALSE);
    g_autofree char *suffix = g_strdup_printf("/providers/Microsoft.Compute/locations/%s/publishers/%s/artifacttypes/"
                                              "vmextension/types/%s/versions?$top=1&$orderby=name%%20desc",
                                              location, publisher_part, type_part);
    g_autofree char *path = cli_subscription_path(cli, suffix);
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return NULL;
    return g_strdup(json_member_text(json_array_get(reply.body, 0), "name"));
}

/* What is not meant as JSON. */
static gboolean
is_file_name(const char *text)
{
    g_autoptr(json_t) value = json_loads(text, JSON_DECODE_ANY, NULL);
    return !value && !strchr(text, '{');
}

/* JSON, or a file with it. */
static gboolean
settings_put(const Cli *cli, const char *option, const char *member, json_t *properties, GError **error)
{
    const char *given = args_text(cli->args, option);
    if (!given)
        return TRUE;
    g_autofree char *text = text_or_file(given, option, error);
    json_t *settings = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(settings)) {
        json_object_set_new(properties, member, settings);
        return TRUE;
    }
    json_decref(settings);
    if (!text)
        return FALSE;
    if (is_file_name(text) && strcmp(text, given) == 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, option,
                        "--%s: there is no file '%s', and it is no JSON object such as '{\"port\": 80}'.", option, given);
    return arm_fail(error, ARM_INVALID_PARAMETER, option, "--%s is a JSON object, or a file with one: '{\"port\": 80}'.",
                    option);
}

static json_t *
extension_body(Cli *cli, GError **error)
{
    const char *publisher = args_text(cli->args, "publisher"), *type = args_text(cli->args, "name");
    GError *problem = NULL;
    g_autofree char *version = g_strdup(args_text(cli->args, "version"));
    g_autoptr(json_t) properties = json_pack("{ss ss}", "publisher", publisher, "type", type);
    if (!properties) {
        arm_fail(error, ARM_INVALID_PARAMETER, "publisher", "--publisher and --name are UTF-8 text.");
        return NULL;
    }
    if (!version)
        version = newest_version(cli, publisher, type, &problem);
    if (problem) {
        g_propagate_error(error, problem);
        return NULL;
    }
    json_set_text(properties, "typeHandlerVersion", version);
    if (!settings_put(cli, "settings", "settings", properties, error) ||
        !settings_put(cli, "protected-settings", "protectedSettings", properties, error))
        return NULL;
    return json_pack("{sO}", "properties", properties);
}

gboolean
run_vmss_extension_set(Cli *cli, GError **error)
{
    const char *type = args_text(cli->args, "name"), *own = args_text(cli->args, "extension-instance-name");
    const char *name = own ? own : type;
    g_autoptr(json_t) body = extension_body(cli, error);
    if (!body)
        return FALSE;
    g_autofree char *path = extension_path(cli, name);
    g_autofree char *what = g_strdup_printf("Setting extension %s of %s", name, cli_set_name(cli));
    if (!cli_change(cli, "PUT", path, body, what, NULL, error) || !cli_show(cli, path, columns, error))
        return FALSE;
    vmss_outdated_hint(cli);
    return TRUE;
}

gboolean
run_vmss_extension_list(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "/extensions");
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_vmss_extension_show(Cli *cli, GError **error)
{
    g_autofree char *path = extension_path(cli, args_text(cli->args, "name"));
    return cli_show(cli, path, columns, error);
}

/* DELETE of what is not there is no error of the daemon's, but a mistyped name is one of the user's. */
gboolean
run_vmss_extension_delete(Cli *cli, GError **error)
{
    const char *name = args_text(cli->args, "name");
    g_autofree char *path = extension_path(cli, name);
    g_autofree char *what = g_strdup_printf("Deleting extension %s of %s", name, cli_set_name(cli));
    g_auto(Reply) there = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &there, error) ||
        !cli_change(cli, "DELETE", path, NULL, what, NULL, error))
        return FALSE;
    vmss_outdated_hint(cli);
    return TRUE;
}
