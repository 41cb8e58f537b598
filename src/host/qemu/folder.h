/* host/qemu/folder.h: where things lie in an instance's folder, STATE/instances/<key>/ (mode 0700, the instance's uid).
 *
 *   run.json           the LaunchSpec that it was last launched with, and the run's facts (pid, start time, uid)
 *   parts.json         which generation of each part lies here
 *   lock               held by QEMU (an inherited, flock()ed descriptor): held means alive
 *   os.qcow2           overlay on STATE/images/<file>
 *   data-lun<N>.qcow2
 *   seed.iso           NoCloud
 *   vars.fd            UEFI variables (generation 2)
 *   vtpm/              swtpm state (tpm2-00.permall), and ek-rsa2048.crt, ek-secp384r1.crt
 *   previous/          the former os.qcow2, vars.fd, vtpm/ as one unit, with its own parts.json.old
 *   serial.log         this boot's; serial.log.1 … .5 the boots before
 *   qmp.sock qga.sock  QEMU's monitor and the guest agent's channel
 *   qemu.log swtpm.log what the two programs said in this run
 * A new folder is completed as <key>.new and renamed. */
#pragma once

#include <glib.h>

#define FOLDER_SERIAL_KEPT 5

/* Paths; newly allocated. */
char *folder_path(const char *state_dir, const char *key);
char *folder_file(const char *folder, const char *name);
