/* One error domain: codes, targets, details. */
#include "base/error.h"

#include <gio/gio.h>
#include <string.h>

static void
test_codes(void)
{
    for (int code = 0; code < ARM_N_CODES; code++) {
        ArmCode back = ARM_N_CODES;
        g_assert_nonnull(arm_code_text((ArmCode)code));
        g_assert_true(arm_code_http((ArmCode)code) >= 400 && arm_code_http((ArmCode)code) <= 599);
        g_assert_true(arm_code_from_text(arm_code_text((ArmCode)code), &back));
        g_assert_cmpint(back, ==, code);
    }
    ArmCode untouched = ARM_CONFLICT;
    g_assert_false(arm_code_from_text("NoSuchCode", &untouched));
    g_assert_cmpint(untouched, ==, ARM_CONFLICT);
}

static void
test_fail(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(arm_fail(&error, ARM_CONFLICT, "a.b", "%d of %s", 2, "them"));
    g_assert_true(g_error_matches(error, ARM_ERROR, ARM_CONFLICT));
    g_assert_cmpstr(error->message, ==, "2 of them");
    g_assert_cmpstr(arm_error_target(error), ==, "a.b");
    g_assert_null(arm_error_details(error));
    g_assert_false(arm_fail(NULL, ARM_CONFLICT, NULL, "nobody listens"));
}

static void
test_a_cut_character_is_mended(void)
{
    g_autoptr(GError) error = NULL;
    arm_fail(&error, ARM_CONFLICT, NULL, "'%.2s'", "a\u00e9");
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_true(g_str_has_prefix(error->message, "'a"));
}

static void
test_violations(void)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    for (int i = 0; i < 3; i++) {
        GError *violation = NULL;
        arm_fail(&violation, i ? ARM_CONFLICT : ARM_BAD_REQUEST, i ? "second" : "first", "number %d", i);
        g_ptr_array_add(violations, violation);
    }
    g_autoptr(GError) error = NULL;
    arm_set_error_from_violations(&error, violations);
    g_autoptr(GError) copy = g_error_copy(error);
    g_assert_cmpint(copy->code, ==, ARM_BAD_REQUEST);
    g_assert_cmpstr(copy->message, ==, "number 0");
    g_assert_cmpstr(arm_error_target(copy), ==, "first");
    g_assert_cmpuint(arm_error_details(copy)->len, ==, 3);
    g_assert_cmpstr(((const GError *)g_ptr_array_index(arm_error_details(copy), 2))->message, ==, "number 2");
    arm_set_error_from_violations(NULL, violations);
}

static void
test_adopt(void)
{
    GError *foreign = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "why");
    g_autoptr(GError) ours = arm_error_adopt(foreign);
    g_assert_true(g_error_matches(ours, ARM_ERROR, ARM_INTERNAL));
    g_assert_cmpstr(ours->message, ==, "why");
    GError *own = NULL;
    arm_fail(&own, ARM_CONFLICT, "t", "x");
    g_autoptr(GError) same = arm_error_adopt(own);
    g_assert_true(same == own);
    g_assert_null(arm_error_adopt(NULL));
    g_autoptr(GError) other = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "x");
    g_assert_null(arm_error_target(other));
    g_assert_null(arm_error_details(other));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/codes", test_codes);
    g_test_add_func("/error/fail", test_fail);
    g_test_add_func("/error/a-cut-character-is-mended", test_a_cut_character_is_mended);
    g_test_add_func("/error/violations", test_violations);
    g_test_add_func("/error/adopt", test_adopt);
    return g_test_run();
}
