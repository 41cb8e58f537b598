/* Command lines, against expected files: qemu/argv/NAME.args, one argument a line, options with
 * their value. TESTUDO_REWRITE_EXPECTED=1 meson test -C build host-argv   rewrites them, to be
 * reviewed in the diff. */
#include "host/qemu/argv.h"

#include "base/error.h"

#include <string.h>

typedef struct {
    const char *name;
    guint generation, vcpus, memory_mib;
    gboolean trusted, secure_boot, vtpm, kvm, outbound, bridge, encrypted;
    guint n_disks, n_ports;
} Case;

static const Case cases[] = {
    { "gen1", .generation = 1, .n_ports = 2 },
    { "gen2-standard", .generation = 2, .n_ports = 2 },
    { "trusted-secure-boot", .generation = 2, .trusted = TRUE, .secure_boot = TRUE, .vtpm = TRUE, .n_ports = 2 },
    { "trusted-secure-boot-off", .generation = 2, .trusted = TRUE, .vtpm = TRUE, .n_ports = 2 },
    { "trusted-encrypted", .generation = 2, .trusted = TRUE, .secure_boot = TRUE, .vtpm = TRUE, .encrypted = TRUE },
    { "trusted-no-vtpm", .generation = 2, .trusted = TRUE, .secure_boot = TRUE, .n_ports = 2 },
    { "data-disks", .generation = 2, .n_disks = 3, .n_ports = 2 },
    { "bridge", .generation = 2, .bridge = TRUE, .n_ports = 2 },
    { "outbound", .generation = 2, .outbound = TRUE, .n_ports = 1 },
    { "no-forwards", .generation = 2 },
    { "kvm", .generation = 2, .trusted = TRUE, .secure_boot = TRUE, .vtpm = TRUE, .kvm = TRUE, .n_ports = 2 },
    { "large", .generation = 2, .vcpus = 64, .memory_mib = 262144 },
};

static LaunchSpec *
spec_of(const Case *c)
{
    static const guint luns[] = { 0, 1, 63 };
    LaunchSpec *spec = launch_spec_new();
    spec->key = g_strdup("6f1f7c1e-0000-4000-8000-0123456789ab.7");
    spec->name = g_strdup("web000007");
    spec->vm_id = g_strdup("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    spec->vcpus = c->vcpus ? c->vcpus : 1;
    spec->memory_mib = c->memory_mib ? c->memory_mib : 1024;
    spec->generation = c->generation;
    spec->trusted_launch = c->trusted;
    spec->secure_boot = c->secure_boot;
    spec->vtpm = c->vtpm;
    for (guint i = 0; i < MIN(c->n_disks, G_N_ELEMENTS(luns)); i++) {
        LaunchDisk *disk = launch_disk_new(luns[i], 32, NULL);
        g_ptr_array_add(spec->data_disks, disk);
    }
    return spec;
}

static ArgvContext
context_of(const Case *c)
{
    static const guint ports[] = { 22, 8080 };
    return (ArgvContext){
        .qemu = "qemu-system-x86_64",
        .swtpm = "swtpm",
        .accelerator = c->kvm ? "kvm" : "tcg",
        .folder = "/state/instances/k",
        .firmware_code = c->generation == 1 ? NULL
                         : c->trusted       ? "/fw/code.secboot.fd"
                                            : "/fw/code.fd",
        .outbound = c->outbound,
        .forward_ports = ports,
        .n_forward_ports = c->n_ports,
        .qmp_fd = 10,
        .qga_fd = 11,
        .tpm_fd = c->vtpm ? 12 : -1,
        .swtpm_fd = c->vtpm ? 13 : -1,
        .tap_fd = c->bridge ? 14 : -1,
        .key_fd = c->encrypted ? 16 : -1,
    };
}

/* An option and its value share a line. */
static void
lines_add(GString *text, char **argv)
{
    for (guint i = 0; argv[i]; i++)
        g_string_append_printf(text, "%s%s", i == 0 ? "" : argv[i][0] == '-' ? "\n  " : " ", argv[i]);
    g_string_append_c(text, '\n');
}

static void
test_is_as_expected(const void *data)
{
    const Case *c = data;
    g_autoptr(LaunchSpec) spec = spec_of(c);
    const ArgvContext context = context_of(c);
    g_auto(GStrv) qemu = argv_qemu(spec, &context);
    g_auto(GStrv) swtpm = c->vtpm ? argv_swtpm(&context) : NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    lines_add(text, qemu);
    if (swtpm)
        lines_add(text, swtpm);
    g_assert_true(argv_check(spec, (const char *const *)qemu, &error));

    g_autofree char *file = g_strconcat(c->name, ".args", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "argv", file, NULL);
    g_autofree char *expected = NULL;
    if (g_getenv("TESTUDO_REWRITE_EXPECTED")) {
        g_file_set_contents(path, text->str, -1, &error);
        g_assert_no_error(error);
    }
    g_file_get_contents(path, &expected, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text->str, ==, expected);
}

/* ---- what holds for every line ---- */

static gboolean
value_follows(char **argv, const char *name, const char *value)
{
    for (guint i = 0; argv[i] && argv[i + 1]; i++) {
        if (strcmp(argv[i], name) == 0 && strcmp(argv[i + 1], value) == 0)
            return TRUE;
    }
    return FALSE;
}

/* tpm-crb sits at a fixed address of its own; the two on buses of ours name their place there. */
static gboolean
is_placed(const char *device)
{
    return strstr(device, ",bus=pcie.0,addr=0x") || strstr(device, ",bus=channels.0,nr=") ||
           strstr(device, ",bus=data.0,channel=0,scsi-id=0,lun=") || g_str_has_prefix(device, "tpm-crb,");
}

static void
test_every_device_has_an_address_of_its_own(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(LaunchSpec) spec = spec_of(&cases[i]);
        const ArgvContext context = context_of(&cases[i]);
        g_auto(GStrv) argv = argv_qemu(spec, &context);
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint k = 0; argv[k]; k++) {
            if (strcmp(argv[k], "-device") != 0)
                continue;
            g_assert_true(is_placed(argv[k + 1]));
            const char *address = strstr(argv[k + 1], "addr=");
            if (address)
                g_assert_true(g_hash_table_add(seen, g_strndup(address, strcspn(address, ","))));
        }
    }
}

static void
test_the_os_disk_never_moves(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(LaunchSpec) spec = spec_of(&cases[i]);
        const ArgvContext context = context_of(&cases[i]);
        g_auto(GStrv) argv = argv_qemu(spec, &context);
        g_assert_true(value_follows(argv, "-device",
                                    "virtio-blk-pci,drive=os,serial=os,bus=pcie.0,addr=0x4,bootindex=1,"
                                    "werror=enospc,rerror=report"));
    }
}

static void
test_the_whole_sandbox_is_always_on(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(LaunchSpec) spec = spec_of(&cases[i]);
        const ArgvContext context = context_of(&cases[i]);
        g_auto(GStrv) argv = argv_qemu(spec, &context), swtpm = argv_swtpm(&context);
        g_assert_true(
            value_follows(argv, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
        g_assert_true(value_follows(swtpm, "--seccomp", "action=kill"));
    }
}

static void
test_a_comma_in_a_path_is_no_option(void)
{
    g_autoptr(LaunchSpec) spec = spec_of(&cases[1]);
    ArgvContext context = context_of(&cases[1]);
    context.folder = "/state/a,readonly=on";
    g_auto(GStrv) argv = argv_qemu(spec, &context);
    g_assert_true(value_follows(argv, "-blockdev",
                                "driver=file,node-name=os-file,filename=/state/a,,readonly=on/os.qcow2,discard=unmap"));
}

/* ---- the last look before a start ---- */

static void
test_a_line_that_breaks_secure_boots_promise_is_refused(void)
{
    static const struct {
        const char *drop, *named;
    } drops[] = {
        { "smm=on", "smm=on" },
        { "property=secure", "driver=cfi.pflash01,property=secure,value=on" },
        { "node-name=code,", "node-name=code,file=code-file,read-only=on" },
        { "emulator", "vTPM" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(drops); i++) {
        g_autoptr(LaunchSpec) spec = spec_of(&cases[2]);
        const ArgvContext context = context_of(&cases[2]);
        g_auto(GStrv) argv = argv_qemu(spec, &context);
        g_autoptr(GError) error = NULL;
        for (guint k = 0; argv[k]; k++) {
            if (strstr(argv[k], drops[i].drop))
                argv[k][0] = '\0';
        }
        g_assert_false(argv_check(spec, (const char *const *)argv, &error));
        g_assert_error(error, ARM_ERROR, ARM_VM_START_FAILED);
        g_assert_nonnull(strstr(error->message, drops[i].named));
    }
}

static void
test_a_standard_line_needs_no_smm(void)
{
    g_autoptr(LaunchSpec) spec = spec_of(&cases[1]);
    const ArgvContext context = context_of(&cases[1]);
    g_auto(GStrv) argv = argv_qemu(spec, &context);
    g_assert_true(argv_check(spec, (const char *const *)argv, NULL));
    g_assert_false(value_follows(argv, "-global", "driver=cfi.pflash01,property=secure,value=on"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/argv/expected/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_is_as_expected);
    }
    g_test_add_func("/argv/every-device-has-an-address-of-its-own", test_every_device_has_an_address_of_its_own);
    g_test_add_func("/argv/the-os-disk-never-moves", test_the_os_disk_never_moves);
    g_test_add_func("/argv/the-whole-sandbox-is-always-on", test_the_whole_sandbox_is_always_on);
    g_test_add_func("/argv/a-comma-in-a-path-is-no-option", test_a_comma_in_a_path_is_no_option);
    g_test_add_func("/argv/a-line-that-breaks-secure-boots-promise-is-refused",
                    test_a_line_that_breaks_secure_boots_promise_is_refused);
    g_test_add_func("/argv/a-standard-line-needs-no-smm", test_a_standard_line_needs_no_smm);
    return g_test_run();
}
