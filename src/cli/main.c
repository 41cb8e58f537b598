/* testudo: the command line. */
#include "cli/cli.h"

#include <curl/curl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static void
error_print(const GError *error)
{
    const GPtrArray *details = error->domain == ARM_ERROR ? arm_error_details(error) : NULL;
    const char *code =
        error->domain == ARM_ERROR ? arm_code_text((ArmCode)error->code) : "InternalError";
    fflush(stdout);
    g_printerr("ERROR: (%s) %s\n", code, error->message);
    if (!details ||
        (details->len == 1 && strcmp(((GError *)details->pdata[0])->message, error->message) == 0))
        return;
    for (guint i = 0; i < details->len; i++) {
        const GError *detail = g_ptr_array_index(details, i);
        if (strcmp(detail->message, error->message) == 0)
            continue;
        const char *target = arm_error_target(detail);
        g_printerr("  - (%s) %s%s%s%s\n", arm_code_text((ArmCode)detail->code), detail->message,
                   target ? " [" : "", target ? target : "", target ? "]" : "");
    }
}

static const char *
setting(const Args *args, const char *option, const char *variable)
{
    const char *text = args_text(args, option);
    if (!text)
        text = g_getenv(variable);
    return text && *text ? text : NULL;
}

static Client *
client_open(const Args *args, GError **error)
{
    const char *state_dir = setting(args, "state-dir", "TESTUDO_STATE_DIR");
    g_autofree char *socket_path =
        g_build_filename(state_dir ? state_dir : "/var/lib/testudo", "testudod.sock", NULL);
    g_autofree char *server = g_strdup(setting(args, "server", "TESTUDO_SERVER"));
    gsize length = server ? strlen(server) : 0;
    if (length > 0 && server[length - 1] == '/')
        server[length - 1] = '\0';
    /* Interned: the client keeps the pointers for as long as the program runs. */
    ClientConfig config = {
        .socket_path = g_intern_string(socket_path),
        .server = server ? g_intern_string(server) : NULL,
        .token_file = setting(args, "token-file", "TESTUDO_TOKEN_FILE"),
        .ca_file = setting(args, "ca-file", "TESTUDO_CA_FILE"),
        .debug = args_flag(args, "debug"),
    };
    return client_new(&config, error);
}

static int
status_of(const Cli *cli, const GError *error)
{
    return cli->client && client_status(cli->client) == 404 && error->domain == ARM_ERROR
               ? CLI_NOT_THERE
               : CLI_FAILED;
}

static int
command_run(const Command *command, const char *const *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Args) args = args_parse(command, words, &error);
    Cli cli = {.command = command, .args = args};
    if (args && args_flag(args, "help")) {
        help_command(command);
        return CLI_DONE;
    }
    if (!args || !output_format_parse(args_text(args, "output"), &cli.format, &error)) {
        error_print(error);
        return CLI_USAGE;
    }
    g_autoptr(Client) client = cli.client = client_open(args, &error);
    if (client && command->run(&cli, &error))
        return fflush(stdout) == 0 ? (int)cli.status : CLI_FAILED;
    error_print(error);
    return status_of(&cli, error);
}

static int
no_command(const char *const *words)
{
    g_autoptr(GPtrArray) path = g_ptr_array_new();
    for (; *words && **words != '-'; words++)
        g_ptr_array_add(path, (gpointer)*words);
    g_ptr_array_add(path, NULL);
    gboolean asked = *words && (strcmp(*words, "--help") == 0 || strcmp(*words, "-h") == 0);
    if (path->len == 1) {
        help_overview();
        return asked ? CLI_DONE : CLI_USAGE;
    }
    if (help_group((const char *const *)path->pdata))
        return asked ? CLI_DONE : CLI_USAGE;
    g_autofree char *text = g_strjoinv(" ", (char **)path->pdata);
    g_printerr("ERROR: there is no command 'testudo %s'; 'testudo --help' lists them.\n", text);
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
        complete_print(words + 1);
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
