/* attest/event_info.h: what an event is about, in words. Pure.
 * Sources: TCG PC Client Platform Firmware Profile 1.06, section 10.4.1 and 3.3.4; shim (MokList and SbatLevel), GRUB (commands
 * into PCR 8, files into PCR 9). */
#pragma once

#include "attest/event_log.h"

/* Does the digest cover the data? */
typedef enum {
    EVENT_PROOF_NONE,   /* it is that of something else, an image or a file: names are only what the log calls it */
    EVENT_PROOF_HOLDS,  /* what is shown was measured */
    EVENT_PROOF_BROKEN, /* the type says that it does, and it does not */
} EventProof;

EventProof event_proof(const LogEvent *event);

/* GRUB writes what it measures into PCR 8 behind such a prefix, and measures what is behind it. Where that text begins, in the
 * event, and how long it is; FALSE: it is not one of GRUB's. */
#define GRUB_COMMAND     "grub_cmd: "
#define GRUB_KERNEL_LINE "kernel_cmdline: "
gboolean event_grub_text(const LogEvent *event, const char **ret_prefix, const guint8 **ret_text, gsize *ret_size);

/* Of an image that was loaded: FALSE where it came from memory and says no path at all, as what shim's protocol is given does.
 */
gboolean event_image_has_path(const LogEvent *event);

/* All newly allocated; name is never NULL. */
typedef struct {
    char *name;   /* "\EFI\BOOT\grubx64.efi", "SecureBoot", "kernel_cmdline" */
    char *detail; /* "on", the command line, the whole path; or NULL */
} EventInfo;

void event_info_read(const LogEvent *event, EventInfo *ret_info);
void event_info_clear(EventInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EventInfo, event_info_clear)

/* An EFI variable's event says so: Secure Boot was on. Ask only where the proof holds. */
gboolean event_is_secure_boot(const LogEvent *event, gboolean *ret_on);
