/* What the shell may complete the last word to, one candidate a line. A line "@file" asks the shell
 * for file names. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* Nobody waits longer for a list. */
#define TIMEOUT_MS 2000

#define SETS "/providers/Microsoft.Compute/virtualMachineScaleSets"

typedef struct {
    const char *const *words;
    guint n;
    const Command *command;
    const char *begun;  /* what the candidates begin with */
    const char *before; /* what is printed before each: "--name=" or "" */
} Completion;

static void
candidate(const Completion *completion, const char *text)
{
    if (text && g_str_has_prefix(text, completion->begun))
        printf("%s%s\n", completion->before, text);
}

static void
complete_command(const Completion *completion)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint n = completion->n - 1;
    for (const Command *command = cli_commands; command->path; command++) {
        g_auto(GStrv) path = g_strsplit(command->path, " ", -1);
        guint i = 0;
        while (i < n && path[i] && strcmp(path[i], completion->words[i]) == 0)
            i++;
        if (i == n && path[i] && g_hash_table_add(seen, g_strdup(path[i])))
            candidate(completion, path[i]);
    }
}

/* ---- the option that a word names, and what was given for one ---- */

static gboolean
is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

static const Option *
option_of(const Command *command, const char *word)
{
    if (g_str_has_prefix(word, "--")) {
        g_autofree char *name = g_strndup(word + 2, strcspn(word + 2, "="));
        return command_option(command, name);
    }
    for (const Option *option = cli_options; option->name; option++) {
        if (option->letter && word[0] == '-' && option->letter == word[1] && !word[2])
            return option;
    }
    return NULL;
}

static const char *
given(const Completion *completion, const char *name)
{
    for (guint i = 0; i + 1 < completion->n; i++) {
        const Option *option = option_of(completion->command, completion->words[i]);
        const char *equals = strchr(completion->words[i], '=');
        if (option && strcmp(option->name, name) == 0)
            return equals ? equals + 1 : completion->words[i + 1];
    }
    return NULL;
}

/* ---- what the daemon knows ---- */

/* NULL: it does not answer. */
static Client *
client_of(const Completion *completion)
{
    ClientConfig chosen = {
        .socket_path = given(completion, "state-dir"),
        .server = given(completion, "server"),
        .token_file = given(completion, "token-file"),
        .ca_file = given(completion, "ca-file"),
        .timeout_ms = TIMEOUT_MS,
    };
    g_autoptr(Client) client = cli_client_new(&chosen);
    return client_open(client, NULL) ? g_steal_pointer(&client) : NULL;
}

/* A feature is listed as "PROVIDER/NAME", and named by the last part alone; other names have no slash. */
static void
list_complete(const Completion *completion, Client *client, const char *path, const char *member)
{
    g_autoptr(json_t) list = client_list(client, path, NULL);
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        const char *name = json_member_text(entry, member), *slash = name ? strrchr(name, '/') : NULL;
        candidate(completion, slash ? slash + 1 : name);
    }
}

/* What --name names depends on the command; elsewhere an option means one thing. */
static const char *
thing_of(const Completion *completion, const char *option)
{
    static const struct {
        const char *command, *thing;
    } named[] = { { "alert ", "alert" },    { "disk ", "disk" },       { "vmss extension ", "extension" },
                  { "vmss ", "vmss-name" }, { "feature ", "feature" }, { "vm ", "vm" } };
    for (guint i = 0; strcmp(option, "name") == 0 && i < G_N_ELEMENTS(named); i++) {
        if (g_str_has_prefix(completion->command->path, named[i].command))
            return named[i].thing;
    }
    return strcmp(option, "name") == 0 ? "resource-group" : option;
}

/* Where the daemon lists it: in the subscription, or below the group or the set that was typed before. */
static char *
list_path(const Completion *completion, const Cli *cli, const char *thing)
{
    static const struct {
        const char *thing;
        enum { OF_SUBSCRIPTION, OF_GROUP, OF_SET } of;
        const char *path;
    } lists[] = {
        { "resource-group", OF_SUBSCRIPTION, "/resourcegroups" },
        { "location", OF_SUBSCRIPTION, "/locations" },
        { "vm-sku", OF_SUBSCRIPTION, "/providers/Microsoft.Compute/skus" },
        { "feature", OF_SUBSCRIPTION, "/providers/Microsoft.Features/features" },
        { "alert", OF_SUBSCRIPTION, "/providers/Microsoft.Security/alerts" },
        { "rule-name", OF_SUBSCRIPTION, "/providers/Microsoft.Security/alertsSuppressionRules" },
        { "id", OF_SUBSCRIPTION, "/providers/Testudo.Attestation/baselines" },
        { "vmss-name", OF_GROUP, SETS },
        { "vmss", OF_GROUP, SETS },
        { "vm", OF_GROUP, "/providers/Microsoft.Compute/virtualMachines" },
        { "disk", OF_GROUP, "/providers/Microsoft.Compute/disks" },
        { "instance-id", OF_SET, "/virtualMachines" },
        { "instance-ids", OF_SET, "/virtualMachines" },
        { "to", OF_SET, "/revisions" },
        { "record", OF_SET, "/changeRecords" },
        { "extension", OF_SET, "/extensions" },
    };
    const char *group = given(completion, "resource-group"), *set = given(completion, "vmss-name");
    set = set ? set : given(completion, "name");
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        if (strcmp(lists[i].thing, thing) != 0)
            continue;
        if (lists[i].of == OF_SUBSCRIPTION)
            return cli_subscription_path(cli, lists[i].path);
        if (!group || (lists[i].of == OF_SET && !set))
            return NULL;
        if (lists[i].of == OF_GROUP)
            return cli_group_path(cli, group, lists[i].path);
        g_autofree char *escaped = g_uri_escape_string(set, NULL, FALSE);
        g_autofree char *rest = g_strconcat(SETS, "/", escaped, lists[i].path, NULL);
        return cli_group_path(cli, group, rest);
    }
    return NULL;
}

static char *
publishers_path(const Cli *cli, const char *below)
{
    g_autofree char *suffix =
        g_strdup_printf("/providers/Microsoft.Compute/locations/%s/publishers%s", client_location(cli->client), below);
    return cli_subscription_path(cli, suffix);
}

/* Of an extension's publisher and, for its versions, its type. */
static char *
extensions_path(const Cli *cli, const char *publisher, const char *type)
{
    g_autofree char *publisher_part = g_uri_escape_string(publisher, NULL, FALSE);
    g_autofree char *type_part = type ? g_uri_escape_string(type, NULL, FALSE) : NULL;
    g_autofree char *below = g_strconcat("/", publisher_part, "/artifacttypes/vmextension/types", type_part ? "/" : NULL,
                                         type_part, type_part ? "/versions" : NULL, NULL);
    return publishers_path(cli, below);
}

/* Who publishes images is no candidate for an extension. */
static void
extension_publishers_complete(const Completion *completion, const Cli *cli)
{
    g_autofree char *path = publishers_path(cli, "");
    g_autoptr(json_t) list = client_list(cli->client, path, NULL);
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        const char *name = json_member_text(entry, "name");
        if (!name || !g_str_has_prefix(name, completion->begun))
            continue;
        g_autofree char *types_path = extensions_path(cli, name, NULL);
        g_autoptr(json_t) types = client_list(cli->client, types_path, NULL);
        if (json_array_size(types) > 0)
            candidate(completion, name);
    }
}

/* What the daemon's catalogue has for `vmss extension set`, where its --name is a type. */
static void
extension_complete(const Completion *completion, const Cli *cli, const char *option)
{
    const char *publisher = given(completion, "publisher"), *type = given(completion, "name");
    if (strcmp(option, "publisher") == 0) {
        extension_publishers_complete(completion, cli);
    } else if (publisher && (strcmp(option, "name") == 0 || type)) {
        g_autofree char *path = extensions_path(cli, publisher, strcmp(option, "name") == 0 ? NULL : type);
        list_complete(completion, cli->client, path, "name");
    }
}

/* Of images that there are. One that is imported may come from anybody. */
static char *
image_publishers_path(const Completion *completion, const Cli *cli)
{
    return g_str_has_suffix(completion->command->path, "image list") ? publishers_path(cli, "") : NULL;
}

static gboolean
is_known_by_daemon(const char *option)
{
    static const char *const names[] = { "resource-group", "name",   "vmss",   "vmss-name", "location", "instance-id",
                                         "instance-ids",   "vm-sku", "image",  "urn",       "disk",     "to",
                                         "rule-name",      "id",     "record", "publisher", "version" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(option, names[i]) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
daemon_complete(const Completion *completion, const char *option)
{
    g_autoptr(Client) client = client_of(completion);
    Cli cli = { .command = completion->command, .client = client };
    if (!client)
        return;
    if (strcmp(option, "image") == 0 || strcmp(option, "urn") == 0) {
        g_autoptr(json_t) images = image_list_read(&cli, NULL);
        for (size_t i = 0; i < json_array_size(images); i++)
            candidate(completion, json_member_text(json_array_get(images, i), "urn"));
        return;
    }
    if (strcmp(completion->command->path, "vmss extension set") == 0 &&
        (strcmp(option, "publisher") == 0 || strcmp(option, "name") == 0 || strcmp(option, "version") == 0)) {
        extension_complete(completion, &cli, option);
        return;
    }
    g_autofree char *path = strcmp(option, "publisher") == 0 ? image_publishers_path(completion, &cli)
                                                             : list_path(completion, &cli, thing_of(completion, option));
    if (path)
        list_complete(completion, client, path, g_str_has_prefix(option, "instance-id") ? "instanceId" : "name");
}

/* ---- values and options ---- */

static const char *
words_of(const Command *command, const Option *option)
{
    if (option->type == OPTION_BOOL)
        return "true|false";
    if (strcmp(option->name, "security-type") == 0)
        return strcmp(command->path, "image import") == 0 ? "Standard|TrustedLaunchSupported|TrustedLaunch"
                                                          : "Standard|TrustedLaunch";
    if (strcmp(option->name, "alert-type") == 0)
        return "Testudo.BootIntegrity.Deviation|Testudo.BootIntegrity.EvidenceRefused|Testudo.BootIntegrity.NoAnswer|"
               "Testudo.BootIntegrity.SameEndorsementKey|Testudo.BootIntegrity.KernelModuleRefused";
    if (strcmp(option->name, "namespace") == 0)
        return "Microsoft.Compute";
    if (strcmp(option->name, "expand") == 0 || strcmp(option->name, "command-id") == 0)
        return strcmp(option->name, "expand") == 0 ? "instanceView" : "RunShellScript";
    return strchr(option->value, '|') && !strstr(option->value, "FILE") ? option->value : NULL;
}

static void
value_complete(const Completion *completion, const Option *option)
{
    const char *words = words_of(completion->command, option);
    if (words) {
        g_auto(GStrv) list = g_strsplit(words, "|", -1);
        for (char **word = list; *word; word++)
            candidate(completion, *word);
    } else if (is_known_by_daemon(option->name)) {
        daemon_complete(completion, option->name);
    } else if (strstr(option->value, "FILE") || strcmp(option->value, "DIR") == 0) {
        printf("@file\n");
    }
}

static void
options_complete(const Completion *completion)
{
    g_autofree char *all = g_strconcat(completion->command->options, " ", cli_global_options, NULL);
    g_auto(GStrv) names = g_strsplit_set(all, " !", -1);
    for (char **name = names; *name; name++) {
        g_autofree char *dashed = g_strconcat("--", *name, NULL);
        if (**name)
            candidate(completion, dashed);
    }
}

/* The option whose values the last word is among: the word before it, or for lists some words
 * before. */
static const Option *
option_in_hand(const Completion *completion)
{
    guint i = completion->n - 1;
    while (i > 0 && !is_option(completion->words[i - 1]))
        i--;
    const Option *option = i > 0 ? option_of(completion->command, completion->words[i - 1]) : NULL;
    gboolean next = i + 1 == completion->n;
    if (!option || option->type == OPTION_FLAG || strchr(completion->words[i - 1], '='))
        return NULL;
    return next || option->type == OPTION_LIST ? option : NULL;
}

void
complete_print(const char *const *words)
{
    Completion completion = { words, g_strv_length((char **)words), NULL, NULL, "" };
    int path_words = 0;
    if (completion.n == 0)
        return;
    const char *last = completion.begun = words[completion.n - 1];
    completion.command = completion.n > 1 ? command_find(words, &path_words) : NULL;
    if (!completion.command || (guint)path_words >= completion.n) {
        complete_command(&completion);
        return;
    }
    const Option *option = is_option(last) ? option_of(completion.command, last) : option_in_hand(&completion);
    const char *equals = is_option(last) ? strchr(last, '=') : NULL, *positional = completion.command->positional;
    if (is_option(last) && !(option && equals)) {
        options_complete(&completion);
        return;
    }
    g_autofree char *before = equals ? g_strndup(last, (gsize)(equals + 1 - last)) : g_strdup("");
    completion.before = before;
    completion.begun = equals ? equals + 1 : last;
    if (option && option->type != OPTION_FLAG)
        value_complete(&completion, option);
    else if (positional && (g_str_has_prefix(positional, "file") || g_str_has_prefix(positional, "folder")))
        printf("@file\n");
    if (!option || (option->type == OPTION_LIST && !*last) || (option->type == OPTION_BOOL && !*last))
        options_complete(&completion);
}
