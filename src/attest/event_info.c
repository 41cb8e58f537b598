#include "attest/event_info.h"

#include "attest/device_path.h"
#include "attest/digest.h"
#include "attest/efi_variable.h"
#include "attest/event_type.h"
#include "attest/text.h"

#include <string.h>

/* GRUB writes what it measures behind these, and measures what is behind them. */
static const char *const grub_prefixes[] = { GRUB_COMMAND, GRUB_KERNEL_LINE, "module_cmdline: " };

gboolean
event_grub_text(const LogEvent *event, const char **ret_prefix, const guint8 **ret_text, gsize *ret_size)
{
    if (event->type != EV_IPL || event->pcr != 8)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(grub_prefixes); i++) {
        gsize prefix = strlen(grub_prefixes[i]);
        if (event->size < prefix || memcmp(event->data, grub_prefixes[i], prefix) != 0)
            continue;
        *ret_prefix = grub_prefixes[i];
        *ret_text = event->data + prefix;
        *ret_size = strnlen((const char *)event->data + prefix, event->size - prefix);
        return TRUE;
    }
    return FALSE;
}

static EventProof
proof_of(const LogEvent *event, const guint8 *bytes, gsize size)
{
    return sha256_is(bytes, size, event->digest) ? EVENT_PROOF_HOLDS : EVENT_PROOF_BROKEN;
}

/* Of the variable's content, as the profile has it, or of the whole event, as later firmware does it. */
static EventProof
boot_variable_proof(const LogEvent *event)
{
    g_auto(EfiVariable) variable = { 0 };
    if (efi_variable_parse(event->data, event->size, &variable) && sha256_is(variable.data, variable.size, event->digest))
        return EVENT_PROOF_HOLDS;
    return proof_of(event, event->data, event->size);
}

EventProof
event_proof(const LogEvent *event)
{
    const char *prefix;
    const guint8 *text;
    gsize size;
    switch (event->type) {
    case EV_SEPARATOR:
    case EV_S_CRTM_VERSION:
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_EFI_VARIABLE_AUTHORITY:
    case EV_EFI_VARIABLE_BOOT2:
    case EV_EFI_ACTION:
    case EV_EFI_GPT_EVENT:
        return proof_of(event, event->data, event->size);
    case EV_EFI_VARIABLE_BOOT:
        return boot_variable_proof(event);
    case EV_IPL:
        return event_grub_text(event, &prefix, &text, &size) ? proof_of(event, text, size) : EVENT_PROOF_NONE;
    default:
        return EVENT_PROOF_NONE;
    }
}

/* ---- in words ---- */

static void
variable_info(const LogEvent *event, EventInfo *info)
{
    g_auto(EfiVariable) variable = { 0 };
    if (!efi_variable_parse(event->data, event->size, &variable)) {
        info->name = g_strdup("a variable that cannot be read");
        return;
    }
    gboolean authority = event->type == EV_EFI_VARIABLE_AUTHORITY;
    info->detail = authority ? efi_authority_text(&variable) : efi_variable_text(&variable);
    info->name = g_steal_pointer(&variable.name);
}

/* UEFI_IMAGE_LOAD_EVENT: address, length, link time address, length of the path, path. */
static gboolean
image_path(const LogEvent *event, const guint8 **ret_path, guint64 *ret_size)
{
    Cursor at = cursor_over(event->data, event->size);
    cursor_take(&at, 24);
    *ret_size = cursor_u64le(&at);
    *ret_path = *ret_size <= at.left ? cursor_take(&at, (gsize)*ret_size) : NULL;
    return !at.failed && *ret_path;
}

gboolean
event_image_has_path(const LogEvent *event)
{
    const guint8 *path;
    guint64 size;
    return !image_path(event, &path, &size) || size > 0;
}

static void
image_info(const LogEvent *event, EventInfo *info)
{
    const guint8 *path;
    guint64 size;
    if (!image_path(event, &path, &size)) {
        info->name = g_strdup("an image whose path cannot be read");
        return;
    }
    info->name = device_path_file(path, (gsize)size);
    /* GRUB's linuxefi loads the kernel from memory. */
    if (!info->name)
        info->name = g_strdup("an image from memory");
    info->detail = device_path_text(path, (gsize)size);
    if (!*info->detail)
        g_clear_pointer(&info->detail, g_free);
}

static void
ipl_info(const LogEvent *event, EventInfo *info)
{
    const char *prefix;
    const guint8 *text;
    gsize size;
    if (!event_grub_text(event, &prefix, &text, &size)) {
        info->name = text_from_utf8(event->data, event->size);
        return;
    }
    info->name = g_strndup(prefix, strcspn(prefix, ":"));
    info->detail = text_from_utf8(text, size);
}

/* UEFI_GPT_DATA: the header, how many partitions, each. */
static void
gpt_info(const LogEvent *event, EventInfo *info)
{
    Cursor at = cursor_over(event->data, event->size);
    cursor_take(&at, 56);
    g_autofree char *guid = text_from_guid(&at);
    cursor_take(&at, 92 - 56 - 16);
    guint64 partitions = cursor_u64le(&at);
    info->name = g_strdup("partition table");
    info->detail =
        at.failed ? g_strdup("cannot be read") : g_strdup_printf("disk %s, %" G_GUINT64_FORMAT " partitions", guid, partitions);
}

static void
firmware_info(const LogEvent *event, EventInfo *info)
{
    Cursor at = cursor_over(event->data, event->size);
    info->name = g_strdup("firmware volume");
    if (event->type == EV_EFI_PLATFORM_FIRMWARE_BLOB2) {
        gsize size = cursor_u8(&at);
        const guint8 *description = cursor_take(&at, size);
        if (description) {
            g_free(info->name);
            info->name = text_from_utf8(description, size);
        }
    }
    guint64 base = cursor_u64le(&at), length = cursor_u64le(&at);
    if (!at.failed)
        info->detail = g_strdup_printf("at 0x%" G_GINT64_MODIFIER "x, 0x%" G_GINT64_MODIFIER "x bytes", base, length);
}

static void
separator_info(const LogEvent *event, EventInfo *info)
{
    static const guint8 zeros[4] = { 0 }, ones[4] = { 0xff, 0xff, 0xff, 0xff };
    info->name = g_strdup("separator");
    if (event->size == 4 && memcmp(event->data, zeros, 4) != 0 && memcmp(event->data, ones, 4) != 0)
        info->detail = g_strdup("the firmware met an error");
}

void
event_info_read(const LogEvent *event, EventInfo *ret_info)
{
    *ret_info = (EventInfo){ 0 };
    switch (event->type) {
    case EV_SEPARATOR:
        separator_info(event, ret_info);
        break;
    case EV_S_CRTM_VERSION:
        ret_info->name = g_strdup("firmware version");
        ret_info->detail = text_from_utf16le(event->data, event->size);
        break;
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
    case EV_EFI_VARIABLE_AUTHORITY:
        variable_info(event, ret_info);
        break;
    case EV_EFI_BOOT_SERVICES_APPLICATION:
    case EV_EFI_BOOT_SERVICES_DRIVER:
    case EV_EFI_RUNTIME_SERVICES_DRIVER:
        image_info(event, ret_info);
        break;
    case EV_EFI_GPT_EVENT:
    case EV_EFI_GPT_EVENT2:
        gpt_info(event, ret_info);
        break;
    case EV_EFI_PLATFORM_FIRMWARE_BLOB:
    case EV_EFI_PLATFORM_FIRMWARE_BLOB2:
        firmware_info(event, ret_info);
        break;
    case EV_IPL:
        ipl_info(event, ret_info);
        break;
    case EV_ACTION:
    case EV_EFI_ACTION:
    case EV_POST_CODE:
    case EV_S_CRTM_CONTENTS:
    case EV_NO_ACTION:
        ret_info->name = text_from_utf8(event->data, event->size);
        break;
    default:
        ret_info->name = g_strdup_printf("%u bytes", event->size);
    }
}

void
event_info_clear(EventInfo *info)
{
    g_clear_pointer(&info->name, g_free);
    g_clear_pointer(&info->detail, g_free);
}

gboolean
event_is_secure_boot(const LogEvent *event, gboolean *ret_on)
{
    g_auto(EfiVariable) variable = { 0 };
    if (event->pcr != 7 || event->type != EV_EFI_VARIABLE_DRIVER_CONFIG ||
        !efi_variable_parse(event->data, event->size, &variable) || strcmp(variable.name, "SecureBoot") != 0)
        return FALSE;
    *ret_on = variable.size == 1 && variable.data[0] == 1;
    return TRUE;
}
