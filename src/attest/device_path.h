/* attest/device_path.h: where UEFI loaded something from. Pure.
 * Format: UEFI 2.10, section 10.3 (device path nodes); texts as in section 10.6. */
#pragma once

#include <glib.h>

/* "PciRoot(0x0)/Pci(0x2,0x0)/HD(1,GPT,…)/\EFI\BOOT\BOOTX64.EFI". A node that is not known is "Path(type,subtype)"; one that is
 * cut short ends it with "…". Newly allocated; "" for an empty path. */
char *device_path_text(const guint8 *bytes, gsize size);

/* Its file path alone, "\EFI\BOOT\BOOTX64.EFI", newly allocated; NULL where there is none. */
char *device_path_file(const guint8 *bytes, gsize size);
