/* host/qemu/vtpm_certify.h: certificates of endorsement keys that say where the list of revoked ones is (RFC 5280, 4.2.1.13).
 * swtpm_localca cannot write that. So swtpm_setup is given this very program as the one that makes certificates, by another
 * name: it has swtpm_localca make the certificate, adds the address, and signs it anew with the same key. */
#pragma once

#include <glib.h>

/* Has this program been started by swtpm_setup, by that name? Then all it does is vtpm_certify(). */
gboolean vtpm_certify_asked(const char *argv0);
/* The arguments are those of swtpm_localca. The program's exit status; what is wrong is on standard error. */
int vtpm_certify(int argc, char **argv);

typedef struct {
    const char *localca;        /* absolute */
    const char *localca_config; /* the paths of these three: absolute */
    const char *key;
    const char *issuer;
    const char *address; /* of the list; "/ID.crl" of the issuing CA comes after it */
} VtpmCertify;
/* Makes in `folder` what swtpm_setup's configuration names: the program by its other name, and its configuration. Paths of
 * both: newly allocated. */
gboolean vtpm_certify_prepare(const VtpmCertify *certify, const char *folder, char **ret_program, char **ret_config,
                              GError **error);
