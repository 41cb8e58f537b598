/* What an instance shows of itself: run-command, boot-log, console, screenshot, and how to reach
 * its ports. */
#include "cli/guest_text.h"
#include "cli/vmss.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How often a log that is followed is looked at. */
#define FOLLOW_USEC     (500 * 1000)
#define SCRIPT_FILE_MAX 65536

/* ---- list-instance-connection-info ---- */

static gboolean
forwards_add(Cli *cli, const char *instance, json_t *all, GError **error)
{
    g_autofree char *path = cli_instance_path(cli, instance, "/connectionInfo");
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "POST", path, NULL, &reply, error))
        return FALSE;
    json_array_extend(all, json_object_get(reply.body, "value"));
    return TRUE;
}

gboolean
run_vmss_connection_info(Cli *cli, GError **error)
{
    static const Column columns[] = {
        { "InstanceId", "instanceId" }, { "GuestPort", "guestPort" }, { "Address", "address" }, { "Port", "port" }, { 0 },
    };
    g_autofree char *path = cli_set_path(cli, "/virtualMachines");
    g_autoptr(json_t) instances = client_list(cli->client, path, error), all = json_array();
    size_t i;
    json_t *instance;
    json_array_foreach(instances, i, instance)
    {
        if (!forwards_add(cli, json_member_text(instance, "instanceId"), all, error))
            return FALSE;
    }
    if (instances)
        output_print(all, columns, cli->format);
    return instances != NULL;
}

/* ---- run-command ---- */

/* Lines as they are; @FILE stands for the lines of a file. */
static json_t *
script_lines(const Cli *cli, GError **error)
{
    g_autoptr(json_t) lines = json_array();
    for (const char *const *word = args_list(cli->args, "scripts"); word && *word; word++) {
        g_autofree char *content = NULL;
        g_autoptr(GError) problem = NULL;
        const char *text = *word;
        if (text[0] == '@' && !g_file_get_contents(text + 1, &content, NULL, &problem)) {
            arm_fail(error, ARM_INVALID_PARAMETER, "scripts", "--scripts: %s", problem->message);
            return NULL;
        }
        if (content)
            text = content;
        json_t *line = strlen(text) <= SCRIPT_FILE_MAX ? json_string(text) : NULL;
        if (!line) {
            arm_fail(error, ARM_INVALID_PARAMETER, "scripts", "--scripts is UTF-8 text of at most %d bytes.", SCRIPT_FILE_MAX);
            return NULL;
        }
        json_array_append_new(lines, line);
    }
    return g_steal_pointer(&lines);
}

static void
guest_print(const char *bytes, gsize length, GuestText *text, FILE *stream)
{
    if (!isatty(fileno(stream))) {
        fwrite(bytes, 1, length, stream);
        return;
    }
    g_autoptr(GString) shown = g_string_new(NULL);
    guest_text_add(text, bytes, length, shown);
    fwrite(shown->str, 1, shown->len, stream);
    fflush(stream);
}

static void
command_output_print(const json_t *answer, const char *code, FILE *stream)
{
    size_t i;
    json_t *entry;
    GuestText text = { 0 };
    json_array_foreach(json_object_get(answer, "value"), i, entry)
    {
        const char *message = json_member_text(entry, "message");
        if (message && g_str_has_prefix(json_member_text(entry, "code"), code))
            guest_print(message, strlen(message), &text, stream);
    }
}

gboolean
run_vmss_run_command(Cli *cli, GError **error)
{
    const char *id = args_text(cli->args, "command-id");
    g_autofree char *path = cli_instance_path(cli, args_text(cli->args, "instance-id"), "/runCommand");
    g_autoptr(json_t) lines = script_lines(cli, error);
    if (!lines)
        return FALSE;
    g_autoptr(json_t) body = json_pack("{ss sO}", "commandId", id ? id : "RunShellScript", "script", lines);
    g_auto(Reply) reply = { 0 };
    if (!body)
        return arm_fail(error, ARM_INVALID_PARAMETER, "command-id", "--command-id is UTF-8 text.");
    if (!client_send(cli->client, "POST", path, body, &reply, error))
        return FALSE;
    if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV) {
        command_output_print(reply.body, "ComponentStatus/StdOut", stdout);
        fflush(stdout);
        command_output_print(reply.body, "ComponentStatus/StdErr", stderr);
    } else {
        output_print(reply.body, NULL, cli->format);
    }
    if (json_integer_value(json_object_get(reply.body, "exitCode")) != 0)
        cli->status = CLI_GUEST_FAILED;
    return TRUE;
}

/* ---- boot diagnostics ---- */

/* What lies at one of the signed addresses. */
static gboolean
diagnostics_fetch(Cli *cli, const char *member, Reply *ret_reply, GError **error)
{
    g_autofree char *path = cli_instance_path(cli, args_text(cli->args, "instance-id"), "/retrieveBootDiagnosticsData");
    g_auto(Reply) links = { 0 };
    if (!client_send(cli->client, "POST", path, NULL, &links, error))
        return FALSE;
    const char *address = json_member_text(links.body, member);
    if (!address)
        return arm_fail(error, ARM_INTERNAL, NULL, "The daemon's answer has no %s.", member);
    return client_send(cli->client, "GET", client_path_of(address), NULL, ret_reply, error);
}

/* Prints what is new until the user ends it. */
static gboolean
log_follow(Cli *cli, GString *seen, GError **error)
{
    GuestText text = { 0 };
    for (;;) {
        g_auto(Reply) reply = { 0 };
        if (!diagnostics_fetch(cli, "serialConsoleLogBlobUri", &reply, error))
            return FALSE;
        gsize news = guest_log_news(seen->str, seen->len, reply.text->str, reply.text->len);
        guest_print(reply.text->str + news, reply.text->len - news, &text, stdout);
        fflush(stdout);
        if (ferror(stdout))
            return TRUE;
        g_string_truncate(seen, 0);
        g_string_append_len(seen, reply.text->str, (gssize)reply.text->len);
        g_usleep(FOLLOW_USEC);
    }
}

gboolean
run_vmss_boot_log(Cli *cli, GError **error)
{
    g_auto(Reply) reply = { 0 };
    GuestText text = { 0 };
    if (args_flag(cli->args, "follow")) {
        g_autoptr(GString) seen = g_string_new(NULL);
        return log_follow(cli, seen, error);
    }
    if (!diagnostics_fetch(cli, "serialConsoleLogBlobUri", &reply, error))
        return FALSE;
    guest_print(reply.text->str, reply.text->len, &text, stdout);
    return TRUE;
}

/* What was written before is in boot-log; a console begins with its last line. */
static gsize
last_line(const GString *text)
{
    gsize from = text->len;
    while (from > 0 && text->str[from - 1] != '\n')
        from--;
    return from;
}

gboolean
run_vmss_console(Cli *cli, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!diagnostics_fetch(cli, "serialConsoleLogBlobUri", &reply, error))
        return FALSE;
    g_printerr("Serial console of instance %s, read only; Ctrl-C ends it.\n", args_text(cli->args, "instance-id"));
    g_autoptr(GString) seen = g_string_new_len(reply.text->str, (gssize)last_line(reply.text));
    return log_follow(cli, seen, error);
}

gboolean
run_vmss_screenshot(Cli *cli, GError **error)
{
    const char *file = args_text(cli->args, "file");
    g_auto(Reply) reply = { 0 };
    g_autoptr(GError) problem = NULL;
    if (!diagnostics_fetch(cli, "consoleScreenshotBlobUri", &reply, error))
        return FALSE;
    if (strcmp(file, "-") == 0)
        return fwrite(reply.text->str, 1, reply.text->len, stdout) == reply.text->len ||
               arm_fail(error, ARM_INTERNAL, NULL, "Standard output: %s", g_strerror(errno));
    if (!g_file_set_contents(file, reply.text->str, (gssize)reply.text->len, &problem))
        return arm_fail(error, ARM_INVALID_PARAMETER, "file", "%s", problem->message);
    g_printerr("Wrote %s (%" G_GSIZE_FORMAT " bytes).\n", file, reply.text->len);
    return TRUE;
}
