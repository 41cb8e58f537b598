#include "host/simulated/boot_log.h"

#include "host/simulated/bytes.h"

#include <string.h>

#define N_PCRS         24
#define TPM_ALG_SHA256 0x000b

/* Section 10.4.1, table 14. */
enum { EV_NO_ACTION = 0x03, EV_SEPARATOR = 0x04, EV_S_CRTM_VERSION = 0x08, EV_IPL = 0x0d };
#define EV_EFI_VARIABLE_DRIVER_CONFIG    0x80000001u
#define EV_EFI_VARIABLE_BOOT             0x80000002u
#define EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003u
#define EV_EFI_ACTION                    0x80000007u
#define EV_EFI_PLATFORM_FIRMWARE_BLOB    0x80000008u
#define EV_EFI_VARIABLE_AUTHORITY        0x800000e0u

#define GUID_SIZE 16
/* EFI_GLOBAL_VARIABLE, EFI_IMAGE_SECURITY_DATABASE_GUID and EFI_CERT_SHA256_GUID, in the order of bytes. */
static const guint8 guid_global[GUID_SIZE] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                               0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const guint8 guid_security[GUID_SIZE] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
                                                 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
static const guint8 guid_sha256[GUID_SIZE] = { 0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
                                               0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28 };

/* SHIM_LOCK_GUID. */
static const guint8 guid_shim_lock[GUID_SIZE] = { 0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43,
                                                  0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23 };

/* A certificate of "Simulated Secure Boot CA" (X.509, DER, Ed25519), which signs nothing. */
/* clang-format off */
static const guint8 vendor_certificate[] = {
    0x30, 0x81, 0xed, 0x30, 0x81, 0xa0, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
    0x30, 0x23, 0x31, 0x21, 0x30, 0x1f, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x18, 0x53, 0x69, 0x6d,
    0x75, 0x6c, 0x61, 0x74, 0x65, 0x64, 0x20, 0x53, 0x65, 0x63, 0x75, 0x72, 0x65, 0x20, 0x42, 0x6f,
    0x6f, 0x74, 0x20, 0x43, 0x41, 0x30, 0x1e, 0x17, 0x0d, 0x32, 0x36, 0x31, 0x31, 0x33, 0x30, 0x30,
    0x38, 0x30, 0x30, 0x31, 0x31, 0x5a, 0x17, 0x0d, 0x33, 0x36, 0x31, 0x31, 0x32, 0x37, 0x30, 0x38,
    0x30, 0x30, 0x31, 0x31, 0x5a, 0x30, 0x23, 0x31, 0x21, 0x30, 0x1f, 0x06, 0x03, 0x55, 0x04, 0x03,
    0x0c, 0x18, 0x53, 0x69, 0x6d, 0x75, 0x6c, 0x61, 0x74, 0x65, 0x64, 0x20, 0x53, 0x65, 0x63, 0x75,
    0x72, 0x65, 0x20, 0x42, 0x6f, 0x6f, 0x74, 0x20, 0x43, 0x41, 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x2e, 0x17, 0x82, 0x80, 0x09, 0x06, 0x34, 0x0d, 0x40, 0x8e,
    0xf5, 0xb0, 0xd2, 0x1b, 0x8b, 0xa1, 0xa6, 0x2e, 0xd6, 0xd2, 0xf3, 0x12, 0x07, 0x6d, 0x18, 0x4a,
    0x44, 0xa9, 0xd3, 0xd9, 0xba, 0xd6, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x41, 0x00,
    0x60, 0x7f, 0x98, 0x46, 0x26, 0x1a, 0xb4, 0x63, 0xac, 0x89, 0xe7, 0xe1, 0x3c, 0xe4, 0xa5, 0x79,
    0x5c, 0xde, 0x62, 0x88, 0xca, 0xda, 0xa7, 0xd5, 0x78, 0xa4, 0x9e, 0xa1, 0x72, 0xf2, 0x01, 0x14,
    0xb0, 0xcb, 0x07, 0x7c, 0x1f, 0x9a, 0x5a, 0xd1, 0xa1, 0x2b, 0xc0, 0xeb, 0xa5, 0x9a, 0xa7, 0x57,
    0xcf, 0x87, 0x5f, 0xeb, 0x58, 0x40, 0xcf, 0xb8, 0x12, 0x73, 0x72, 0xe4, 0xb9, 0xea, 0xe1, 0x08,
};
/* clang-format on */

typedef struct {
    GByteArray *log;
    guint8 pcrs[N_PCRS][BOOT_DIGEST_SIZE];
} Measured;

static void
digest_of(const void *bytes, gsize size, guint8 ret_digest[BOOT_DIGEST_SIZE])
{
    gsize length = BOOT_DIGEST_SIZE;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, bytes, (gssize)size);
    g_checksum_get_digest(sum, ret_digest, &length);
}

static void
event_put(GByteArray *log, guint pcr, guint32 type, const guint8 *digest, const GByteArray *data)
{
    put_le(log, pcr, 4);
    put_le(log, type, 4);
    put_le(log, 1, 4);
    put_le(log, TPM_ALG_SHA256, 2);
    put_bytes(log, digest, BOOT_DIGEST_SIZE);
    put_le(log, data->len, 4);
    put_bytes(log, data->data, data->len);
}

/* An event with these data, and a digest of what was measured. */
static void
measure(Measured *measured, guint pcr, guint32 type, const GByteArray *data, const void *bytes, gsize size)
{
    guint8 both[2 * BOOT_DIGEST_SIZE];
    memcpy(both, measured->pcrs[pcr], BOOT_DIGEST_SIZE);
    digest_of(bytes, size, both + BOOT_DIGEST_SIZE);
    digest_of(both, sizeof both, measured->pcrs[pcr]);
    event_put(measured->log, pcr, type, both + BOOT_DIGEST_SIZE, data);
}

static void
measure_data(Measured *measured, guint pcr, guint32 type, const GByteArray *data)
{
    measure(measured, pcr, type, data, data->data, data->len);
}

static void
measure_text(Measured *measured, guint pcr, guint32 type, const char *text)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    put_bytes(data, text, strlen(text));
    measure_data(measured, pcr, type, data);
}

/* TCG_PCR_EVENT with the TCG_EfiSpecIdEvent, section 10.4.5.1. */
static void
header_put(GByteArray *log)
{
    static const guint8 no_digest[20];
    g_autoptr(GByteArray) spec_id = g_byte_array_new();
    put_bytes(spec_id, "Spec ID Event03", 16);
    put_le(spec_id, 0, 4);          /* platformClass: a client */
    put_le(spec_id, 0x02000200, 4); /* version 2.0, errata 0, 64-bit */
    put_le(spec_id, 1, 4);
    put_le(spec_id, TPM_ALG_SHA256, 2);
    put_le(spec_id, BOOT_DIGEST_SIZE, 2);
    put_le(spec_id, 0, 1); /* vendorInfo */
    put_le(log, 0, 4);
    put_le(log, EV_NO_ACTION, 4);
    put_bytes(log, no_digest, sizeof no_digest);
    put_le(log, spec_id->len, 4);
    put_bytes(log, spec_id->data, spec_id->len);
}

/* ---- firmware ---- */

/* Its tables are made for the size, and so is what it measures of itself. */
static void
firmware_measure(Measured *measured, const SimBoot *boot)
{
    g_autoptr(GByteArray) version = g_byte_array_new(), volume = g_byte_array_new();
    g_autofree char *content =
        g_strdup_printf("firmware for %u vCPUs, %u MiB, Secure Boot %d", boot->vcpus, boot->memory_mib, boot->secure_boot != 0);
    put_utf16(version, "simulated 1.0");
    put_le(version, 0, 2);
    measure_data(measured, 0, EV_S_CRTM_VERSION, version);
    put_le(volume, 0x820000, 8);
    put_le(volume, 0xe0000, 8);
    measure(measured, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, volume, content, strlen(content));
}

/* UEFI_VARIABLE_DATA, section 10.2.6. */
static void
variable_measure(Measured *measured, guint pcr, guint32 type, const guint8 *guid, const char *name, const GByteArray *value)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    put_bytes(data, guid, GUID_SIZE);
    put_le(data, strlen(name), 8);
    put_le(data, value->len, 8);
    put_utf16(data, name);
    put_bytes(data, value->data, value->len);
    measure_data(measured, pcr, type, data);
}

/* EFI_SIGNATURE_LIST with one hash in it (UEFI 2.10, section 32.4.1). */
static GByteArray *
signature_list(const char *name)
{
    guint8 hash[BOOT_DIGEST_SIZE];
    GByteArray *list = g_byte_array_new();
    digest_of(name, strlen(name), hash);
    put_bytes(list, guid_sha256, GUID_SIZE);
    put_le(list, GUID_SIZE + 12 + GUID_SIZE + BOOT_DIGEST_SIZE, 4);
    put_le(list, 0, 4);
    put_le(list, GUID_SIZE + BOOT_DIGEST_SIZE, 4);
    put_bytes(list, guid_global, GUID_SIZE);
    put_bytes(list, hash, BOOT_DIGEST_SIZE);
    return list;
}

static void
secure_boot_measure(Measured *measured, gboolean on)
{
    static const struct {
        const char *name;
        const guint8 *guid;
    } lists[] = { { "PK", guid_global }, { "KEK", guid_global }, { "db", guid_security }, { "dbx", guid_security } };
    g_autoptr(GByteArray) state = g_byte_array_new();
    put_le(state, on ? 1 : 0, 1);
    variable_measure(measured, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, guid_global, "SecureBoot", state);
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GByteArray) list = signature_list(lists[i].name);
        variable_measure(measured, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, lists[i].guid, lists[i].name, list);
    }
}

static void
separator_measure(Measured *measured, guint pcr)
{
    g_autoptr(GByteArray) zeros = g_byte_array_new();
    put_le(zeros, 0, 4);
    measure_data(measured, pcr, EV_SEPARATOR, zeros);
}

/* Whose signature let something be loaded: EFI_SIGNATURE_DATA. */
static void
authority_measure(Measured *measured, const guint8 *guid, const char *name)
{
    g_autoptr(GByteArray) signature = g_byte_array_new();
    put_bytes(signature, guid_global, GUID_SIZE);
    put_bytes(signature, vendor_certificate, sizeof vendor_certificate);
    variable_measure(measured, 7, EV_EFI_VARIABLE_AUTHORITY, guid, name, signature);
}

static void
boot_order_measure(Measured *measured)
{
    g_autoptr(GByteArray) order = g_byte_array_new();
    put_le(order, 1, 2);
    variable_measure(measured, 1, EV_EFI_VARIABLE_BOOT, guid_global, "BootOrder", order);
}

/* ---- boot loaders and kernel ---- */

/* UEFI_IMAGE_LOAD_EVENT, section 10.2.3, with a device path (UEFI 2.10, section 10.3): PciRoot(0x0)/Pci(0x2,0x0)/file. */
static void
program_measure(Measured *measured, const char *path, const char *content)
{
    const gsize name_size = 2 * (strlen(path) + 1), path_size = 12 + 6 + 4 + name_size + 4;
    g_autoptr(GByteArray) data = g_byte_array_new();
    put_le(data, 0x1ce2a018, 8);
    put_le(data, strlen(content) + 0x10000, 8);
    put_le(data, 0, 8);
    put_le(data, path_size, 8);
    put_be(data, 0x02010c00, 4); /* ACPI, 12 bytes */
    put_le(data, 0x0a0341d0, 4); /* PNP0A03 */
    put_le(data, 0, 4);
    put_be(data, 0x010106000002, 6); /* PCI, 6 bytes, function 0, device 2 */
    put_be(data, 0x0404, 2);         /* file path */
    put_le(data, 4 + name_size, 2);
    put_utf16(data, path);
    put_le(data, 0, 2);
    put_be(data, 0x7fff0400, 4);
    measure(measured, 4, EV_EFI_BOOT_SERVICES_APPLICATION, data, content, strlen(content));
}

/* What GRUB gives to shim to be verified: it lies in memory, and has no path. */
static void
memory_image_measure(Measured *measured, const char *content)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    put_le(data, 0x1bc00000, 8);
    put_le(data, strlen(content) + 0x10000, 8);
    put_le(data, 0, 8);
    put_le(data, 0, 8);
    measure(measured, 4, EV_EFI_BOOT_SERVICES_APPLICATION, data, content, strlen(content));
}

/* What GRUB does: the text is measured, the prefix and the NUL are not. */
static void
grub_measure(Measured *measured, const char *prefix, const char *text)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    put_bytes(data, prefix, strlen(prefix));
    put_bytes(data, text, strlen(text) + 1);
    measure(measured, 8, EV_IPL, data, text, strlen(text));
}

static void
file_measure(Measured *measured, const char *path, const char *content)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    put_bytes(data, path, strlen(path) + 1);
    measure(measured, 9, EV_IPL, data, content, strlen(content));
}

static void
mok_measure(Measured *measured)
{
    static const char name[] = "MokList", content[] = "no keys of the machine's owner";
    g_autoptr(GByteArray) data = g_byte_array_new();
    put_bytes(data, name, sizeof name);
    measure(measured, 14, EV_IPL, data, content, strlen(content));
}

static void
image_measure(Measured *measured, const SimBoot *boot)
{
#define KERNEL_LINE "(hd0,gpt1)/vmlinuz root=LABEL=root console=ttyS0"
    g_autofree char *grub = g_strconcat(boot->grub_changed ? "another GRUB than that of " : "GRUB of ", boot->image_urn, NULL);
    g_autofree char *config = g_strconcat("grub.cfg of ", boot->image_urn, NULL);
    g_autofree char *kernel =
        g_strconcat(boot->kernel_changed ? "another kernel than that of " : "kernel of ", boot->image_urn, NULL);
    g_autofree char *initrd = g_strconcat("initrd of ", boot->image_urn, NULL);
    program_measure(measured, "\\EFI\\BOOT\\BOOTX64.EFI", "shim");
    mok_measure(measured);
    if (boot->secure_boot)
        authority_measure(measured, guid_shim_lock, "MokListRT");
    program_measure(measured, "\\EFI\\BOOT\\grubx64.efi", grub);
    file_measure(measured, "(hd0,gpt1)/boot/grub/grub.cfg", config);
    grub_measure(measured, "grub_cmd: ", "set timeout=0");
    grub_measure(measured, "grub_cmd: ", "linux " KERNEL_LINE);
    file_measure(measured, "(hd0,gpt1)/vmlinuz", kernel);
    if (boot->secure_boot)
        memory_image_measure(measured, kernel);
    grub_measure(measured, "kernel_cmdline: ", KERNEL_LINE);
    grub_measure(measured, "grub_cmd: ", "initrd (hd0,gpt1)/initrd.img");
    file_measure(measured, "(hd0,gpt1)/initrd.img", initrd);
    grub_measure(measured, "grub_cmd: ", "boot");
#undef KERNEL_LINE
}

/* As a quote sums them up: the values, lowest PCR first. */
static void
pcrs_digest(const Measured *measured, guint32 pcrs, guint8 ret_digest[BOOT_DIGEST_SIZE])
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    for (guint pcr = 0; pcr < N_PCRS; pcr++) {
        if (pcrs & 1u << pcr)
            put_bytes(all, measured->pcrs[pcr], BOOT_DIGEST_SIZE);
    }
    digest_of(all->data, all->len, ret_digest);
}

GBytes *
boot_log_make(const SimBoot *boot, guint32 pcrs, guint8 ret_digest[BOOT_DIGEST_SIZE])
{
    Measured measured = { .log = g_byte_array_new() };
    header_put(measured.log);
    firmware_measure(&measured, boot);
    secure_boot_measure(&measured, boot->secure_boot);
    separator_measure(&measured, 7);
    boot_order_measure(&measured);
    measure_text(&measured, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    for (guint pcr = 0; pcr < 7; pcr++)
        separator_measure(&measured, pcr);
    if (boot->secure_boot)
        authority_measure(&measured, guid_security, "db");
    image_measure(&measured, boot);
    measure_text(&measured, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
    measure_text(&measured, 5, EV_EFI_ACTION, "Exit Boot Services Returned with Success");
    pcrs_digest(&measured, pcrs, ret_digest);
    return g_byte_array_free_to_bytes(measured.log);
}
