/* attest/event_type.h: types of events. TCG PC Client Platform Firmware Profile 1.06, section 10.4.1, table 14. Pure. */
#pragma once

#include <glib.h>

enum {
    EV_NO_ACTION = 0x03,
    EV_SEPARATOR = 0x04,
    EV_ACTION = 0x05,
    EV_EVENT_TAG = 0x06,
    EV_S_CRTM_CONTENTS = 0x07,
    EV_S_CRTM_VERSION = 0x08,
    EV_POST_CODE = 0x01,
    EV_IPL = 0x0d,
    EV_NONHOST_INFO = 0x11,
};
#define EV_EFI_VARIABLE_DRIVER_CONFIG    0x80000001u
#define EV_EFI_VARIABLE_BOOT             0x80000002u
#define EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003u
#define EV_EFI_BOOT_SERVICES_DRIVER      0x80000004u
#define EV_EFI_RUNTIME_SERVICES_DRIVER   0x80000005u
#define EV_EFI_GPT_EVENT                 0x80000006u
#define EV_EFI_ACTION                    0x80000007u
#define EV_EFI_PLATFORM_FIRMWARE_BLOB    0x80000008u
#define EV_EFI_HANDOFF_TABLES            0x80000009u
#define EV_EFI_PLATFORM_FIRMWARE_BLOB2   0x8000000au
#define EV_EFI_HANDOFF_TABLES2           0x8000000bu
#define EV_EFI_VARIABLE_BOOT2            0x8000000cu
#define EV_EFI_GPT_EVENT2                0x8000000du
#define EV_EFI_HCRTM_EVENT               0x80000010u
#define EV_EFI_VARIABLE_AUTHORITY        0x800000e0u
#define EV_EFI_SPDM_FIRMWARE_BLOB        0x800000e1u
#define EV_EFI_SPDM_FIRMWARE_CONFIG      0x800000e2u

/* "EV_SEPARATOR"; NULL for a type that is not in the table. */
const char *event_type_name(guint32 type);
/* The same, or "0x800000f0"; newly allocated. */
char *event_type_text(guint32 type);
