#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/testudo"

/* What is asked beside an operation, for who waits: not at once, and not with every poll. */
#define SO_FAR_FIRST G_USEC_PER_SEC
#define SO_FAR_EVERY (5 * G_USEC_PER_SEC)

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

/* ---- changes ---- */

typedef struct {
    Cli *cli;
    const Telling *telling;
    Progress progress;
    gint64 ask_at; /* when `so_far` is asked next */
} Watched;

static void
on_step(int percent, void *data)
{
    Watched *watched = data;
    gint64 now = g_get_monotonic_time();
    if (watched->telling->so_far && now >= watched->ask_at) {
        g_autofree char *note = watched->telling->so_far(watched->cli);
        progress_note(&watched->progress, note);
        watched->ask_at = now + SO_FAR_EVERY;
    }
    progress_step(percent, &watched->progress);
}

static void
on_lost(guint seconds, void *data)
{
    Watched *watched = data;
    progress_lost(seconds, &watched->progress);
}

static void
on_back(void *data)
{
    Watched *watched = data;
    progress_back(&watched->progress);
}

/* Nobody knows how it ends: it goes on under the next daemon. */
static void
lost_explain(const Cli *cli, GError **error)
{
    const char *path = cli->command->path, *group = args_text(cli->args, "resource-group"), *name = cli_set_name(cli);
    const char *condition = strcmp(path, "vmss create") == 0   ? "created"
                            : strcmp(path, "vmss delete") == 0 ? "deleted"
                                                               : "updated";
    g_autofree char *follow =
        g_str_has_prefix(path, "vmss ") && group && name
            ? g_strdup_printf("'testudo vmss wait -g %s -n %s --%s' waits for its end", group, name, condition)
            : g_strdup("'testudo monitor activity-log list' says how it ended");
    g_autoptr(GError) problem = *error;
    *error = NULL;
    arm_fail(error, ARM_UNAVAILABLE, NULL, "%s What was begun goes on when the daemon is back; %s.", problem->message, follow);
}

static gboolean
change_wait(Cli *cli, const Reply *reply, const Telling *telling, GError **error)
{
    if (args_flag(cli->args, "no-wait") || (!reply->operation && !reply->location))
        return TRUE;
    Watched watched = { .cli = cli, .telling = telling, .progress = progress_begin(telling->what) };
    watched.ask_at = watched.progress.begun + SO_FAR_FIRST;
    const ClientWatch watch = { on_step, on_lost, on_back, &watched };
    GError *problem = NULL;
    if (client_wait(cli->client, reply, &watch, &problem)) {
        g_autofree char *afterwards = telling->afterwards ? telling->afterwards(cli) : NULL;
        progress_end(&watched.progress, PROGRESS_DONE, afterwards);
        return TRUE;
    }
    const gboolean lost = client_status(cli->client) == 0;
    progress_end(&watched.progress, lost ? PROGRESS_LOST : PROGRESS_FAILED, NULL);
    if (lost)
        lost_explain(cli, &problem);
    g_propagate_error(error, problem);
    return FALSE;
}

gboolean
cli_change_tell(Cli *cli, const char *method, const char *path, const json_t *body, const Telling *telling, json_t **ret_body,
                GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, method, path, body, &reply, error) || !change_wait(cli, &reply, telling, error))
        return FALSE;
    if (ret_body)
        *ret_body = g_steal_pointer(&reply.body);
    return TRUE;
}

gboolean
cli_change(Cli *cli, const char *method, const char *path, const json_t *body, const char *what, json_t **ret_body,
           GError **error)
{
    return cli_change_tell(cli, method, path, body, &(Telling){ .what = what }, ret_body, error);
}

gboolean
cli_delete(Cli *cli, const char *path, const char *thing, const Telling *telling, GError **error)
{
    g_auto(Reply) reply = { 0 };
    return client_send(cli->client, "DELETE", path, NULL, &reply, error) &&
           (reply.status != 204 || arm_fail(error, ARM_RESOURCE_NOT_FOUND, NULL, "There was no %s.", thing)) &&
           change_wait(cli, &reply, telling, error);
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
cli_client_new(const ClientConfig *chosen)
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
    return client_new(&config);
}
