#include "host/authority.h"

#include "attest/issuer.h"
#include "attest/jwt.h"
#include "attest/record.h"
#include "base/file.h"

#include <string.h>

#define FILE_MAX 65536

/* As swtpm_localca names them. */
#define ROOT_KEY    "swtpm-localca-rootca-privkey.pem"
#define ROOT        "swtpm-localca-rootca-cert.pem"
#define ISSUER_KEY  "signkey.pem"
#define ISSUER      "issuercert.pem"
#define RECORDS_KEY "records-key.pem"
#define RECORDS     "records-cert.pem"

/* A key and its certificate; key NULL: it is not on this host. */
typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
} Pair;

struct Authority {
    char *folder;
    Pair root, issuer, records;
};

static void
pair_clear(Pair *pair)
{
    EVP_PKEY_free(g_steal_pointer(&pair->key));
    X509_free(g_steal_pointer(&pair->certificate));
}

static Issuer
issuer_of(const Pair *pair)
{
    return (Issuer){ .key = pair->key, .certificate = pair->certificate };
}

/* ---- files ---- */

static char *
path_of(const Authority *self, const char *name)
{
    return g_build_filename(self->folder, name, NULL);
}

static gboolean
is_there(const Authority *self, const char *name)
{
    g_autofree char *path = path_of(self, name);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static char *
text_read(const Authority *self, const char *name, GError **error)
{
    g_autofree char *path = path_of(self, name);
    return file_read(path, FILE_MAX, NULL, error);
}

static gboolean
text_write(const Authority *self, const char *name, const char *text, GError **error)
{
    g_autofree char *path = path_of(self, name);
    return file_write(path, text, strlen(text), 0600, error);
}

static gboolean
unusable(const Authority *self, const char *name, const char *why, GError **error)
{
    return arm_fail(error, ARM_INTERNAL, NULL, "'%s/%s' %s: put it back from a copy, or move the folder away to have a new CA.",
                    self->folder, name, why);
}

/* The key's file may not be there where needs_key is FALSE. */
static gboolean
pair_read(const Authority *self, const char *key_name, const char *name, gboolean needs_key, Pair *ret_pair, GError **error)
{
    g_autofree char *text = text_read(self, name, error);
    g_autofree char *key_text = text && (needs_key || is_there(self, key_name)) ? text_read(self, key_name, error) : NULL;
    if (!text || (needs_key && !key_text))
        return FALSE;
    ret_pair->certificate = issuer_certificate_parse(text);
    if (!ret_pair->certificate)
        return unusable(self, name, "is no certificate", error);
    if (!key_text)
        return TRUE;
    ret_pair->key = issuer_key_parse(key_text);
    if (!ret_pair->key)
        return unusable(self, key_name, "is no private key", error);
    const Issuer issuer = issuer_of(ret_pair);
    return issuer_fits(&issuer) || unusable(self, key_name, "is not the key of its certificate", error);
}

/* The key first: a certificate that is there has its key. */
static gboolean
pair_write(const Authority *self, const char *key_name, const char *name, const Pair *pair, GError **error)
{
    g_autofree char *key = issuer_key_text(pair->key), *certificate = issuer_certificate_text(pair->certificate);
    const gboolean written = text_write(self, key_name, key, error) && text_write(self, name, certificate, error);
    explicit_bzero(key, strlen(key));
    return written;
}

/* ---- what there is, or is made ---- */

static gboolean
root_settle(Authority *self, UnixTime now, GError **error)
{
    if (is_there(self, ROOT))
        return pair_read(self, ROOT_KEY, ROOT, /* needs_key= */ FALSE, &self->root, error);
    self->root.key = issuer_key_new();
    self->root.certificate = issuer_root_make(self->root.key, now);
    return pair_write(self, ROOT_KEY, ROOT, &self->root, error);
}

static gboolean
issuer_settle(Authority *self, UnixTime now, GError **error)
{
    if (is_there(self, ISSUER))
        return pair_read(self, ISSUER_KEY, ISSUER, /* needs_key= */ TRUE, &self->issuer, error);
    if (!self->root.key)
        return unusable(self, ROOT_KEY, "is not there, and no CA below the root was made yet", error);
    const Issuer root = issuer_of(&self->root);
    self->issuer.key = issuer_key_new();
    self->issuer.certificate = issuer_ca_make(self->issuer.key, &root, now);
    return pair_write(self, ISSUER_KEY, ISSUER, &self->issuer, error);
}

static gboolean
records_settle(Authority *self, UnixTime now, GError **error)
{
    if (is_there(self, RECORDS))
        return pair_read(self, RECORDS_KEY, RECORDS, /* needs_key= */ TRUE, &self->records, error);
    const Issuer issuer = issuer_of(&self->issuer);
    self->records.key = jwt_key_new();
    self->records.certificate = issuer_signer_make(self->records.key, "Testudo change records", &issuer, now);
    return pair_write(self, RECORDS_KEY, RECORDS, &self->records, error);
}

Authority *
authority_open(const char *state_dir, UnixTime now, GError **error)
{
    g_autoptr(Authority) self = g_new0(Authority, 1);
    self->folder = g_build_filename(state_dir, "ca", "vtpm", NULL);
    if (!folder_make(self->folder, error) || !root_settle(self, now, error) || !issuer_settle(self, now, error) ||
        !records_settle(self, now, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
authority_free(Authority *self)
{
    if (!self)
        return;
    pair_clear(&self->root);
    pair_clear(&self->issuer);
    pair_clear(&self->records);
    g_free(self->folder);
    g_free(self);
}

/* ---- what it is for ---- */

char *
authority_chain(Authority *self)
{
    g_autofree char *root = issuer_certificate_text(self->root.certificate);
    g_autofree char *issuer = issuer_certificate_text(self->issuer.certificate);
    return g_strconcat(root, issuer, NULL);
}

gboolean
authority_root_key_here(const Authority *self)
{
    return is_there(self, ROOT_KEY);
}

char *
authority_record_sign(Authority *self, const json_t *record, GError **error)
{
    g_autofree char *own = issuer_certificate_text(self->records.certificate);
    g_autofree char *issuer = issuer_certificate_text(self->issuer.certificate);
    g_autofree char *root = issuer_certificate_text(self->root.certificate);
    g_autofree char *chain = g_strconcat(own, issuer, root, NULL);
    return record_sign(record, self->records.key, chain, error);
}
