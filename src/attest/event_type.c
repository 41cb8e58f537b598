#include "attest/event_type.h"

#define NAMED(type)                                                                                                            \
    {                                                                                                                          \
        type, #type                                                                                                            \
    }

static const struct {
    guint32 type;
    const char *name;
} types[] = {
    { 0x00, "EV_PREBOOT_CERT" },
    NAMED(EV_POST_CODE),
    { 0x02, "EV_UNUSED" },
    NAMED(EV_NO_ACTION),
    NAMED(EV_SEPARATOR),
    NAMED(EV_ACTION),
    NAMED(EV_EVENT_TAG),
    NAMED(EV_S_CRTM_CONTENTS),
    NAMED(EV_S_CRTM_VERSION),
    { 0x09, "EV_CPU_MICROCODE" },
    { 0x0a, "EV_PLATFORM_CONFIG_FLAGS" },
    { 0x0b, "EV_TABLE_OF_DEVICES" },
    { 0x0c, "EV_COMPACT_HASH" },
    NAMED(EV_IPL),
    { 0x0e, "EV_IPL_PARTITION_DATA" },
    { 0x0f, "EV_NONHOST_CODE" },
    { 0x10, "EV_NONHOST_CONFIG" },
    NAMED(EV_NONHOST_INFO),
    { 0x12, "EV_OMIT_BOOT_DEVICE_EVENTS" },
    { 0x13, "EV_POST_CODE2" },
    NAMED(EV_EFI_VARIABLE_DRIVER_CONFIG),
    NAMED(EV_EFI_VARIABLE_BOOT),
    NAMED(EV_EFI_BOOT_SERVICES_APPLICATION),
    NAMED(EV_EFI_BOOT_SERVICES_DRIVER),
    NAMED(EV_EFI_RUNTIME_SERVICES_DRIVER),
    NAMED(EV_EFI_GPT_EVENT),
    NAMED(EV_EFI_ACTION),
    NAMED(EV_EFI_PLATFORM_FIRMWARE_BLOB),
    NAMED(EV_EFI_HANDOFF_TABLES),
    NAMED(EV_EFI_PLATFORM_FIRMWARE_BLOB2),
    NAMED(EV_EFI_HANDOFF_TABLES2),
    NAMED(EV_EFI_VARIABLE_BOOT2),
    NAMED(EV_EFI_GPT_EVENT2),
    NAMED(EV_EFI_HCRTM_EVENT),
    NAMED(EV_EFI_VARIABLE_AUTHORITY),
    NAMED(EV_EFI_SPDM_FIRMWARE_BLOB),
    NAMED(EV_EFI_SPDM_FIRMWARE_CONFIG),
};

const char *
event_type_name(guint32 type)
{
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].type == type)
            return types[i].name;
    }
    return NULL;
}

char *
event_type_text(guint32 type)
{
    const char *name = event_type_name(type);
    return name ? g_strdup(name) : g_strdup_printf("0x%08x", type);
}
