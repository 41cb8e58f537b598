/* host/qemu/vtpm_seal.h: a vTPM that was made plain is brought under the state key, with the same keys and NVRAM. Blocking;
 * only while nothing runs in the instance's folder.
 *
 * swtpm takes plain state up with no key, but gives it away and takes it in by its control channel (swtpm_ioctls(3)): one that
 * has no key gives, another one that has one takes and writes. What comes out is read again with its key before anything is
 * replaced, and the two folders change places in one step: a crash leaves the one or the other, whole. */
#pragma once

#include "base/state_key.h"

typedef struct {
    const char *swtpm;
    const StateKey *key; /* NULL: there is none, and nothing is done */
    guint uid, gid;      /* the instance's; 0: as we are */
} VtpmSeal;

/* folder: the instance's. Nothing where its vTPM is encrypted, or there is none. FALSE: ARM_VTPM_FAILED, or a disk that is
 * full; the plain one is there as it was. */
gboolean vtpm_seal(const VtpmSeal *seal, const char *folder, GError **error);
