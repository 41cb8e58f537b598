/* A guest's words on a terminal. */
#include "cli/guest_text.h"

#include <string.h>

static char *
shown(const char *const *pieces)
{
    GuestText text = { 0 };
    GString *out = g_string_new(NULL);
    for (; *pieces; pieces++)
        guest_text_add(&text, *pieces, strlen(*pieces), out);
    return g_string_free(out, FALSE);
}

static void
what_a_terminal_would_obey_is_left_out(void)
{
    static const struct {
        const char *pieces[4], *shown;
    } cases[] = {
        { { "plain\ttext\r\n" }, "plain\ttext\n" },
        { { "\x1b[31mred\x1b[0m" }, "red" },
        { { "\x1b[2J\x1b[01;01Hscreen" }, "screen" },
        { { "\x1b]0;title\x07kept" }, "kept" },
        { { "\x1b]0;title\x1b\\kept" }, "kept" },
        { { "\x1bP+q\x1b\\kept" }, "kept" },
        { { "\x1b(Bkept" }, "kept" },
        { { "\x1b"
            "ckept" },
          "kept" },
        { { "a\x08\x07\x7f"
            "b" },
          "ab" },
        { { "\xc2\x9b"
            "31mx" },
          "31mx" }, /* C1 CSI in UTF-8 */
        { { "\xe2\x80\xae"
            "evil" },
          "evil" }, /* right-to-left override */
        { { "gr\xc3\xbc\xc3\x9f" }, "gr\xc3\xbc\xc3\x9f" },
        { { "\xff" }, "\xef\xbf\xbd" },
        { { "a\x1b", "[3", "1mb" }, "ab" }, /* across pieces */
        { { "\x1b]0;never ended\nnext line" }, "next line" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = shown(cases[i].pieces);
        g_assert_cmpstr(text, ==, cases[i].shown);
    }
}

static void
news_of_a_log(void)
{
    g_autofree char *old = g_strnfill(300, 'o');
    g_autofree char *grown = g_strconcat(old, "new", NULL);
    g_autofree char *history = g_strdup_printf("first%s", old);
    g_autofree char *cut = g_strdup_printf("%s+news", old + 40);
    g_assert_cmpuint(guest_log_news("", 0, "abc", 3), ==, 0);
    g_assert_cmpuint(guest_log_news("abc", 3, "abc", 3), ==, 3);
    g_assert_cmpuint(guest_log_news(old, 300, grown, 303), ==, 300);
    /* the front was cut away: what was seen is found by its end */
    g_assert_cmpuint(guest_log_news(history, 305, cut, strlen(cut)), ==, 256);
    /* a new boot's log has nothing of the old one */
    g_assert_cmpuint(guest_log_news(old, 300, "BdsDxe", 6), ==, 0);
    g_assert_cmpuint(guest_log_news("abcdef", 6, "abc", 3), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest_text/what_a_terminal_would_obey_is_left_out", what_a_terminal_would_obey_is_left_out);
    g_test_add_func("/guest_text/news_of_a_log", news_of_a_log);
    return g_test_run();
}
