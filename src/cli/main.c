/* testudo: the command line. */
#include "cli/cli.h"
#include "cli/hint.h"
#include "cli/suggest.h"

#include <curl/curl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

/* What is wrong by the daemon's own answer has its code, and a property beside the sentence; what was found here has neither:
 * such a sentence names the option. */
static void
error_line(const char *lead, const GError *error, gboolean answered)
{
    const char *target = answered ? arm_error_target(error) : NULL;
    if (answered)
        g_printerr("%s(%s) %s%s%s%s\n", lead, arm_code_text((ArmCode)error->code), error->message, target ? " [" : "",
                   target ? target : "", target ? "]" : "");
    else
        g_printerr("%s%s\n", lead, error->message);
}

static void
error_print(const Client *client, const GError *error)
{
    const gboolean answered = client && client_is_refused(client) && error->domain == ARM_ERROR;
    const GPtrArray *details = error->domain == ARM_ERROR ? arm_error_details(error) : NULL;
    fflush(stdout);
    error_line("ERROR: ", error, answered);
    /* The first one stands above; of a failed operation the second one does, too, behind the name of its instance. */
    for (guint i = 1; details && i < details->len; i++) {
        const GError *detail = g_ptr_array_index(details, i);
        if (i > 1 || arm_error_target(error) || !g_str_has_suffix(error->message, detail->message))
            error_line("  - ", detail, answered);
    }
}

/* What the sentence names as a request, as a command about the same scale set. */
static void
hint_print(const Cli *cli, const GError *error)
{
    const char *command = hint_command(error->message), *group = args_text(cli->args, "resource-group");
    if (command && group && cli_set_name(cli))
        g_printerr("Command: %s -g %s -n %s\n", command, group, cli_set_name(cli));
}

static Client *
client_of(const Args *args)
{
    ClientConfig chosen = {
        .socket_path = args_text(args, "state-dir"),
        .server = args_text(args, "server"),
        .token_file = args_text(args, "token-file"),
        .ca_file = args_text(args, "ca-file"),
        .debug = args_flag(args, "debug"),
    };
    return cli_client_new(&chosen);
}

/* What the daemon refused has its HTTP status; a wrong value that was found here was not sent. */
static int
status_of(const Cli *cli, const GError *error)
{
    int http = cli->client ? client_status(cli->client) : 0;
    if (error->domain != ARM_ERROR)
        return CLI_FAILED;
    /* With 404 there is no wrong value: that nothing was there may have been what the command went on from. */
    if (error->code == ARM_INVALID_PARAMETER)
        return http < 400 || http == 404 ? CLI_USAGE : CLI_FAILED;
    return http == 404 || arm_code_http((ArmCode)error->code) == 404 ? CLI_NOT_THERE : CLI_FAILED;
}

static gboolean
asks_daemon(const Command *command, const Args *args)
{
    return command->run != run_attest_eventlog && command->run != run_attest_verify_file &&
           !(command->run == run_attest_verify_token && args_text(args, "jwks"));
}

static int
command_run(const Command *command, const char *const *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Args) args = args_parse(command, words, &error);
    Cli cli = { .command = command, .args = args };
    if (args && args_flag(args, "help")) {
        help_command(command);
        return CLI_DONE;
    }
    if (!args || !output_format_parse(args_text(args, "output"), &cli.format, &error)) {
        error_print(NULL, error);
        return CLI_USAGE;
    }
    g_autoptr(Client) client = cli.client = asks_daemon(command, args) ? client_of(args) : NULL;
    if ((!client || client_open(client, &error)) && command->run(&cli, &error))
        return fflush(stdout) == 0 ? (int)cli.status : CLI_FAILED;
    error_print(client, error);
    hint_print(&cli, error);
    return status_of(&cli, error);
}

/* What people who know `az` try, and what does it here. */
static const char *
instead_of(const char *text)
{
    static const struct {
        const char *begins, *instead;
    } others[] = {
        { "login", "There is no login: the daemon's Unix socket needs none; with --server, give "
                   "--token-file." },
        { "vm create", "There are no single VMs: a scale set of one instance is made by 'testudo "
                       "vmss create --instance-count 1'." },
        { "vm ", "There are no single VMs: see 'testudo vmss --help'." },
        { "account set", "There is one subscription, which is this host: 'testudo account show'." },
    };
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        if (g_str_has_prefix(text, others[i].begins))
            return others[i].instead;
    }
    return NULL;
}

static void
unknown_command(const char *const *path)
{
    g_autofree char *text = g_strjoinv(" ", (char **)path);
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (const Command *command = cli_commands; command->path; command++)
        g_ptr_array_add(known, (gpointer)command->path);
    g_ptr_array_add(known, NULL);
    const char *instead = instead_of(text), *meant = suggest(text, (const char *const *)known->pdata);
    if (meant)
        g_printerr("ERROR: there is no command 'testudo %s'; did you mean 'testudo %s'?\n", text, meant);
    else if (instead)
        g_printerr("ERROR: there is no command 'testudo %s'. %s\n", text, instead);
    else
        g_printerr("ERROR: there is no command 'testudo %s'; 'testudo --help' lists them.\n", text);
}

static int
no_command(const char *const *words)
{
    g_autoptr(GPtrArray) path = g_ptr_array_new();
    for (; *words && **words != '-'; words++)
        g_ptr_array_add(path, (gpointer)*words);
    g_ptr_array_add(path, NULL);
    gboolean asked = *words && (strcmp(*words, "--help") == 0 || strcmp(*words, "-h") == 0);
    if (path->len == 1 || strcmp(g_ptr_array_index(path, 0), "help") == 0) {
        asked = asked || path->len > 1;
        help_overview();
        return asked ? CLI_DONE : CLI_USAGE;
    }
    if (help_group((const char *const *)path->pdata))
        return asked ? CLI_DONE : CLI_USAGE;
    unknown_command((const char *const *)path->pdata);
    return CLI_USAGE;
}

int
main(int argc, char **argv)
{
    const char *const *words = (const char *const *)argv + 1;
    int path_words = 0;
    setlocale(LC_ALL, "");
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("testudo " TESTUDO_VERSION "\n");
        return CLI_DONE;
    }
    if (argc >= 2 && strcmp(argv[1], "__complete") == 0) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        complete_print(words + 1);
        curl_global_cleanup();
        return CLI_DONE;
    }
    const Command *command = command_find(words, &path_words);
    if (!command)
        return no_command(words);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = command_run(command, words + path_words);
    curl_global_cleanup();
    return status;
}
