/* attest/vendor_signed.h: the policy vendorSigned: another kernel than the reference's, which the same vendor signed. Pure.
 *
 * Whoever is root in the guest writes its disk, its event log and, once its kernel runs, any PCR. What he cannot do is take
 * back what was measured before. So nothing is accepted but what was measured by programs that are the reference's to the
 * digest, before anything else ran; and which event that is, the reference says, whose texts were approved, by its place.
 *
 * The reference has to be of this form, else nothing is accepted:
 *   PCR 7   Secure Boot is on. What let something be loaded is db, once (the firmware: shim), at most one SBAT level, and one
 *           certificate of shim's (MokListRT or vendor_db). Shim measures each authority that it lets something be loaded by,
 *           once; db too, beside the firmware's own event. So all that shim let be loaded was let by that one certificate.
 *   PCR 14  MokList, MokListX and MokListTrusted alone: MokSBState switches shim's checks off.
 *   PCR 4   shim, GRUB, and then, as the last ones, the kernel: an image that shim's protocol was given, which has no path.
 *   PCR 8   one kernel_cmdline.
 *   PCR 9   at least one event of the file that it names.
 *
 * Then these may be others, in the same places, and as many:
 *   PCR 4   the kernel; all its events are of one image.
 *   PCR 9   the file of that kernel; all its events are of one file.
 *   PCR 8   the version in the file name of the kernel or initrd (behind the first '-': "vmlinuz-6.1.0-56-amd64"), in GRUB's
 *           commands linux, linuxefi, initrd, initrdefi and in kernel_cmdline. What is read by that name is measured.
 *
 * All else is exact: shim, GRUB, Secure Boot and its lists, MOK, commands, the command line, grub.cfg. PCR 0 and files that
 * GRUB reads after the kernel (an initrd, which nobody signs) do not hinder it; they are differences themselves.
 *
 * Why this is proof: within a PCR the order is proven. The firmware measures shim, and shim GRUB, before they run: both are the
 * reference's. This GRUB runs no command and reads no file that it has not measured, and starts no kernel that shim refuses. It
 * ran the reference's commands up to the kernel's start, or PCR 8 or 9 would differ. What shim measures next in PCR 4 is what
 * it was given, and it measures before it checks: a kernel that it refuses has an event, too. But then nothing runs that could
 * make up the rest: GRUB has no other kernel to start (each has an event, and a digest of its own), and what the firmware loads
 * after GRUB gave up comes with more events than there are. A kernel that db or a MOK lets be loaded has an authority of its
 * own in PCR 7, where no place is left.
 *
 * Why GRUB is exact: the same vendor signed kernels and loaders that measure no initrd or no command line. One of them in
 * GRUB's place, and its guest extends PCR 8 and 9 as it likes afterwards.
 *
 * What it does not say: that the kernel is as new as the reference's. Any that the vendor signed passes, with its flaws, until
 * dbx, MokListX, shim or SBAT revoke it. And the vendor is who has the key of that certificate, and of all below it. */
#pragma once

#include "attest/compare.h"

/* Of Difference, as events_compare() finds them, those marked that are accepted. ret_signer: the name of the certificate that
 * let the kernel be loaded, newly allocated; NULL where nothing is accepted. */
GPtrArray *vendor_signed_compare(const EventLog *reference, const EventLog *seen, guint32 mask, char **ret_signer);
