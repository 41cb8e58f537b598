/* host/qemu/vtpm.h: Testudo's vTPM CA and the manufacture of vTPMs. Blocking; any thread.
 * Each vTPM is made fresh by swtpm_setup with EK certificates (RSA 2048, P-384) from the CA in STATE/ca/vtpm/; nothing is
 * ever copied from another one. swtpm_setup runs under a small child subreaper that reaps at once (it would wait 0.5 s for
 * a zombie otherwise). */
#pragma once

#include "host/authority.h"
#include "host/host.h"

typedef struct VtpmMaker VtpmMaker;

/* Prepares the CA's folder and configuration (CA keys are made at first use). NULL binary: from PATH. *error names the
 * missing program. state_key: borrowed; each vTPM's state is encrypted by a key of its own (vtpm_key.h). NULL: it is plain.
 * authority: borrowed; NULL: swtpm_localca makes a CA of its own, with plain keys. */
VtpmMaker *vtpm_maker_new(const char *state_dir, const char *swtpm_setup, const char *swtpm, const StateKey *state_key,
                          Authority *authority, GError **error);
/* Is the vTPM in this folder as this one would make it: encrypted or not, and with certificates that say where what is revoked
 * is, or not (authority_crl_address())? */
gboolean vtpm_is_as_made_now(const VtpmMaker *maker, const char *folder);
void vtpm_maker_free(VtpmMaker *maker);

/* Brings the vTPM of the instance's folder under the state key, where there is one and it is plain (vtpm_seal.h). */
gboolean vtpm_bring_under_key(const VtpmMaker *maker, const char *instance_folder, guint uid, guint gid, GError **error);

/* Makes the vTPM in `folder` (made; must not exist), owned by uid:gid where we are root. The EK certificates lie beside
 * its state as ek-rsa2048.crt and ek-secp384r1.crt (DER). Their subject is a UUID of the vTPM's own, which says nothing of the
 * instance: a vTPM may be made before it is known whose it will be, and it is the folder that tells whose it is. On failure
 * nothing is left; *error is ARM_VTPM_FAILED with what swtpm_setup said. */
gboolean vtpm_make(VtpmMaker *maker, const char *folder, guint uid, guint gid, GError **error);
