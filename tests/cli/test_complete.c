/* Tab completion, as far as it needs no daemon. */
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

/* What is offered for a line, candidates separated by blanks. */
static char *
offered(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    int ends[2], saved = dup(STDOUT_FILENO);
    static char bytes[16384];
    g_assert_cmpint(pipe(ends), ==, 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    complete_print((const char *const *)words);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    ssize_t n = read(ends[0], bytes, sizeof bytes - 1);
    close(ends[0]);
    return g_strchomp(g_strdelimit(g_strndup(bytes, (gsize)MAX(n, 0)), "\n", ' '));
}

static void
words_are_completed(void)
{
    static const struct {
        const char *line, *offered;
    } cases[] = {
        { "a", "account alert assessment attest" },
        { "g", "group" },
        { "vm", "vm vmss" },
        { "vm l", "list list-sizes list-skus list-usage" },
        { "vmss up", "update update-instances" },
        { "vmss run-command ", "invoke" },
        { "feature ", "list show register unregister" },
        { "feature show --namespace ", "Microsoft.Compute" },
        { "nothing ", "" },
        { "vmss update --enable-", "--enable-secure-boot --enable-vtpm --enable-auto-os-upgrade --enable-automatic-repairs "
                                   "--enable-terminate-notification" },
        { "vmss create --security-type ", "Standard TrustedLaunch" },
        { "vmss create --orchestration-mode F", "Flexible" },
        { "vmss create --security-type T", "TrustedLaunch" },
        { "vmss create --security-type=T", "--security-type=TrustedLaunch" },
        { "vmss show -o ", "table json tsv yaml" },
        { "vmss show -o t", "table tsv" },
        { "vmss create --custom-data ", "@file" },
        { "vmss extension ", "set list show delete" },
        { "disk ", "list show delete" },
        { "vmss disk ", "attach detach" },
        { "vmss extension set --vmss-name x --settings ", "@file" },
        { "vmss extension set --ext", "--extension-instance-name" },
        { "image import ", "@file" },
        { "vmss list-instances --expand ", "instanceView" },
        { "vmss create --admin-username ", "" },
        { "image import disk.raw --security-type T", "TrustedLaunchSupported TrustedLaunch" },
        { "security alerts-suppression-rule update --alert-type Testudo.BootIntegrity.No", "Testudo.BootIntegrity.NoAnswer" },
        { "vmss show --state-dir ", "@file" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = offered(cases[i].line);
        /* options follow where a positional or a list may also end */
        char *options = strstr(text, "@file --");
        if (options)
            options[strlen("@file")] = '\0';
        if (strcmp(text, cases[i].offered) != 0)
            g_error("'%s' offers '%s'", cases[i].line, text);
    }
}

static void
without_a_daemon_nothing_is_offered(void)
{
    g_setenv("TESTUDO_STATE_DIR", "/nonexistent", TRUE);
    g_autofree char *text = offered("vmss show -g ");
    g_assert_cmpstr(text, ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/complete/words_are_completed", words_are_completed);
    g_test_add_func("/complete/without_a_daemon_nothing_is_offered", without_a_daemon_nothing_is_offered);
    return g_test_run();
}
