/* The man pages say what the programs take: nothing more and nothing less. */
#include "cli/args.h"

#include <string.h>

static GHashTable *
set_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void
matches_add(GHashTable *set, const char *text, const char *pattern, GRegexCompileFlags flags)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, flags | G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL))
        g_hash_table_add(set, g_match_info_fetch(match, 1));
}

static char *
page_read(const char *name)
{
    g_autofree char *path = g_build_filename(g_getenv("MAN_DIR"), name, NULL);
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        g_error("cannot read %s", path);
    return text;
}

/* The ".It Fl" lines of a page: every "-name" on them. */
static GHashTable *
page_options(const char *page)
{
    g_autoptr(GHashTable) lines = set_new();
    GHashTable *options = set_new();
    matches_add(lines, page, "^\\.It (Fl -.*)$", 0);
    GHashTableIter iter;
    gpointer line;
    g_hash_table_iter_init(&iter, lines);
    while (g_hash_table_iter_next(&iter, &line, NULL)) {
        g_autofree char *names = g_strndup(line, strcspn(line, "A"));
        matches_add(options, names, "(?:^Fl|,) -([a-z0-9-]+)", 0);
    }
    return options;
}

static void
same(GHashTable *documented, GHashTable *there, const char *what)
{
    GHashTableIter iter;
    gpointer name;
    g_assert_cmpuint(g_hash_table_size(there), >, 5);
    g_hash_table_iter_init(&iter, there);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (!g_hash_table_contains(documented, name))
            g_error("%s: '%s' is not in the man page", what, (char *)name);
    }
    g_hash_table_iter_init(&iter, documented);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (!g_hash_table_contains(there, name))
            g_error("%s: '%s' is in the man page alone", what, (char *)name);
    }
}

static void
commands_of_testudo(void)
{
    g_autofree char *page = page_read("testudo.1");
    g_autoptr(GHashTable) documented = set_new(), there = set_new();
    matches_add(
        documented, page,
        "^\\.It Cm (portal|(?:account|alert|assessment|attest|ca|disk|feature|host|monitor|group|image|security|vm|vmss) .*)$",
        0);
    for (const Command *command = cli_commands; command->path; command++)
        g_hash_table_add(there, g_strdup(command->path));
    same(documented, there, "testudo's commands");
}

static void
options_of_testudo(void)
{
    g_autofree char *page = page_read("testudo.1");
    g_autoptr(GHashTable) documented = page_options(page), there = set_new();
    for (const Option *option = cli_options; option->name; option++) {
        g_auto(GStrv) aliases = g_strsplit(option->aliases ? option->aliases : "", " ", -1);
        g_hash_table_add(there, g_strdup(option->name));
        for (char **alias = aliases; *alias; alias++)
            g_hash_table_add(there, g_strdup(*alias));
    }
    same(documented, there, "testudo's options");
}

static void
options_of_testudod(void)
{
    g_autofree char *page = page_read("testudod.8"), *help = NULL;
    const char *argv[] = { g_getenv("TESTUDOD"), "--help", NULL };
    g_autoptr(GHashTable) documented = page_options(page), there = set_new();
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, &help, NULL, NULL, NULL));
    matches_add(there, help, "^\\s+(?:-[a-z], )?--([a-z0-9-]+)", 0);
    same(documented, there, "testudod's options");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/man/commands_of_testudo", commands_of_testudo);
    g_test_add_func("/man/options_of_testudo", options_of_testudo);
    g_test_add_func("/man/options_of_testudod", options_of_testudod);
    return g_test_run();
}
