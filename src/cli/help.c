/* Help and completion, made from the tables. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void
options_print(const char *names)
{
    g_auto(GStrv) words = g_strsplit(names, " ", -1);
    for (char **word = words; *word; word++) {
        gboolean required = g_str_has_suffix(*word, "!");
        if (required)
            (*word)[strlen(*word) - 1] = '\0';
        const Option *option = option_find(*word);
        if (!option)
            continue;
        g_autofree char *letter =
            option->letter ? g_strdup_printf(" -%c", option->letter) : g_strdup("");
        g_autofree char *left =
            g_strdup_printf("--%s%s%s%s", option->name, letter, option->value ? " " : "",
                            option->value ? option->value : "");
        printf("  %-42s %s%s\n", left, option->help, required ? " (required)" : "");
    }
}

void
help_command(const Command *command)
{
    g_autofree char *positional = g_strdup(command->positional ? command->positional : "");
    g_strdelimit(positional, "!", '\0');
    g_autofree char *upper = g_ascii_strup(positional, -1);
    printf("usage: testudo %s%s%s [options]\n\n%s\n\n", command->path, *upper ? " " : "", upper,
           command->summary);
    if (*command->options) {
        printf("options:\n");
        options_print(command->options);
        printf("\n");
    }
    printf("everywhere:\n");
    options_print(cli_global_options);
    if (command->example)
        printf("\nexample:\n  %s\n", command->example);
}

gboolean
help_group(const char *const *words)
{
    g_autofree char *prefix = g_strjoinv(" ", (char **)words);
    gsize length = strlen(prefix);
    gboolean any = FALSE;
    for (const Command *command = cli_commands; command->path; command++) {
        if (!g_str_has_prefix(command->path, prefix) || command->path[length] != ' ')
            continue;
        if (!any)
            printf("usage: testudo %s COMMAND [options]\n\n", prefix);
        any = TRUE;
        printf("  %-38s %s\n", command->path, command->summary);
    }
    if (any)
        printf("\n'testudo COMMAND --help' lists the options of one.\n");
    return any;
}

void
help_overview(void)
{
    printf("usage: testudo COMMAND [options]\n\nScale sets of VMs with Trusted launch, on this "
           "host.\n\n");
    for (const Command *command = cli_commands; command->path; command++)
        printf("  %-38s %s\n", command->path, command->summary);
    printf("\neverywhere:\n");
    options_print(cli_global_options);
    printf("\n'testudo COMMAND --help' lists the options of one; 'man testudo' has examples.\n");
}

/* ---- completion: prints candidates for the last word, one a line ---- */

static void
candidate(const char *text, const char *begun)
{
    if (g_str_has_prefix(text, begun))
        printf("%s\n", text);
}

static void
complete_command(const char *const *words, guint n)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const Command *command = cli_commands; command->path; command++) {
        g_auto(GStrv) path = g_strsplit(command->path, " ", -1);
        guint i = 0;
        while (i < n && path[i] && strcmp(path[i], words[i]) == 0)
            i++;
        if (i == n && path[i] && g_hash_table_add(seen, g_strdup(path[i])))
            candidate(path[i], words[n]);
    }
}

static gboolean
complete_value(const char *previous, const char *begun)
{
    const Option *option = NULL;
    if (g_str_has_prefix(previous, "--"))
        option = option_find(previous + 2);
    for (const Option *o = cli_options; !option && previous[0] == '-' && o->name; o++)
        option = o->letter && o->letter == previous[1] && !previous[2] ? o : NULL;
    if (!option || option->type == OPTION_FLAG)
        return FALSE;
    const char *values = option->value;
    if (strcmp(option->name, "security-type") == 0)
        values = "Standard|TrustedLaunch";
    if (!strchr(values, '|') || strstr(values, "FILE"))
        return option->type != OPTION_LIST;
    g_auto(GStrv) words = g_strsplit(values, "|", -1);
    for (char **word = words; *word; word++)
        candidate(*word, begun);
    return TRUE;
}

void
complete_print(const char *const *words)
{
    guint n = g_strv_length((char **)words);
    int path_words = 0;
    const Command *command = n > 1 ? command_find(words, &path_words) : NULL;
    if (n == 0)
        return;
    const char *last = words[n - 1];
    if (!command || (guint)path_words >= n) {
        complete_command(words, n - 1);
        return;
    }
    if (complete_value(words[n - 2], last))
        return;
    g_autofree char *all = g_strconcat(command->options, " ", cli_global_options, NULL);
    g_auto(GStrv) names = g_strsplit_set(all, " !", -1);
    for (char **name = names; *name; name++) {
        g_autofree char *dashed = g_strconcat("--", *name, NULL);
        if (**name)
            candidate(dashed, last);
    }
}
