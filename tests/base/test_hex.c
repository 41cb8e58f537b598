/* base/hex.h: what is written is read again, and nothing else is. */
#include "base/hex.h"

#include <string.h>

static void
test_there_and_back(void)
{
    static const guint8 bytes[] = { 0x00, 0x09, 0x0a, 0x7f, 0xa0, 0xff };
    guint8 back[sizeof bytes] = { 0 };
    g_autofree char *text = hex_text(bytes, sizeof bytes);
    g_assert_cmpstr(text, ==, "00090a7fa0ff");
    g_assert_true(hex_read(text, back, sizeof back));
    g_assert_cmpmem(back, sizeof back, bytes, sizeof bytes);
    g_assert_true(hex_read("00090A7FA0FF and more", back, sizeof back));
    g_assert_cmpmem(back, sizeof back, bytes, sizeof bytes);
    g_assert_false(hex_read("00090a7fa0f", back, sizeof back));
}

static void
test_whole_texts(void)
{
    static const struct {
        const char *text;
        gsize size; /* 0: refused */
    } rows[] = { { "ab", 1 }, { "AbCd", 2 },  { "", 0 },   { "a", 0 }, { "abc", 0 },
                 { "0x", 0 }, { "ab cd", 0 }, { "gg", 0 }, { "-1", 0 } };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) bytes = hex_bytes(rows[i].text);
        g_assert_cmpuint(bytes ? g_bytes_get_size(bytes) : 0, ==, rows[i].size);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hex/there-and-back", test_there_and_back);
    g_test_add_func("/hex/whole-texts", test_whole_texts);
    return g_test_run();
}
