/* host/qemu/refusal.h: reads a serial console for signs that Secure Boot refused to boot. Pure, incremental, bounded.
 * Only believed until the guest agent answers: after that the text is the guest's own word. */
#pragma once

#include <glib.h>

typedef struct RefusalReader RefusalReader;
RefusalReader *refusal_reader_new(void);
void refusal_reader_free(RefusalReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RefusalReader, refusal_reader_free)

/* Feeds bytes in any pieces; terminal escape sequences are skipped. TRUE once, when a refusal is complete:
 * *ret_file is what was refused ("\\EFI\\BOOT\\grubx64.efi" for shim's box, "\\EFI\\BOOT\\BOOTX64.EFI" for firmware's refusal,
 * "vmlinuz" for GRUB's "bad shim signature", best knowledge; newly allocated), *ret_text the console's words. */
gboolean refusal_reader_feed(RefusalReader *reader, const char *bytes, gsize length, char **ret_file, char **ret_text);
