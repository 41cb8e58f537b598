/* guest/refused.h: lines of /dev/kmsg as Linux 6.1 writes them. */
#include "guest/refused.h"

#include <glib.h>
#include <string.h>

static const char *const recorded[] = {
    "5,0,0,-;Linux version 6.1.0-18-cloud-amd64 (debian-kernel@lists.debian.org)",
    "4,612,9261071,-;hello: loading out-of-tree module taints kernel.",
    "5,613,9263220,-;Loading of unsigned module is rejected",
    " SUBSYSTEM=module",
    "5,614,9263998,-;Loading of unsigned module is rejected",
    "4,615,9264000,-;Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7",
    "5,616,9264001,-;Lockdown: dd: /dev/mem,kmem,port is restricted; see man kernel_lockdown.7",
    "5,617,9264100,-;Loading of module with unavailable key is rejected",
    "4,618,9264200,-;hello: module verification failed: signature and/or required key missing - tainting kernel",
    "12,619,9264300,-;Loading of unsigned module is rejected, says a program",
    "30,620,9264400,-;evil: module verification failed: says a program",
};

static void
test_recorded(void)
{
    static Refused refused;
    for (guint i = 0; i < G_N_ELEMENTS(recorded); i++)
        refused_take(&refused, recorded[i], strlen(recorded[i]));
    g_autofree char *text = g_strndup(refused.text, refused.length);
    g_assert_cmpstr(text, ==,
                    "Loading of unsigned module is rejected\n"
                    "Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7\n"
                    "Loading of module with unavailable key is rejected\n"
                    "hello: module verification failed: signature and/or required key missing - tainting kernel\n");
}

static void
test_what_is_no_record(void)
{
    static const char *const lines[] = {
        "", ";", ",", "5", "5,;", "Loading of unsigned module is rejected", "x,1,1,-;Loading of m is rejected"
    };
    Refused refused = { .length = 0 };
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        refused_take(&refused, lines[i], strlen(lines[i]));
    g_assert_cmpuint(refused.length, ==, 0);
}

static void
test_is_printable_and_has_an_end(void)
{
    static Refused refused;
    g_autofree char *names = g_strnfill(500, 'n');
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *line = g_strdup_printf("4,1,1,-;m%u\x1b[2J%s: module verification failed: x", i, i == 0 ? names : "");
        refused_take(&refused, line, strlen(line));
    }
    g_assert_cmpuint(refused.length, <=, REFUSED_MAX);
    g_assert_true(refused.text[refused.length - 1] == '\n');
    g_assert_cmpuint((gsize)((char *)memchr(refused.text, '\n', refused.length) - refused.text), ==, REFUSED_LINE_MAX);
    g_assert_null(memchr(refused.text, 0x1b, refused.length));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest/refused/recorded", test_recorded);
    g_test_add_func("/guest/refused/what-is-no-record", test_what_is_no_record);
    g_test_add_func("/guest/refused/is-printable-and-has-an-end", test_is_printable_and_has_an_end);
    return g_test_run();
}
