/* attest/authenticode.h: what firmware and shim measure of a program that they load: its digest without what a signature
 * changes. Pure. Sources: Microsoft, Windows Authenticode Portable Executable Signature Format 1.0, "Calculating the PE Image
 * Hash"; UEFI 2.10, section 32.2.4. What lies behind the sections is part of it, but for the table of certificates at the end.
 */
#pragma once

#include "attest/event_log.h"

/* bytes: the file. FALSE: it is no PE/COFF program, or one whose parts lie outside of it. */
gboolean authenticode_sha256(const guint8 *bytes, gsize size, guint8 ret_digest[SHA256_SIZE]);
/* Has it a table of certificates? Whose they are, and whether they hold, is for the firmware to say. */
gboolean authenticode_is_signed(const guint8 *bytes, gsize size);
