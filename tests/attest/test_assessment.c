/* attest/assessment.h: what a guest looked up, judged. */
#include "attest/assessment.h"
#include "base/json.h"

#include <string.h>

#define HEAD "assessment 1\nsecure-boot off\ntpm yes\nmodule-signatures checked\n"

static json_t *
judged(const char *facts)
{
    g_autofree char *text = g_strconcat(HEAD, facts, "end\n", NULL);
    g_autoptr(GError) error = NULL;
    json_t *json = assessment_json(text, strlen(text), &error);
    g_assert_no_error(error);
    return json;
}

/* "Kind name" of a list, joined; those without a name, which are in every answer, are passed over. */
static char *
names_of(const json_t *json, const char *list)
{
    GString *text = g_string_new(NULL);
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(json, list), i, one)
    {
        g_assert_cmpuint(strlen(json_member_text(one, "reason")), >, 20);
        if (json_member_text(one, "name"))
            g_string_append_printf(text, "%s%s %s", text->len ? ", " : "", json_member_text(one, "kind"),
                                   json_member_text(one, "name"));
    }
    return g_string_free(text, FALSE);
}

static void
test_findings(void)
{
    static const struct {
        const char *facts, *refused, *locked_out, *not_seen;
    } cases[] = {
        { "kernel 6.1 signed\nloader /boot/efi/EFI/BOOT/BOOTX64.EFI signed\n", "", "", "" },
        { "kernel 6.1 unsigned\n", "Kernel 6.1", "", "" },
        { "kernel 6.1 unseen\n", "", "", "Kernel 6.1" },
        { "loader /efi/EFI/x/a.efi unsigned\nloader /efi/EFI/x/b.efi unseen\n", "BootLoader /efi/EFI/x/a.efi", "",
          "BootLoader /efi/EFI/x/b.efi" },
        { "module nvidia POE unsigned\nmodule mine OE signed\nmodule dkms O signed\nmodule staged C signed\n",
          "KernelModule nvidia, KernelModule mine", "", "KernelModule dkms" },
        { "luks vda3 1-2 systemd-tpm2\nluks vdb 3-4 clevis-tpm2\ncrypttab data\ncredential /etc/credstore.encrypted/db\n", "",
          "LuksVolume /dev/vda3, LuksVolume /dev/vdb, CrypttabVolume data, Credential /etc/credstore.encrypted/db", "" },
        { "unseen luks1 vdb\nunseen volumes /sys/class/block\nunseen credential /etc/x\nunseen later y\n", "", "",
          "LuksVolume /dev/vdb, LuksVolume /sys/class/block, Credential /etc/x" },
        { "kernel\nmodule nvidia POE\nluks vda3\nloader\n\n \nlater fact\n", "", "", "" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) json = judged(cases[i].facts);
        g_autofree char *refused = names_of(json, "refused"), *locked_out = names_of(json, "lockedOut"),
                        *not_seen = names_of(json, "notSeen");
        g_assert_cmpstr(refused, ==, cases[i].refused);
        g_assert_cmpstr(locked_out, ==, cases[i].locked_out);
        g_assert_cmpstr(not_seen, ==, cases[i].not_seen);
    }
}

static void
test_what_it_is(void)
{
    g_autoptr(json_t) json = judged(""), bare = NULL, other = judged("secure-boot none\ntpm no\nmodule-signatures unchecked\n");
    g_autoptr(GError) error = NULL;
    g_assert_cmpstr(json_member_text(json, "secureBoot"), ==, "off");
    g_assert_true(json_is_true(json_object_get(json, "tpm")));
    g_assert_cmpstr(json_member_text(other, "secureBoot"), ==, "none");
    g_assert_true(json_is_false(json_object_get(other, "tpm")));
    /* Both are told as what was not seen, beside what never is. */
    g_assert_cmpuint(json_array_size(json_object_get(other, "notSeen")), ==,
                     json_array_size(json_object_get(json, "notSeen")) + 2);
    g_assert_cmpuint(json_array_size(json_object_get(json, "notSeen")), >, 0);
    bare = assessment_json("assessment 1\nend\n", 17, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_member_text(bare, "secureBoot"), ==, "unseen");
}

static void
test_what_is_none(void)
{
    g_autofree char *many = g_strnfill(4000, '\n'), *endless = g_strconcat(HEAD, many, "end\n", NULL);
    const char *const texts[] = {
        "",
        "\n",
        "assessment 1",
        "assessment 1\n",
        "assessment 1\nend",
        "end\n",
        "assessment 2\nend\n",
        "assessment 1\nend\n\n",
        "assessment 1\nkernel \x1b[2J signed\nend\n",
        "assessment 1\nkernel \xc3\xa4 signed\nend\n",
        HEAD,
        endless,
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(assessment_json(texts[i], strlen(texts[i]), &error));
        g_assert_error(error, ARM_ERROR, ARM_GUEST_RUN_FAILED);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(assessment_json("assessment 1\n\0end\n", 18, &error));
    g_assert_error(error, ARM_ERROR, ARM_GUEST_RUN_FAILED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest/assessment/findings", test_findings);
    g_test_add_func("/attest/assessment/what-it-is", test_what_it_is);
    g_test_add_func("/attest/assessment/what-is-none", test_what_is_none);
    return g_test_run();
}
