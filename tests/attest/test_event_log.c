/* Event logs of real boots: what they replay to, what their events say, and every way to cut them. */
#include "attest/device_path.h"
#include "attest/digest.h"
#include "attest/event_info.h"
#include "attest/event_type.h"
#include "attest/pcrs.h"
#include "cases.h"

#include <stdio.h>
#include <string.h>

static const char *const logged[] = { "secure",
                                      "secure-second-boot",
                                      "secure-instance2",
                                      "secure-smp2",
                                      "secure-mem1024",
                                      "secure-tpm2tools",
                                      "sb-off",
                                      "sb-off-tampered-grub",
                                      "sb-off-unsigned-kernel",
                                      "sb-on-initrd-changed",
                                      "sb-on-grubcfg-changed" };

static EventLog *
log_of(const char *name)
{
    g_autofree char *path = g_build_filename(name, "eventlog.bin", NULL);
    g_autoptr(GBytes) bytes = fixture_read(path, FALSE);
    GError *error = NULL;
    EventLog *log = event_log_parse(bytes, &error);
    g_assert_no_error(error);
    return log;
}

/* The guest's own PCRs. 10 has what the kernel extends later. */
static void
test_replay(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(logged); i++) {
        g_autofree char *path = g_build_filename(logged[i], "pcrs.txt", NULL);
        g_autoptr(GBytes) bytes = fixture_read(path, FALSE);
        g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autoptr(EventLog) log = log_of(logged[i]);
        Pcrs pcrs;
        pcrs_replay(log, &pcrs);
        g_test_message("%s", logged[i]);
        for (char **line = lines; **line; line++) {
            g_auto(GStrv) words = g_strsplit(*line, " ", 2);
            guint pcr = (guint)g_ascii_strtoull(words[0], NULL, 10);
            g_autofree char *expected = g_ascii_strdown(g_strstrip(words[1]), -1);
            g_autofree char *found = sha256_hex(pcrs.values[pcr]);
            if (pcr != 10)
                g_assert_cmpstr(found, ==, expected);
        }
    }
}

/* number in the log of `secure`, from 1 */
static const struct {
    guint event, pcr;
    const char *type, *name, *detail;
    EventProof proof;
} events[] = {
    { 1, 0, "EV_S_CRTM_VERSION", "firmware version", "", EVENT_PROOF_HOLDS },
    { 2, 0, "EV_EFI_PLATFORM_FIRMWARE_BLOB", "firmware volume", "at 0x820000, 0xe0000 bytes", EVENT_PROOF_NONE },
    { 4, 7, "EV_EFI_VARIABLE_DRIVER_CONFIG", "SecureBoot", "on", EVENT_PROOF_HOLDS },
    { 7, 7, "EV_EFI_VARIABLE_DRIVER_CONFIG", "db",
      "2 certificates (Microsoft Windows Production PCA 2011, Microsoft Corporation UEFI CA 2011), 0 hashes",
      EVENT_PROOF_HOLDS },
    { 8, 7, "EV_EFI_VARIABLE_DRIVER_CONFIG", "dbx", "0 certificates, 1 hashes", EVENT_PROOF_HOLDS },
    { 9, 7, "EV_SEPARATOR", "separator", NULL, EVENT_PROOF_HOLDS },
    { 10, 1, "EV_EFI_VARIABLE_BOOT", "BootOrder", "0001, 0000, 0002", EVENT_PROOF_HOLDS },
    { 14, 4, "EV_EFI_ACTION", "Calling EFI Application from Boot Option", NULL, EVENT_PROOF_HOLDS },
    { 22, 7, "EV_EFI_VARIABLE_AUTHORITY", "db", "Microsoft Corporation UEFI CA 2011", EVENT_PROOF_HOLDS },
    { 24, 4, "EV_EFI_BOOT_SERVICES_APPLICATION", "\\EFI\\BOOT\\BOOTX64.EFI", NULL, EVENT_PROOF_NONE },
    { 25, 14, "EV_IPL", "MokList", NULL, EVENT_PROOF_NONE },
    { 29, 7, "EV_EFI_VARIABLE_AUTHORITY", "MokListRT", "Debian Secure Boot CA", EVENT_PROOF_HOLDS },
    { 34, 8, "EV_IPL", "grub_cmd", "source (hd0,gpt1)/EFI/debian/grub.cfg", EVENT_PROOF_HOLDS },
    { 35, 9, "EV_IPL", "(hd0,gpt1)/EFI/debian/grub.cfg", NULL, EVENT_PROOF_NONE },
    { 43, 4, "EV_EFI_BOOT_SERVICES_APPLICATION", "an image from memory", NULL, EVENT_PROOF_NONE },
    { 45, 8, "EV_IPL", "kernel_cmdline", "(hd0,gpt1)/vmlinuz console=ttyS0 quiet panic=1", EVENT_PROOF_HOLDS },
};

static void
test_events(void)
{
    g_autoptr(EventLog) log = log_of("secure");
    g_assert_cmpuint(event_log_length(log), ==, 50);
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        const LogEvent *event = event_log_get(log, events[i].event - 1);
        g_auto(EventInfo) info = { 0 };
        g_autofree char *type = event_type_text(event->type);
        event_info_read(event, &info);
        g_test_message("event %u: %s, %s", events[i].event, info.name, info.detail ? info.detail : "");
        g_assert_cmpuint(event->pcr, ==, events[i].pcr);
        g_assert_cmpstr(type, ==, events[i].type);
        g_assert_cmpstr(info.name, ==, events[i].name);
        if (events[i].detail)
            g_assert_cmpstr(info.detail, ==, events[i].detail);
        g_assert_cmpint(event_proof(event), ==, events[i].proof);
    }
}

static void
test_path(void)
{
    g_autoptr(EventLog) log = log_of("secure");
    g_auto(EventInfo) shim = { 0 };
    event_info_read(event_log_get(log, 23), &shim);
    g_assert_true(g_str_has_prefix(shim.detail, "PciRoot(0x0)/Pci(0x2,0x0)/"));
    g_assert_nonnull(strstr(shim.detail, "HD(1,GPT,"));
    g_assert_true(g_str_has_suffix(shim.detail, ")/\\EFI\\BOOT\\BOOTX64.EFI"));
}

static void
test_secure_boot(void)
{
    static const struct {
        const char *name;
        gboolean on;
    } cases[] = { { "secure", TRUE }, { "sb-off", FALSE } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(EventLog) log = log_of(cases[i].name);
        gboolean on = !cases[i].on;
        guint told = 0;
        for (guint n = 0; n < event_log_length(log); n++)
            told += event_is_secure_boot(event_log_get(log, n), &on);
        g_assert_cmpuint(told, ==, 1);
        g_assert_cmpint(on, ==, cases[i].on);
    }
}

/* The locality that the TPM was started from is where PCR 0 begins; said after that, it is too late. */
static void
test_startup_locality(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GBytes) whole = fixture_read("secure/eventlog.bin", FALSE);
    static const guint8 version[50 + 2] = { [4] = EV_S_CRTM_VERSION, [8] = 1, [12] = 0x0b, [46] = 2 };
    guint8 locality[50 + 17] = { [4] = EV_NO_ACTION, [8] = 1, [12] = 0x0b, [46] = 17 };
    Pcrs plain, with_locality;
    memcpy(locality + 50, "StartupLocality", 16);
    locality[66] = 3;
    g_byte_array_append(bytes, g_bytes_get_data(whole, NULL), 65);
    for (guint late = 0; late < 2; late++) {
        g_byte_array_set_size(bytes, 65);
        if (late)
            g_byte_array_append(bytes, version, sizeof version);
        g_byte_array_append(bytes, locality, sizeof locality);
        if (!late)
            g_byte_array_append(bytes, version, sizeof version);
        g_autoptr(GBytes) log_bytes = g_bytes_new(bytes->data, bytes->len);
        g_autoptr(EventLog) log = event_log_parse(log_bytes, NULL);
        g_assert_nonnull(log);
        pcrs_replay(log, late ? &plain : &with_locality);
    }
    guint8 expected[SHA256_SIZE], zeros[SHA256_SIZE] = { 0 }, three[SHA256_SIZE] = { [31] = 3 };
    sha256_two(three, SHA256_SIZE, version + 14, SHA256_SIZE, expected);
    g_assert_cmpmem(with_locality.values[0], SHA256_SIZE, expected, SHA256_SIZE);
    sha256_two(zeros, SHA256_SIZE, version + 14, SHA256_SIZE, expected);
    g_assert_cmpmem(plain.values[0], SHA256_SIZE, expected, SHA256_SIZE);
    g_assert_cmpuint(plain.values[17][0], ==, 0xff);
    g_assert_cmpuint(plain.values[23][0], ==, 0);
}

/* Every cut is refused with the place, or ends between two events. */
static void
test_every_cut(void)
{
    g_autoptr(GBytes) whole = fixture_read("sb-off/eventlog.bin", FALSE);
    guint read = 0;
    for (gsize size = 0; size < g_bytes_get_size(whole); size++) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, size);
        g_autoptr(GError) error = NULL;
        g_autoptr(EventLog) log = event_log_parse(cut, &error);
        g_assert_true((log == NULL) == (error != NULL));
        read += log != NULL;
        if (error)
            g_assert_nonnull(strstr(error->message, "byte"));
    }
    /* After the header, and after each of its events but the last. */
    g_autoptr(EventLog) log = log_of("sb-off");
    g_assert_cmpuint(read, ==, event_log_length(log));
}

/* Byte to change in the log of `secure`, and what is said. */
static const struct {
    gsize at;
    guint8 value;
    const char *words;
} refusals[] = {
    { 4, 4, "another type than EV_NO_ACTION" },
    { 2, 4, "for another PCR than 0" },
    { 17, 0x20, "or has a digest" },
    { 32, 'X', "Spec ID Event03" },
    { 56, 0, "hash algorithms is out of range" },
    { 56, 17, "hash algorithms is out of range" },
    { 60, 0x0c, "no SHA-256 digests" },
    { 65, 24, "PCR is above 23" },
    { 73, 2, "as many digests" },
    { 77, 0x0c, "an algorithm that the header does not name" },
    { 112, 0xff, "the log ends within it" },
};

static void
test_refusals(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(GBytes) whole = fixture_read("secure/eventlog.bin", FALSE);
        gsize size;
        g_autofree guint8 *bytes = g_memdup2(g_bytes_get_data(whole, &size), g_bytes_get_size(whole));
        g_autoptr(GError) error = NULL;
        bytes[refusals[i].at] = refusals[i].value;
        g_autoptr(GBytes) changed = g_bytes_new(bytes, g_bytes_get_size(whole));
        g_autoptr(EventLog) log = event_log_parse(changed, &error);
        g_test_message("byte %zu: %s", refusals[i].at, error ? error->message : "read");
        g_assert_null(log);
        g_assert_nonnull(strstr(error->message, refusals[i].words));
    }
}

/* SHA-256 of one byte, and as it is: who takes the first for the second reads behind the log's end. */
static void
test_an_algorithm_twice(void)
{
    static const guint8 header[32] = { [4] = EV_NO_ACTION, [28] = 41 };
    static const guint8 algorithms[] = { 3, 0, 0, 0, 0x0b, 0, 1, 0, 0x0b, 0, 32, 0, 0x04, 0, 20, 0, 0 };
    static const guint8 event[] = { 0, 0, 0, 0, EV_S_CRTM_VERSION, 0, 0, 0, 3, 0, 0, 0 };
    static const guint8 sha1[22] = { 0x04 }, sha256_of_one_byte[] = { 0x0b, 0, 0xaa }, no_data[4] = { 0 };
    const struct {
        const void *bytes;
        guint size;
    } parts[] = {
        { header, sizeof header },
        { "Spec ID Event03\0\0\0\0\0\0\2\0\2", 24 },
        { algorithms, sizeof algorithms },
        { event, sizeof event },
        { sha1, sizeof sha1 },
        { sha1, sizeof sha1 },
        { sha256_of_one_byte, sizeof sha256_of_one_byte },
        { no_data, sizeof no_data },
    };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        g_byte_array_append(bytes, parts[i].bytes, parts[i].size);
    g_autoptr(GBytes) log_bytes = g_bytes_new(bytes->data, bytes->len);
    g_autoptr(GError) error = NULL;
    g_autoptr(EventLog) log = event_log_parse(log_bytes, &error);
    g_assert_null(log);
    g_assert_nonnull(strstr(error->message, "names a hash algorithm twice"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/event-log/replay", test_replay);
    g_test_add_func("/event-log/events", test_events);
    g_test_add_func("/event-log/path", test_path);
    g_test_add_func("/event-log/secure-boot", test_secure_boot);
    g_test_add_func("/event-log/startup-locality", test_startup_locality);
    g_test_add_func("/event-log/every-cut", test_every_cut);
    g_test_add_func("/event-log/refusals", test_refusals);
    g_test_add_func("/event-log/an-algorithm-twice", test_an_algorithm_twice);
    return g_test_run();
}
