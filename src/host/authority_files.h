/* host/authority_files.h: keys and certificates of the host's CA as files, written so that a crash at any point leaves the old
 * or the new ones. */
#pragma once

#include "attest/issuer.h"
#include "base/state_key.h"

/* As swtpm_localca names them. */
#define CA_ROOT_KEY    "swtpm-localca-rootca-privkey.pem"
#define CA_ROOT        "swtpm-localca-rootca-cert.pem"
#define CA_ISSUER_KEY  "signkey.pem"
#define CA_ISSUER      "issuercert.pem"
#define CA_RECORDS_KEY "records-key.pem"
#define CA_RECORDS     "records-cert.pem"
#define CA_REVOKED     "revoked.json"

typedef struct {
    const char *folder;
    const StateKey *key; /* NULL: keys are stored as they are */
} CaFiles;

/* A key and its certificate; key NULL: it is not on this host. */
typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
} Pair;
void pair_clear(Pair *pair);
Issuer pair_issuer(const Pair *pair);

gboolean ca_file_is(const CaFiles *files, const char *name);
char *ca_file_read(const CaFiles *files, const char *name, GError **error);
gboolean ca_file_write(const CaFiles *files, const char *name, const char *text, GError **error);

/* Sealed or not; path: absolute, or a name in the folder. NULL sets *error. */
EVP_PKEY *ca_key_read(const CaFiles *files, const char *path, GError **error);
/* needs_key FALSE: it may be gone. A key that lies there plain, and should not, is sealed. */
gboolean ca_pair_read(const CaFiles *files, const char *key_name, const char *name, gboolean needs_key, Pair *ret_pair,
                      GError **error);
gboolean ca_pair_write(const CaFiles *files, const char *key_name, const char *name, const Pair *pair, GError **error);

/* The CA that signs gives way to `next`: its files become "former-N-cert.pem" and "former-N-key.pem". */
gboolean ca_issuer_replace(const CaFiles *files, const Pair *now, const Pair *next, GError **error);
/* What a crash left of that is brought to its end. */
gboolean ca_issuer_recover(const CaFiles *files, GError **error);
/* Of Pair, oldest first; free with g_array_unref(). NULL sets *error. */
GArray *ca_formers_read(const CaFiles *files, GError **error);
