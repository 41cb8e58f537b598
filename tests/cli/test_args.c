/* The command line: which command, which options, which refusals. */
#include "cli/args.h"
#include "cli/cli.h"

/* A command line as one text, words separated by blanks. */
static Args *
parse(const char *line, const Command **ret_command, GError **error)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    int n = 0;
    const Command *command = command_find((const char *const *)words, &n);
    g_assert_nonnull(command);
    if (ret_command)
        *ret_command = command;
    return args_parse(command, (const char *const *)words + n, error);
}

static void
longest_path_wins(void)
{
    const Command *command;
    g_autoptr(Args) args = parse("vm image list", &command, NULL);
    g_assert_cmpstr(command->path, ==, "vm image list");
    int n;
    g_assert_null(command_find((const char *const[]){ "vm", NULL }, &n));
    g_assert_null(command_find((const char *const[]){ "vmss", "updat", NULL }, &n));
    g_assert_null(command_find((const char *const[]){ NULL }, &n));
}

static void
forms_of_a_value_are_equal(void)
{
    static const char *const lines[] = {
        "vmss show -g G -n s",
        "vmss show --resource-group G --name s",
        "vmss show --resource-group=G --name=s",
        "vmss show --vmss-name s -g G",
    };
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(Args) args = parse(lines[i], NULL, NULL);
        g_assert_nonnull(args);
        g_assert_cmpstr(args_text(args, "resource-group"), ==, "G");
        g_assert_cmpstr(args_text(args, "name"), ==, "s");
    }
}

/* What is another name of --name elsewhere names the set where --name names something in it. */
static void
a_name_means_what_the_command_has_it_mean(void)
{
    g_autoptr(Args) args = parse("vmss extension show -g G --vmss-name s -n e", NULL, NULL);
    g_assert_cmpstr(args_text(args, "vmss-name"), ==, "s");
    g_assert_cmpstr(args_text(args, "name"), ==, "e");
    g_assert_null(parse("vmss extension show -g G --vmss-name s", NULL, NULL));
    g_assert_null(parse("vmss extension show -g G -n e", NULL, NULL));
}

static void
lists_take_words_up_to_the_next_option(void)
{
    g_autoptr(Args) args = parse("vmss start -g G -n s --instance-ids 0 2 * --no-wait", NULL, NULL);
    const char *const *ids = args_list(args, "instance-ids");
    g_assert_cmpuint(g_strv_length((char **)ids), ==, 3);
    g_assert_cmpstr(ids[2], ==, "*");
    g_assert_true(args_flag(args, "no-wait"));
}

static void
lists_given_twice_add_up(void)
{
    g_autoptr(Args) args = parse("vmss update -g G -n s --set a=1 b=2 --set c=3", NULL, NULL);
    g_assert_cmpuint(g_strv_length((char **)args_list(args, "set")), ==, 3);
}

static void
bool_alone_is_true(void)
{
    gboolean value = FALSE;
    g_autoptr(Args) alone = parse("vmss update -g G -n s --enable-vtpm --enable-secure-boot FALSE", NULL, NULL);
    g_assert_true(args_bool(alone, "enable-vtpm", &value));
    g_assert_true(value);
    g_assert_true(args_bool(alone, "enable-secure-boot", &value));
    g_assert_false(value);
    g_assert_false(args_bool(alone, "protect-from-scale-in", &value));
}

static void
help_needs_no_required_option(void)
{
    g_autoptr(Args) args = parse("vmss update --help", NULL, NULL);
    g_assert_true(args_flag(args, "help"));
}

static void
wrong_lines_name_what_is_wrong(void)
{
    static const struct {
        const char *line, *says;
    } cases[] = {
        { "vmss show -g G", "needs --name" },
        { "vmss show -g G -n s --size big", "takes no option '--size'" },
        { "vmss update -g G -n s --enable-vtmp true", "did you mean --enable-vtpm?" },
        { "vmss scale -g G -n s --new-capacity many", "--new-capacity is a whole number from 0 to 1000, not 'many'" },
        { "vmss scale -g G -n s --new-capacity -1", "--new-capacity is a whole number from 0 to 1000, not '-1'" },
        { "vmss scale -g G -n s --new-capacity 4294967296", "from 0 to 1000, not '4294967296'" },
        { "vmss rollback -g G -n s --to -1", "--to is a whole number from 1, not '-1'" },
        { "vmss create -g G -n s --instance-count -", "a whole number from 0 to 1000, not '-'" },
        { "vmss update -g G -n s --enable-vtpm maybe", "is true or false, not 'maybe'" },
        { "vmss show -g G -n s -n t", "--name is given twice" },
        { "vmss show -g G -n", "--name needs a value" },
        { "vmss start -g G -n s --no-wait=yes", "--no-wait takes no value" },
        { "vmss start -g G -n s 3", "does not know what to do with '3'" },
        { "vmss start -g G -n s -x", "takes no option '-x'" },
        { "vmss show -g G -n s --query x", "There is no --query" },
        { "image import", "needs file" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Args) args = parse(cases[i].line, NULL, &error);
        g_assert_null(args);
        g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
        if (!strstr(error->message, cases[i].says))
            g_error("'%s' says: %s", cases[i].line, error->message);
    }
}

static void
tables_fit_each_other(void)
{
    for (const Command *command = cli_commands; command->path; command++) {
        g_autofree char *all = g_strconcat(command->options, " ", cli_global_options, NULL);
        g_auto(GStrv) names = g_strsplit_set(all, " !", -1);
        for (char **name = names; *name; name++) {
            if (**name && !option_find(*name))
                g_error("%s takes --%s, which is in no table", command->path, *name);
        }
        g_assert_nonnull(command->run);
        g_assert_cmpuint(strlen(command->summary), >, 3);
    }
    for (const Option *option = cli_options; option->name; option++) {
        gboolean used = FALSE;
        for (const Command *command = cli_commands; command->path && !used; command++)
            used = command_takes(command, option->name);
        if (!used)
            g_error("no command takes --%s", option->name);
        g_assert_true((option->type == OPTION_FLAG) == (option->value == NULL));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/args/longest_path_wins", longest_path_wins);
    g_test_add_func("/args/forms_of_a_value_are_equal", forms_of_a_value_are_equal);
    g_test_add_func("/args/a_name_means_what_the_command_has_it_mean", a_name_means_what_the_command_has_it_mean);
    g_test_add_func("/args/lists_take_words_up_to_the_next_option", lists_take_words_up_to_the_next_option);
    g_test_add_func("/args/lists_given_twice_add_up", lists_given_twice_add_up);
    g_test_add_func("/args/bool_alone_is_true", bool_alone_is_true);
    g_test_add_func("/args/help_needs_no_required_option", help_needs_no_required_option);
    g_test_add_func("/args/wrong_lines_name_what_is_wrong", wrong_lines_name_what_is_wrong);
    g_test_add_func("/args/tables_fit_each_other", tables_fit_each_other);
    return g_test_run();
}
