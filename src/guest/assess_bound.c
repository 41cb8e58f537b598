/* What a new TPM would lock out of this guest. */
#include "base/cursor.h"
#include "base/guest_wire.h"
#include "guest/assess.h"
#include "guest/inspect.h"
#include "guest/text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* LUKS2 On-Disk Format, table 2. */
#define LUKS_MAGIC_SIZE 6u
#define LUKS_HEADER     4096u
#define LUKS_LABEL_SIZE 152u /* between the header's size and the UUID: sequence number, label, algorithm, salt */
#define LUKS_UUID_SIZE  40u

/* The JSON area begins behind the header, and ends with NUL. */
static void
tell_luks(Assess *assess, const char *device, const char *bytes, size_t length)
{
    Cursor header = cursor_over(bytes, length);
    char uuid[LUKS_UUID_SIZE + 1] = "";
    const uint8_t *magic = cursor_take(&header, LUKS_MAGIC_SIZE);
    const uint16_t version = cursor_u16be(&header);
    if (header.failed || memcmp(magic, "LUKS\xba\xbe", LUKS_MAGIC_SIZE) != 0)
        return;
    const uint64_t size = cursor_u64be(&header);
    cursor_take(&header, LUKS_LABEL_SIZE);
    const uint8_t *id = cursor_take(&header, LUKS_UUID_SIZE);
    if (version != 2 || !id || size <= LUKS_HEADER || size > length) {
        assess_tell(assess, WIRE_UNSEEN, version == 1 ? "luks1" : "luks", device, NULL);
        return;
    }
    memcpy(uuid, id, LUKS_UUID_SIZE);
    const char *json = bytes + LUKS_HEADER;
    const size_t area = (size_t)size - LUKS_HEADER;
    const unsigned bound = luks_bindings(json, strnlen(json, area));
    if (strnlen(json, area) == area)
        assess_tell(assess, WIRE_UNSEEN, "luks", device, NULL);
    if (bound & BOUND_TPM2_SYSTEMD)
        assess_tell(assess, WIRE_LUKS, device, uuid, "systemd-tpm2", NULL);
    if (bound & BOUND_TPM2_CLEVIS)
        assess_tell(assess, WIRE_LUKS, device, uuid, "clevis-tpm2", NULL);
    if (bound & BOUND_CLEVIS_UNSEEN)
        assess_tell(assess, WIRE_UNSEEN, "clevis", device, NULL);
}

static void
tell_volumes(Assess *assess)
{
    Names devices;
    if (!names_open(assess, "/sys/class/block", &devices))
        assess_tell(assess, WIRE_UNSEEN, "volumes", "/sys/class/block", NULL);
    for (const char *name; (name = names_next(&devices));) {
        const ssize_t n = assess_read(assess, "/dev/", name, assess->buffer, sizeof assess->buffer);
        if (n > 0)
            tell_luks(assess, name, assess->buffer, (size_t)n);
        else if (n < 0 && errno != ENOMEDIUM && errno != ENXIO)
            assess_tell(assess, WIRE_UNSEEN, "volume", name, NULL);
    }
}

static void
tell_crypttab(Assess *assess)
{
    const ssize_t n = assess_read(assess, "/etc/crypttab", "", assess->buffer, sizeof assess->buffer - 1);
    if (n < 0 && errno != ENOENT)
        assess_tell(assess, WIRE_UNSEEN, "crypttab", "/etc/crypttab", NULL);
    assess->buffer[n > 0 ? n : 0] = '\0';
    for (char *line = assess->buffer, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        line += strspn(line, " \t");
        const bool tpm = *line != '#' && strstr(line, "tpm2-device=");
        line[strcspn(line, " \t")] = '\0';
        if (tpm)
            assess_tell(assess, WIRE_CRYPTTAB, line, NULL);
    }
}

static void
tell_credentials(Assess *assess)
{
    static const char *const stores[] = { "/etc/credstore.encrypted/",     "/run/credstore.encrypted/",
                                          "/usr/lib/credstore.encrypted/", "/boot/efi/loader/credentials/",
                                          "/efi/loader/credentials/",      "/boot/loader/credentials/" };
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        Names files;
        names_open(assess, stores[i], &files);
        for (const char *name; (name = names_next(&files));) {
            char start[64], path[ASSESS_PATH];
            Text text = TEXT_IN(path);
            text_add_all(&text, stores[i], name, NULL);
            const ssize_t n = assess_read(assess, path, "", start, sizeof start);
            const CredentialKey key = credential_key(start, n > 0 ? (size_t)n : 0);
            if (key == CREDENTIAL_TPM2)
                assess_tell(assess, WIRE_CREDENTIAL, path, NULL);
            else if (key == CREDENTIAL_UNKNOWN)
                assess_tell(assess, WIRE_UNSEEN, "credential", path, NULL);
        }
    }
}

void
assess_bound(Assess *assess)
{
    tell_volumes(assess);
    tell_crypttab(assess);
    tell_credentials(assess);
}
