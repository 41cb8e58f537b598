/* host/qemu/folder.h: where things lie in an instance's folder, STATE/instances/<key>/ (mode 0700, the instance's uid).
 *
 *   os.qcow2           overlay on STATE/images/<file>
 *   data-lun<N>.qcow2
 *   seed.iso           NoCloud
 *   vars.fd            UEFI variables (generation 2)
 *   vtpm/              swtpm state (tpm2-00.permall), and ek-rsa2048.crt, ek-secp384r1.crt; state-key where it is encrypted
 *   vtpm.sealed/       the same on its way from plain to encrypted, or what is left of that (vtpm_seal.h)
 *   parts.json         which generation of each of these it is (parts.h); written last
 *   next/              parts on their way in: complete once it has a parts.json (install.h)
 *   previous/          parts that others took the place of (previous.h)
 *   guest-state.json   digests of variables and vTPM, from a clean stop to the next start
 *   run.json           the LaunchSpec of the present boot, and its processes (run_file.h)
 *   lock               held by QEMU (an inherited, flock()ed descriptor): held means alive
 *   serial.log         this boot's; serial.log.1 … .5 the boots before
 *   qemu.log swtpm.log what the programs say
 *   qmp.sock qga.sock
 * A new folder is completed as <key>.new and renamed. */
#pragma once

#include <glib.h>

#define FOLDER_SERIAL_KEPT 5
#define FOLDER_LUNS        64u

/* Paths; newly allocated. */
char *folder_path(const char *state_dir, const char *key);
char *folder_file(const char *folder, const char *name);
char *folder_data_disk(const char *folder, guint lun);

gboolean folder_has(const char *folder, const char *name);

/* A regular file of at most max bytes in a folder that a hostile process owns: a link in its place is not followed. */
char *folder_read(const char *folder, const char *name, gsize max, gsize *ret_length, GError **error);

/* Replaces a text file whole, through no link either. Not synced: for what means nothing any more when the host has gone down.
 */
gboolean folder_write(const char *folder, const char *name, const char *text, GError **error);

/* Gives a folder and all in it to a user, where we are root and uid is not 0; links themselves, never what they lead to. */
gboolean folder_give(const char *path, guint uid, guint gid, GError **error);
