/* What cloud-init is given: the user's own data beside ours, whatever its form. */
#include "host/qemu/disk.h"

#include <string.h>

static LaunchSpec *
spec_new(const char *custom_data)
{
    LaunchSpec *spec = launch_spec_new();
    spec->name = g_strdup("web000000");
    spec->vm_id = g_strdup("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    spec->disk_gen = 3;
    spec->custom_data = g_strdup(custom_data);
    return spec;
}

/* A new OS disk is a new instance to cloud-init, or its host would be left as it was. */
static void
test_meta_data_names_disk_and_host(void)
{
    g_autoptr(LaunchSpec) spec = spec_new(NULL);
    g_autofree char *text = seed_meta_data(spec);
    g_assert_cmpstr(text, ==, "instance-id: 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-3\nlocal-hostname: web000000\n");
}

static void
test_without_custom_data_there_is_one_part(void)
{
    g_autoptr(LaunchSpec) spec = spec_new(NULL);
    g_autofree char *text = seed_user_data(spec);
    g_assert_cmpstr(text, ==, "#cloud-config\n{\"hostname\":\"web000000\",\"preserve_hostname\":false}\n");
}

static void
test_a_user_gets_keys_and_hashed_password(void)
{
    g_autoptr(LaunchSpec) spec = spec_new(NULL);
    spec->admin_username = g_strdup("ops");
    spec->password_hash = g_strdup("$6$salt$hash");
    g_ptr_array_add(spec->ssh_keys, g_strdup("ssh-ed25519 AAAA \"me\""));
    g_autofree char *text = seed_user_data(spec);
    g_assert_nonnull(strstr(text, "\"name\":\"ops\""));
    g_assert_nonnull(strstr(text, "\"passwd\":\"$6$salt$hash\""));
    g_assert_nonnull(strstr(text, "\"ssh_authorized_keys\":[\"ssh-ed25519 AAAA \\\"me\\\"\"]"));
    g_assert_nonnull(strstr(text, "\"ssh_pwauth\":true"));
}

static void
test_custom_data_keeps_its_type(void)
{
    static const struct {
        const char *data, *part;
    } cases[] = {
        { "#!/bin/sh\ntrue", "\n--testudo-part\nContent-Type: text/x-shellscript\n\n#!/bin/sh\ntrue\n--testudo-part--\n" },
        { "#cloud-config\nx: y",
          "\n--testudo-part\nContent-Type: text/cloud-config\n\n#cloud-config\nx: y\n--testudo-part--\n" },
        { "any words", "\n--testudo-part\nContent-Type: text/plain\n\nany words\n--testudo-part--\n" },
        { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--",
          "\n--testudo-part\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--testudo-part--\n" },
        { "mime-version: 1.0\n\nx", "\n--testudo-part\nmime-version: 1.0\n\nx\n--testudo-part--\n" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(LaunchSpec) spec = spec_new(cases[i].data);
        g_autofree char *text = seed_user_data(spec);
        g_test_message("%s", cases[i].data);
        g_assert_true(g_str_has_prefix(text, "Content-Type: multipart/mixed; boundary=\"testudo-part\"\n"));
        g_assert_true(g_str_has_suffix(text, cases[i].part));
    }
}

/* Or the data could end its part early, and begin one of its own. */
static void
test_the_boundary_stands_in_no_data(void)
{
    g_autoptr(LaunchSpec) spec = spec_new("#!/bin/sh\n--testudo-part\n--testudo-part-1-");
    g_autofree char *text = seed_user_data(spec);
    g_assert_nonnull(strstr(text, "boundary=\"testudo-part-2-\""));
    g_assert_true(g_str_has_suffix(text, "\n--testudo-part\n--testudo-part-1-\n--testudo-part-2---\n"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seed/meta-data-names-disk-and-host", test_meta_data_names_disk_and_host);
    g_test_add_func("/seed/without-custom-data-there-is-one-part", test_without_custom_data_there_is_one_part);
    g_test_add_func("/seed/a-user-gets-keys-and-hashed-password", test_a_user_gets_keys_and_hashed_password);
    g_test_add_func("/seed/custom-data-keeps-its-type", test_custom_data_keeps_its_type);
    g_test_add_func("/seed/the-boundary-stands-in-no-data", test_the_boundary_stands_in_no_data);
    return g_test_run();
}
