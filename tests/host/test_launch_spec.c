/* launch.json's LaunchSpec: everything survives the round trip, and nothing that makes no sense is
 * taken for one. */
#include "host/launch_spec.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

static LaunchSpec *
sample(void)
{
    LaunchSpec *spec = launch_spec_new();
    g_ptr_array_add(spec->data_disks, launch_disk_new(63, 32767, "/var/lib/testudo/disks/k.1-lun0.qcow2"));
    g_ptr_array_add(spec->data_disks, launch_disk_new(0, 1, NULL));
    g_ptr_array_add(spec->leaving, launch_disk_new(5, 2, "/s/disks/b.1-lun0.qcow2"));
    g_ptr_array_add(spec->ssh_keys, g_strdup("ssh-ed25519 AAAA \"quoted\" ü"));
    spec->key = g_strdup("k.1");
    spec->name = g_strdup("web000001");
    spec->vm_id = g_strdup("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    spec->owner = g_strdup("/subscriptions/s/resourceGroups/g");
    spec->epoch = G_GUINT64_CONSTANT(1) << 40;
    spec->revision = 7;
    spec->vcpus = 2;
    spec->memory_mib = 2048;
    spec->generation = 2;
    spec->architecture = g_strdup("x64");
    spec->trusted_launch = spec->secure_boot = spec->vtpm = spec->guest_agent = spec->hold = TRUE;
    spec->image_urn = g_strdup("Testudo:mini:gen2:1.0.0");
    spec->image_format = g_strdup("qcow2");
    spec->image_sha256 = g_strdup("00ff");
    spec->disk_gen = 1;
    spec->vars_gen = 2;
    spec->vtpm_gen = 3;
    spec->data_gen = 4;
    spec->os_disk_gib = 30;
    spec->admin_username = g_strdup("azureuser");
    spec->password_hash = g_strdup("$6$x$y");
    spec->custom_data = g_strdup("#!/bin/sh\necho \"hello\"\n");
    return spec;
}

static char *
text_of(const LaunchSpec *spec)
{
    g_autoptr(json_t) object = launch_spec_json(spec);
    return json_text(object);
}

static void
test_round_trip(void)
{
    g_autoptr(LaunchSpec) spec = sample();
    g_autofree char *text = text_of(spec);
    g_autoptr(GError) error = NULL;
    g_autoptr(LaunchSpec) read = launch_spec_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    g_autofree char *again = text_of(read);
    g_assert_cmpstr(again, ==, text);
    g_assert_cmpstr(read->custom_data, ==, spec->custom_data);
    g_assert_cmpuint(((LaunchDisk *)g_ptr_array_index(read->data_disks, 0))->size_gib, ==, 32767);
}

static void
test_a_copy_is_equal_and_its_own(void)
{
    g_autoptr(LaunchSpec) spec = sample();
    g_autoptr(LaunchSpec) copy = launch_spec_copy(spec);
    g_autofree char *text = text_of(spec);
    spec->key[0] = 'z';
    ((LaunchDisk *)g_ptr_array_index(spec->data_disks, 0))->lun = 1;
    ((LaunchDisk *)g_ptr_array_index(spec->data_disks, 0))->file[0] = 'z';
    g_autofree char *copied = text_of(copy);
    g_assert_cmpstr(copied, ==, text);
}

static const char *const optional[] = { "adminUsername", "passwordHash", "customData", "dataDisks",
                                        "leaving",       "sshKeys",      "hold",       NULL };

static void
test_a_missing_member_is_named(void)
{
    g_autoptr(LaunchSpec) spec = sample();
    g_autoptr(json_t) whole = launch_spec_json(spec);
    const char *name;
    json_t *value;
    json_object_foreach(whole, name, value)
    {
        g_autoptr(json_t) less = json_copy(whole);
        g_autoptr(GError) error = NULL;
        json_object_del(less, name);
        g_autofree char *text = json_text(less);
        g_autoptr(LaunchSpec) read = launch_spec_parse(text, strlen(text), &error);
        if (g_strv_contains(optional, name)) {
            g_assert_no_error(error);
            continue;
        }
        g_assert_null(read);
        g_assert_cmpstr(arm_error_target(error), ==, name);
        g_assert_nonnull(strstr(error->message, name));
    }
}

static const struct {
    const char *member, *value;
} wrong[] = {
    { "key", "7" },
    { "epoch", "-1" },
    { "epoch", "\"1\"" },
    { "epoch", "9223372036854775807" },
    { "vcpus", "2147483648" },
    { "vcpus", "1.5" },
    { "secureBoot", "1" },
    { "secureBoot", "null" },
    { "customData", "[]" },
    { "dataDisks", "[{\"lun\":64,\"sizeGiB\":1}]" },
    { "dataDisks", "[{\"lun\":-1,\"sizeGiB\":1}]" },
    { "dataDisks", "[{\"lun\":0,\"sizeGiB\":0}]" },
    { "dataDisks", "[{\"lun\":0,\"sizeGiB\":32768}]" },
    { "dataDisks", "[{\"sizeGiB\":1}]" },
    { "dataDisks", "[{\"lun\":0,\"sizeGiB\":1,\"file\":7}]" },
    { "dataDisks", "[7]" },
    { "leaving", "[{\"lun\":64,\"sizeGiB\":1,\"file\":\"/f\"}]" },
    { "hold", "1" },
    { "sshKeys", "[7]" },
};

static void
test_a_wrong_member_is_named(void)
{
    g_autoptr(LaunchSpec) spec = sample();
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(json_t) object = launch_spec_json(spec);
        g_autoptr(GError) error = NULL;
        json_object_set_new(object, wrong[i].member, json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
        g_autofree char *text = json_text(object);
        g_assert_null(launch_spec_parse(text, strlen(text), &error));
        g_assert_cmpstr(arm_error_target(error), ==, wrong[i].member);
    }
}

static void
test_every_prefix_is_refused(void)
{
    g_autoptr(LaunchSpec) spec = sample();
    g_autofree char *text = text_of(spec);
    for (gsize cut = 0; cut < strlen(text); cut++) {
        g_autofree char *exact = g_memdup2(text, cut);
        g_autoptr(GError) error = NULL;
        g_assert_null(launch_spec_parse(exact, cut, &error));
        g_assert_nonnull(error);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/launch-spec/round-trip", test_round_trip);
    g_test_add_func("/launch-spec/a-copy-is-equal-and-its-own", test_a_copy_is_equal_and_its_own);
    g_test_add_func("/launch-spec/a-missing-member-is-named", test_a_missing_member_is_named);
    g_test_add_func("/launch-spec/a-wrong-member-is-named", test_a_wrong_member_is_named);
    g_test_add_func("/launch-spec/every-prefix-is-refused", test_every_prefix_is_refused);
    return g_test_run();
}
