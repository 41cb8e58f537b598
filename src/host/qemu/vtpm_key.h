/* host/qemu/vtpm_key.h: the key that a vTPM's state is encrypted by. Each vTPM has one of its own, derived from the state key
 * (base/state_key.h) and the salt in the stamp that lies beside its state and goes wherever that goes. A vTPM without a stamp
 * is plain: it was made when there was no state key, and is brought under it when it is started next (vtpm_seal.h).
 *
 * A key is handed on by a descriptor: as 64 hexadecimal digits, on no command line and in no file. */
#pragma once

#include "base/state_key.h"

/* How swtpm is told; the descriptor comes before it. */
#define VTPM_KEY_MODE "mode=aes-256-cbc,format=hex"

/* Is the vTPM in this folder encrypted? */
gboolean vtpm_key_wanted(const char *folder);

/* Writes the stamp of a vTPM that is about to be made, and opens its key. -1 sets *error. */
int vtpm_key_make(const StateKey *key, const char *folder, GError **error);

/* Opens the key of the vTPM in a folder; *ret_fd is -1 where it is plain. key: NULL, there is none. FALSE: ARM_VTPM_FAILED, and
 * nothing was touched. The descriptor can be read once or, by position, again; it is closed on exec. */
gboolean vtpm_key_open(const StateKey *key, const char *folder, int *ret_fd, GError **error);
