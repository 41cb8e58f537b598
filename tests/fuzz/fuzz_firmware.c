/* host/qemu/firmware.h: a firmware descriptor. One that is fit for a VM names both its files. */
#include "host/qemu/firmware.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FirmwareDescriptor) descriptor = firmware_descriptor_parse("x.json", (const char *)data, size, &error);
    g_assert((descriptor == NULL) == (error != NULL));
    if (descriptor)
        g_assert(strcmp(descriptor->name, "x.json") == 0);
    return 0;
}
