#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/testudo"

char *
cli_subscription_path(const Cli *cli, const char *suffix)
{
    return g_strconcat("/subscriptions/", client_subscription(cli->client), suffix, NULL);
}

char *
cli_group_path(const Cli *cli, const char *group, const char *suffix)
{
    g_autofree char *escaped = g_uri_escape_string(group, NULL, FALSE);
    return g_strconcat("/subscriptions/", client_subscription(cli->client), "/resourceGroups/", escaped, suffix, NULL);
}

const char *
cli_set_name(const Cli *cli)
{
    const char *set = args_text(cli->args, "vmss-name");
    return set ? set : args_text(cli->args, "name");
}

char *
cli_set_path(const Cli *cli, const char *suffix)
{
    g_autofree char *name = g_uri_escape_string(cli_set_name(cli), NULL, FALSE);
    g_autofree char *rest = g_strconcat("/providers/Microsoft.Compute/virtualMachineScaleSets/", name, suffix, NULL);
    return cli_group_path(cli, args_text(cli->args, "resource-group"), rest);
}

char *
cli_acknowledged_path(const Cli *cli, const char *suffix)
{
    const gboolean known = args_flag(cli->args, "acknowledge-data-loss");
    g_autofree char *rest = g_strconcat(suffix, known ? "?acknowledgeDataLoss=true" : "", NULL);
    return cli_set_path(cli, rest);
}

char *
cli_instance_path(const Cli *cli, const char *instance, const char *suffix)
{
    g_autofree char *id = g_uri_escape_string(instance, NULL, FALSE);
    g_autofree char *rest = g_strconcat("/virtualMachines/", id, suffix, NULL);
    return cli_set_path(cli, rest);
}

gboolean
cli_send_show(Cli *cli, const char *method, const char *path, const json_t *body, const Column *columns, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, method, path, body, &reply, error))
        return FALSE;
    output_print(reply.body, columns, cli->format);
    return TRUE;
}

gboolean
cli_show(Cli *cli, const char *path, const Column *columns, GError **error)
{
    return cli_send_show(cli, "GET", path, /* body= */ NULL, columns, error);
}

gboolean
cli_show_list(Cli *cli, const char *path, const Column *columns, GError **error)
{
    g_autoptr(json_t) list = client_list(cli->client, path, error);
    if (list)
        output_print(list, columns, cli->format);
    return list != NULL;
}

static gboolean
change_wait(Cli *cli, const Reply *reply, const char *what, GError **error)
{
    if (args_flag(cli->args, "no-wait") || (!reply->operation && !reply->location))
        return TRUE;
    Progress progress = progress_begin(what);
    gboolean succeeded = client_wait(cli->client, reply, progress_step, &progress, error);
    progress_end(&progress, succeeded);
    return succeeded;
}

gboolean
cli_change(Cli *cli, const char *method, const char *path, const json_t *body, const char *what, json_t **ret_body,
           GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, method, path, body, &reply, error) || !change_wait(cli, &reply, what, error))
        return FALSE;
    if (ret_body)
        *ret_body = g_steal_pointer(&reply.body);
    return TRUE;
}

gboolean
cli_delete(Cli *cli, const char *path, const char *thing, const char *what, GError **error)
{
    g_auto(Reply) reply = { 0 };
    return client_send(cli->client, "DELETE", path, NULL, &reply, error) &&
           (reply.status != 204 || arm_fail(error, ARM_RESOURCE_NOT_FOUND, NULL, "There was no %s.", thing)) &&
           change_wait(cli, &reply, what, error);
}

gboolean
cli_change_show(Cli *cli, const char *method, const char *path, const json_t *body, const char *what, const Column *columns,
                GError **error)
{
    g_autoptr(json_t) answer = NULL;
    if (!cli_change(cli, method, path, body, what, &answer, error))
        return FALSE;
    output_print(answer, columns, cli->format);
    return TRUE;
}

gboolean
cli_confirm(const Cli *cli, const char *question, GError **error)
{
    char answer[16] = "";
    if (args_flag(cli->args, "yes"))
        return TRUE;
    if (!isatty(STDIN_FILENO))
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "%s There is no terminal to ask on: say --yes to go on.", question);
    g_printerr("%s (y/n): ", question);
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, NULL, "Nothing was changed.");
}

json_t *
cli_tags(const Cli *cli, GError **error)
{
    g_autoptr(json_t) tags = json_object();
    for (const char *const *word = args_list(cli->args, "tags"); word && *word; word++) {
        const char *equals = strchr(*word, '=');
        g_autofree char *name = equals ? g_strndup(*word, (gsize)(equals - *word)) : g_strdup(*word);
        if (!**word)
            continue;
        if (!g_utf8_validate(*word, -1, NULL)) {
            arm_fail(error, ARM_INVALID_PARAMETER, "tags", "--tags are UTF-8 text.");
            return NULL;
        }
        json_object_set_new(tags, name, json_string(equals ? equals + 1 : ""));
    }
    return g_steal_pointer(&tags);
}

static const char *
setting(const char *chosen, const char *variable)
{
    const char *text = chosen ? chosen : g_getenv(variable);
    return text && *text ? text : NULL;
}

Client *
cli_client_open(const ClientConfig *chosen, GError **error)
{
    const char *state_dir = setting(chosen->socket_path, "TESTUDO_STATE_DIR");
    g_autofree char *socket_path = g_build_filename(state_dir ? state_dir : STATE_DIR, "testudod.sock", NULL);
    g_autofree char *server = g_strdup(setting(chosen->server, "TESTUDO_SERVER"));
    gsize length = server ? strlen(server) : 0;
    if (length > 0 && server[length - 1] == '/')
        server[length - 1] = '\0';
    ClientConfig config = {
        .socket_path = g_intern_string(socket_path),
        .server = server ? g_intern_string(server) : NULL,
        .token_file = setting(chosen->token_file, "TESTUDO_TOKEN_FILE"),
        .ca_file = setting(chosen->ca_file, "TESTUDO_CA_FILE"),
        .timeout_ms = chosen->timeout_ms,
        .debug = chosen->debug,
    };
    return client_new(&config, error);
}

/* ---- progress ---- */

Progress
progress_begin(const char *what)
{
    Progress progress = { what, g_get_monotonic_time(), -1, isatty(STDERR_FILENO), 0 };
    if (!progress.terminal)
        g_printerr("%s\n", what);
    return progress;
}

void
progress_step(int percent, void *data)
{
    static const char turning[] = "|/-\\";
    Progress *progress = data;
    int seconds = (int)((g_get_monotonic_time() - progress->begun) / G_USEC_PER_SEC);
    if (progress->terminal && percent > 0)
        g_printerr("\r\033[K%c %s: %d %% (%d s)", turning[progress->drawn++ % 4], progress->what, percent, seconds);
    else if (progress->terminal)
        g_printerr("\r\033[K%c %s (%d s)", turning[progress->drawn++ % 4], progress->what, seconds);
    else if (percent > progress->percent && percent > 0 && percent < 100)
        g_printerr("%s: %d %% (%d s)\n", progress->what, percent, seconds);
    progress->percent = percent;
}

void
progress_end(Progress *progress, gboolean succeeded)
{
    double seconds = (double)(g_get_monotonic_time() - progress->begun) / G_USEC_PER_SEC;
    g_printerr("%s%s: %s (%.1f s)\n", progress->terminal ? "\r\033[K" : "", progress->what, succeeded ? "done" : "failed",
               seconds);
}
