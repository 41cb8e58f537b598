/* What the operator chose, and what is said where it cannot be. */
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "daemon/config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define ARGS_MAX  8
#define TEN       "0123456789"
#define LONG_NAME TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static DaemonConfig *
parse(const char *file, const char *const *options, GError **error)
{
    char *argv[ARGS_MAX + 4] = { (char *)"testudod", (char *)"--config", (char *)file };
    int argc = 3;
    for (; options && *options; options++)
        argv[argc++] = (char *)*options;
    return daemon_config_parse(argc, argv, error);
}

static char *
file_with(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("testudod-XXXXXX.conf", &name, &error);
    g_assert_no_error(error);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(name, text, -1, NULL));
    return g_steal_pointer(&name);
}

static void
test_what_is_wrong_is_named(void)
{
    static const struct {
        const char *option, *message_part;
    } cases[] = {
        { "--listen=nope", "--listen is HOST:PORT" },
        { "--listen=:8443", "--listen is HOST:PORT" },
        { "--listen=h:99999", "--listen is HOST:PORT" },
        { "--driver=vmware", "--driver is qemu or simulated, not 'vmware'" },
        { "--tls-cert=x.pem", "--tls-cert and --tls-key go together" },
        { "--tls-name=not a name", "--tls-name" },
        { "--location=MARS", "--location" },
        { "--threads=0", "--threads is a whole number from 1 to 64, not '0'" },
        { "--health-wait=0", "--health-wait is a whole number from 5 to 86400" },
        { "--step-timeout=1", "--step-timeout is a whole number from 5 to 86400" },
        { "--stop-grace=-1", "--stop-grace" },
        { "--max-starting=many", "--max-starting" },
        { "--retention-days=x", "--retention-days" },
        { "--serial-cap=0", "--serial-cap" },
        { "--crl-url=ftp://host/crl", "--crl-url is an http or https address" },
        { "--crl-url=http://host/crl/", "without a slash at its end" },
        { "--crl-url=http://host/a,URI:http://other", "--crl-url" },
        { "--crl-url=http://host/a b", "--crl-url" },
        { "--crl-url=https:///crl", "--crl-url" },
        { "--crl-url=http://host/" LONG_NAME, "of at most 200 characters" },
        { "--uid-range=5:5", "--uid-range is FIRST:COUNT" },
        { "--uid-range=1000", "--uid-range is FIRST:COUNT" },
        { "--forward-ports=22,0", "--forward-ports" },
        { "--nonsense", "--nonsense" },
        { "stray", "'stray'" },
    };
    g_autofree char *file = file_with("");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const char *const options[] = { cases[i].option, NULL };
        g_assert_null(parse(file, options, &error));
        if (!strstr(error->message, cases[i].message_part))
            g_error("%s: '%s' is not in: %s", cases[i].option, cases[i].message_part, error->message);
    }
    g_remove(file);
}

static void
test_what_is_wrong_in_the_file_is_named(void)
{
    static const struct {
        const char *text, *message_part;
    } cases[] = {
        { "[testudod]\nnonsense=1\n", "there is no setting 'nonsense'" },
        { "[testudo]\nthreads=2\n", "there is no group 'testudo'" },
        { "[testudod]\noutbound=perhaps\n", "'outbound' is true or false" },
        { "[testudod]\nthreads=none\n", "--threads" },
        { "[testudod]\nwebhook=ftp://example/\n", "begins with https:// or http://" },
        { "[testudod]\nwebhook-secret=/etc/secret\n", "give both" },
        { "threads=2\n", "Configuration file" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *file = file_with(cases[i].text);
        g_assert_null(parse(file, NULL, &error));
        if (!strstr(error->message, cases[i].message_part))
            g_error("'%s' is not in: %s", cases[i].message_part, error->message);
        g_remove(file);
    }
    g_autoptr(GError) missing = NULL;
    g_assert_null(parse("/nonexistent/testudod.conf", NULL, &missing));
    g_assert_nonnull(strstr(missing->message, "/nonexistent/testudod.conf"));
}

static void
test_the_command_line_goes_before_the_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file =
        file_with("[testudod]\nthreads=2\nstep-timeout=60\nhealth-wait=45\noutbound=true\nimages=/a;/b\nlisten=[::1]:0\n");
    const char *const options[] = { "--threads=7", "--state-dir=relative/place", NULL };
    g_autoptr(DaemonConfig) config = parse(file, options, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(config->threads, ==, 7);
    g_assert_cmpint(config->step_timeout_usec, ==, 60 * USEC_PER_SEC);
    g_assert_cmpint(config->health_wait_usec, ==, 45 * USEC_PER_SEC);
    g_assert_cmpint(config->stop_grace_usec, ==, 30 * USEC_PER_SEC);
    g_assert_true(config->outbound);
    g_assert_cmpstr(config->image_dirs[1], ==, "/b");
    g_assert_cmpstr(config->listen_host, ==, "::1");
    g_assert_cmpstr(config->driver, ==, "qemu");
    g_assert_true(g_path_is_absolute(config->state_dir));
    g_remove(file);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/what-is-wrong-is-named", test_what_is_wrong_is_named);
    g_test_add_func("/config/what-is-wrong-in-the-file-is-named", test_what_is_wrong_in_the_file_is_named);
    g_test_add_func("/config/the-command-line-goes-before-the-file", test_the_command_line_goes_before_the_file);
    return g_test_run();
}
