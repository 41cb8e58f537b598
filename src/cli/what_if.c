/* Asking the daemon what a change would do to each instance, and the user before something is lost.
 */
#include "cli/vmss.h"
#include "cli/what_if_text.h"

#include <stdio.h>

json_t *
what_if_ask(Cli *cli, const json_t *body, GError **error)
{
    g_autofree char *path = cli_acknowledged_path(cli, "/whatIf");
    g_auto(Reply) reply = { 0 };
    return client_send(cli->client, "POST", path, body, &reply, error) ? g_steal_pointer(&reply.body) : NULL;
}

void
what_if_show(Cli *cli, const json_t *answer)
{
    static const Column columns[] = { { "InstanceId", "instanceId" }, { "Change", "change" }, { "Lost", "lost" }, { 0 } };
    if (cli->format == OUTPUT_TABLE) {
        g_autofree char *text = what_if_text(answer);
        fputs(text, stdout);
    } else {
        gboolean rows = cli->format == OUTPUT_TSV;
        output_print(rows ? json_object_get(answer, "instances") : answer, columns, cli->format);
    }
    if (json_object_get(answer, "error"))
        cli->status = CLI_FAILED;
}

gboolean
what_if_confirm(Cli *cli, const char *const *ids, GError **error)
{
    if (args_flag(cli->args, "yes"))
        return TRUE;
    g_autoptr(json_t) no_change = json_object();
    g_autoptr(json_t) answer = what_if_ask(cli, no_change, error);
    if (!answer)
        return FALSE;
    g_autofree char *question = what_if_question(answer, ids, "Update?");
    return !question || cli_confirm(cli, question, error);
}

gboolean
what_if_confirm_change(Cli *cli, const json_t *body, const char *ask, GError **error)
{
    if (args_flag(cli->args, "yes"))
        return TRUE;
    g_autoptr(json_t) answer = what_if_ask(cli, body, error);
    if (!answer)
        return FALSE;
    /* Where it would be refused, the refusal is the answer. */
    g_autofree char *question = json_object_get(answer, "error") ? NULL : what_if_question(answer, NULL, ask);
    return !question || cli_confirm(cli, question, error);
}
