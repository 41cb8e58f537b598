/* The operator's key: its forms, what is derived of it, and texts that it seals. */
#include "base/state_key.h"

#include "base/error.h"

#include <string.h>

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static StateKey *
key_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    StateKey *key = state_key_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return key;
}

static void
test_bytes_and_digits_are_the_same_key(void)
{
    static const char *const forms[] = { HEX, HEX "\n", " " HEX "\r\n" };
    guint8 raw[STATE_KEY_BYTES];
    for (guint i = 0; i < sizeof raw; i++)
        raw[i] = (guint8)i;
    g_autoptr(StateKey) bytes = state_key_parse((const char *)raw, sizeof raw, NULL);
    g_assert_nonnull(bytes);
    g_autofree char *stamp = state_key_stamp(bytes);
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(StateKey) digits = key_of(forms[i]);
        g_assert_cmpint(state_key_match(digits, stamp), ==, STATE_KEY_RIGHT);
    }
}

static void
test_what_is_no_key_is_refused_and_not_repeated(void)
{
    static const char *const wrong[] = {
        "", "secret", HEX "0", "g" HEX, "0x" HEX, "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    };
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(state_key_parse(wrong[i], strlen(wrong[i]), &error));
        g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
        g_assert_null(wrong[i][0] ? strstr(error->message, wrong[i]) : NULL);
    }
}

/* HKDF-SHA256 of HEX with this salt, as `openssl kdf` gives it. */
static void
test_derives_as_the_standard_says(void)
{
    static const char stamp[] = "1 000102030405060708090a0b0c0d0e0f 3d9d04cbe6fbb8705bbc8a4627e17beb\n";
    g_autoptr(StateKey) key = key_of(HEX);
    g_assert_cmpint(state_key_match(key, stamp), ==, STATE_KEY_RIGHT);
    char *derived = state_key_of_stamp(key, stamp, "testudo vtpm state");
    g_assert_cmpstr(derived, ==, "e747f5d35bdab98567cfc4b7536293824747365364b832f024ff22d4c6f098a3");
    state_key_text_free(derived);
}

static void
test_a_stamp_tells_its_key_from_others(void)
{
    g_autoptr(StateKey) key = key_of(HEX);
    g_autoptr(StateKey) third = key_of("f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    g_autofree char *stamp = state_key_stamp(key), *second = state_key_stamp(key);
    g_assert_cmpstr(stamp, !=, second);
    g_assert_cmpint(state_key_match(key, stamp), ==, STATE_KEY_RIGHT);
    g_assert_cmpint(state_key_match(third, stamp), ==, STATE_KEY_OTHER);
    g_assert_null(state_key_of_stamp(third, stamp, "a"));
    char *a = state_key_of_stamp(key, stamp, "a"), *b = state_key_of_stamp(key, stamp, "b"),
         *c = state_key_of_stamp(key, second, "a");
    g_assert_cmpstr(a, !=, b);
    g_assert_cmpstr(a, !=, c);
    state_key_text_free(a);
    state_key_text_free(b);
    state_key_text_free(c);
}

static void
test_every_cut_of_a_stamp_is_none(void)
{
    g_autoptr(StateKey) key = key_of(HEX);
    g_autofree char *stamp = state_key_stamp(key), *more = g_strconcat(stamp, "x", NULL);
    for (gsize length = 0; length + 1 < strlen(stamp); length++) {
        g_autofree char *cut = g_strndup(stamp, length);
        g_assert_cmpint(state_key_match(key, cut), ==, STATE_KEY_NO_STAMP);
    }
    g_assert_cmpint(state_key_match(key, more), ==, STATE_KEY_NO_STAMP);
}

static void
open_fails(const StateKey *key, const char *label, const char *sealed, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(state_key_open(key, label, sealed, &error));
    g_assert_error(error, ARM_ERROR, ARM_INTERNAL);
    g_assert_nonnull(strstr(error->message, words));
}

static void
test_seals_for_one_key_and_one_use(void)
{
    static const char *const texts[] = { "", "{}", "a text that is longer than one block of the cipher" };
    g_autoptr(StateKey) key = key_of(HEX);
    g_autoptr(StateKey) other = key_of("f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *sealed = state_key_seal(key, "keys", texts[i]), *again = state_key_seal(key, "keys", texts[i]);
        g_autofree char *opened = state_key_open(key, "keys", sealed, NULL);
        g_assert_true(state_key_is_sealed(sealed));
        g_assert_cmpstr(sealed, !=, again);
        g_assert_cmpstr(opened, ==, texts[i]);
        open_fails(other, "keys", sealed, "another state key");
        open_fails(key, "other keys", sealed, "another state key");
        open_fails(NULL, "keys", sealed, "there is none");
    }
}

static void
test_every_change_of_a_sealed_text_is_seen(void)
{
    g_autoptr(StateKey) key = key_of(HEX);
    g_autofree char *sealed = state_key_seal(key, "keys", "{\"d\": 1}");
    const gsize begin = strlen("sealed:1:"), length = strlen(sealed);
    for (gsize i = begin; i < length && sealed[i] != '='; i++) {
        g_autofree char *changed = g_strdup(sealed), *cut = g_strndup(sealed, i);
        changed[i] = changed[i] == 'A' ? 'Q' : 'A';
        open_fails(key, "keys", changed, "were changed");
        open_fails(key, "keys", cut, "were changed");
    }
}

static void
test_without_a_key_texts_are_as_they_are(void)
{
    g_autoptr(StateKey) key = key_of(HEX);
    g_autofree char *plain = state_key_seal(NULL, "keys", "{}");
    g_autofree char *kept = state_key_open(key, "keys", "{}", NULL), *same = state_key_open(NULL, "keys", "{}", NULL);
    g_assert_cmpstr(plain, ==, "{}");
    g_assert_cmpstr(kept, ==, "{}");
    g_assert_cmpstr(same, ==, "{}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state-key/bytes-and-digits-are-the-same-key", test_bytes_and_digits_are_the_same_key);
    g_test_add_func("/state-key/what-is-no-key-is-refused-and-not-repeated", test_what_is_no_key_is_refused_and_not_repeated);
    g_test_add_func("/state-key/derives-as-the-standard-says", test_derives_as_the_standard_says);
    g_test_add_func("/state-key/a-stamp-tells-its-key-from-others", test_a_stamp_tells_its_key_from_others);
    g_test_add_func("/state-key/every-cut-of-a-stamp-is-none", test_every_cut_of_a_stamp_is_none);
    g_test_add_func("/state-key/seals-for-one-key-and-one-use", test_seals_for_one_key_and_one_use);
    g_test_add_func("/state-key/every-change-of-a-sealed-text-is-seen", test_every_change_of_a_sealed_text_is_seen);
    g_test_add_func("/state-key/without-a-key-texts-are-as-they-are", test_without_a_key_texts_are_as_they_are);
    return g_test_run();
}
