/* Help, made from the tables. */
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
        g_autofree char *letter = option->letter ? g_strdup_printf(" -%c", option->letter) : g_strdup("");
        g_autofree char *left =
            g_strdup_printf("--%s%s%s%s", option->name, letter, option->value ? " " : "", option->value ? option->value : "");
        printf("  %-44s %s%s\n", left, option->help, required ? " (required)" : "");
    }
}

void
help_command(const Command *command)
{
    g_autofree char *positional = g_strdup(command->positional ? command->positional : "");
    g_strdelimit(positional, "!", '\0');
    g_autofree char *upper = g_ascii_strup(positional, -1);
    printf("usage: testudo %s%s%s [options]\n\n%s\n\n", command->path, *upper ? " " : "", upper, command->summary);
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

/* A blank line between the commands of one noun and those of the next. */
static void
commands_print(void)
{
    gsize noun = 0;
    const char *before = "";
    for (const Command *command = cli_commands; command->path; command++) {
        if (strncmp(before, command->path, noun) != 0)
            printf("\n");
        before = command->path;
        noun = strcspn(before, " ") + 1;
        printf("  %-38s %s\n", command->path, command->summary);
    }
}

void
help_overview(void)
{
    printf("usage: testudo COMMAND [options]\n\nScale sets of VMs with Trusted launch, on this "
           "host.\n\n");
    commands_print();
    printf("\neverywhere:\n");
    options_print(cli_global_options);
    printf("\n'testudo COMMAND --help' lists the options of one; 'man testudo' has examples.\n");
}
