#include "host/authority.h"

#include "attest/crl.h"
#include "attest/jwt.h"
#include "attest/record.h"
#include "base/file.h"
#include "base/json.h"
#include "host/authority_files.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/mman.h>

#define CRL_EVERY (3600 * USEC_PER_SEC)

struct Authority {
    char *folder;
    CaFiles files;
    GRWLock use; /* of the issuing key and certificate as files: written by a renewal */
    GMutex lock; /* of all below */
    Pair root, issuer, records;
    GArray *formers; /* of Pair: CAs that signed before */
    json_t *revoked;
    GPtrArray *crls; /* of GBytes: by the CA that signs, then by the former ones as they are listed */
    char *crl_address;
    UnixTime crls_made;
    int key_fd; /* the issuing key, in memory */
    char *key_path;
};

/* ---- the issuing key for swtpm_localca ---- */

/* Another content takes the place of what was there at once: whoever opens it sees one of the two. */
static gboolean
key_show(Authority *self, GError **error)
{
    char *text = issuer_key_text(self->issuer.key);
    AUTO_FD fd = memfd_create("testudo-ca-key", MFD_CLOEXEC);
    const gboolean written = fd >= 0 && fd_write_all(fd, text, strlen(text));
    state_key_text_free(text);
    if (!written)
        return io_fail(error, "write", "the issuing key in memory");
    if (self->key_fd < 0)
        self->key_fd = fd_steal(&fd);
    else if (dup3(fd, self->key_fd, O_CLOEXEC) < 0)
        return io_fail(error, "replace", "the issuing key in memory");
    g_free(self->key_path);
    self->key_path = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), self->key_fd);
    return TRUE;
}

const char *
authority_key_path(const Authority *self)
{
    return self->key_path;
}

void
authority_use_begin(Authority *self)
{
    g_rw_lock_reader_lock(&self->use);
}

void
authority_use_end(Authority *self)
{
    g_rw_lock_reader_unlock(&self->use);
}

/* ---- what there is, or is made ---- */

static gboolean
root_settle(Authority *self, UnixTime now, GError **error)
{
    if (ca_file_is(&self->files, CA_ROOT))
        return ca_pair_read(&self->files, CA_ROOT_KEY, CA_ROOT, /* needs_key= */ FALSE, &self->root, error);
    self->root.key = issuer_key_new();
    self->root.certificate = issuer_root_make(self->root.key, now);
    return ca_pair_write(&self->files, CA_ROOT_KEY, CA_ROOT, &self->root, error);
}

static gboolean
issuer_settle(Authority *self, UnixTime now, GError **error)
{
    if (!ca_issuer_recover(&self->files, error))
        return FALSE;
    if (ca_file_is(&self->files, CA_ISSUER))
        return ca_pair_read(&self->files, CA_ISSUER_KEY, CA_ISSUER, /* needs_key= */ TRUE, &self->issuer, error);
    if (!self->root.key)
        return arm_fail(error, ARM_INTERNAL, NULL,
                        "There is no CA below the root yet, and the root's private key, '%s/" CA_ROOT_KEY "', is not there.",
                        self->folder);
    const Issuer root = pair_issuer(&self->root);
    self->issuer.key = issuer_key_new();
    self->issuer.certificate = issuer_ca_make(self->issuer.key, &root, now);
    return ca_pair_write(&self->files, CA_ISSUER_KEY, CA_ISSUER, &self->issuer, error);
}

static gboolean
records_make(Authority *self, UnixTime now, GError **error)
{
    const Issuer issuer = pair_issuer(&self->issuer);
    pair_clear(&self->records);
    self->records.key = jwt_key_new();
    self->records.certificate = issuer_signer_make(self->records.key, "Testudo change records", &issuer, now);
    return ca_pair_write(&self->files, CA_RECORDS_KEY, CA_RECORDS, &self->records, error);
}

/* The key is the present CA's to certify: after a renewal there is another one. */
static gboolean
records_settle(Authority *self, UnixTime now, GError **error)
{
    if (!ca_file_is(&self->files, CA_RECORDS))
        return records_make(self, now, error);
    if (!ca_pair_read(&self->files, CA_RECORDS_KEY, CA_RECORDS, /* needs_key= */ TRUE, &self->records, error))
        return FALSE;
    return X509_check_issued(self->issuer.certificate, self->records.certificate) == X509_V_OK ||
           records_make(self, now, error);
}

static gboolean
revoked_settle(Authority *self, GError **error)
{
    g_autofree char *text = NULL;
    if (!ca_file_is(&self->files, CA_REVOKED)) {
        self->revoked = json_array();
        return TRUE;
    }
    text = ca_file_read(&self->files, CA_REVOKED, error);
    self->revoked = text ? json_parse(text, strlen(text), error) : NULL;
    return json_is_array(self->revoked) || (text && arm_fail(error && *error ? NULL : error, ARM_INTERNAL, NULL,
                                                             "'%s/" CA_REVOKED "' is no list.", self->folder));
}

Authority *
authority_open(const char *state_dir, const StateKey *key, UnixTime now, GError **error)
{
    g_autoptr(Authority) self = g_new0(Authority, 1);
    self->folder = g_build_filename(state_dir, "ca", "vtpm", NULL);
    self->files = (CaFiles){ self->folder, key };
    self->key_fd = -1;
    g_rw_lock_init(&self->use);
    g_mutex_init(&self->lock);
    if (!folder_make(self->folder, error) || !root_settle(self, now, error) || !issuer_settle(self, now, error) ||
        !(self->formers = ca_formers_read(&self->files, error)) || !records_settle(self, now, error) ||
        !revoked_settle(self, error) || !key_show(self, error))
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
    g_clear_pointer(&self->formers, g_array_unref);
    json_decref(self->revoked);
    if (self->key_fd >= 0)
        close(self->key_fd);
    g_mutex_clear(&self->lock);
    g_rw_lock_clear(&self->use);
    g_free(self->key_path);
    g_clear_pointer(&self->crls, g_ptr_array_unref);
    g_free(self->crl_address);
    g_free(self->folder);
    g_free(self);
}

/* ---- a new CA that signs ---- */

static EVP_PKEY *
root_key_find(Authority *self, const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    EVP_PKEY *key = ca_key_read(&self->files, path ? path : CA_ROOT_KEY, &problem);
    const Issuer root = { key, self->root.certificate };
    if (key && issuer_fits(&root))
        return key;
    arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "rootKey",
             "A new issuing CA needs the root's private key: %s Put '" CA_ROOT_KEY
             "' back into '%s', or name the file where it is.",
             key ? "this is another one." : problem->message, self->folder);
    EVP_PKEY_free(key);
    return NULL;
}

static gboolean
issuer_renew(Authority *self, EVP_PKEY *root_key, UnixTime now, GError **error)
{
    const Issuer root = { root_key, self->root.certificate };
    Pair next = { .key = issuer_key_new() };
    next.certificate = issuer_ca_make(next.key, &root, now);
    if (!ca_issuer_replace(&self->files, &self->issuer, &next, error)) {
        pair_clear(&next);
        return FALSE;
    }
    g_array_append_val(self->formers, self->issuer);
    self->issuer = next;
    self->crls_made = 0;
    return key_show(self, error) && records_make(self, now, error);
}

gboolean
authority_renew(Authority *self, const char *root_key, UnixTime now, GError **error)
{
    EVP_PKEY *key = root_key_find(self, root_key, error);
    if (!key)
        return FALSE;
    g_rw_lock_writer_lock(&self->use);
    g_mutex_lock(&self->lock);
    const gboolean renewed = issuer_renew(self, key, now, error);
    g_mutex_unlock(&self->lock);
    g_rw_lock_writer_unlock(&self->use);
    EVP_PKEY_free(key);
    return renewed;
}

/* ---- what holds no more ---- */

gboolean
authority_is_revoked(Authority *self, GBytes *certificate)
{
    g_mutex_lock(&self->lock);
    const gboolean listed = crl_has(self->revoked, certificate);
    g_mutex_unlock(&self->lock);
    return listed;
}

static void
serial_add(json_t *list, const char *serial, const char *reason, UnixTime now)
{
    json_t *one = json_pack("{ss sI}", "serial", serial, "at", (json_int_t)(now / USEC_PER_SEC));
    json_set_text(one, "reason", reason);
    json_array_append_new(list, one);
}

/* One file, written once: a crash leaves it with all of them, or with none. */
static gboolean
serials_add(Authority *self, const GPtrArray *serials, const char *reason, UnixTime now, GError **error)
{
    g_autoptr(json_t) list = json_deep_copy(self->revoked);
    for (guint i = 0; i < serials->len; i++) {
        if (!crl_has_serial(list, g_ptr_array_index(serials, i)))
            serial_add(list, g_ptr_array_index(serials, i), reason, now);
    }
    if (json_array_size(list) == json_array_size(self->revoked))
        return TRUE;
    g_autofree char *text = json_text(list);
    if (!ca_file_write(&self->files, CA_REVOKED, text, error))
        return FALSE;
    json_decref(self->revoked);
    self->revoked = g_steal_pointer(&list);
    self->crls_made = 0;
    return TRUE;
}

gboolean
authority_revoke(Authority *self, const char *const *serials, const char *reason, UnixTime now, GError **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);
    for (; *serials; serials++) {
        char *serial = crl_serial_read(*serials);
        if (!serial)
            return arm_fail(error, ARM_INVALID_PARAMETER, "serial",
                            "'%.50s' is no serial number: 1 to 40 hexadecimal digits are one.", *serials);
        g_ptr_array_add(known, serial);
    }
    g_mutex_lock(&self->lock);
    const gboolean revoked = serials_add(self, known, reason, now, error);
    g_mutex_unlock(&self->lock);
    return revoked;
}

json_t *
authority_revoked(Authority *self)
{
    g_mutex_lock(&self->lock);
    json_t *list = json_deep_copy(self->revoked);
    g_mutex_unlock(&self->lock);
    return list;
}

static void
crls_make(Authority *self, UnixTime now)
{
    const Issuer issuer = pair_issuer(&self->issuer);
    g_clear_pointer(&self->crls, g_ptr_array_unref);
    self->crls = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_ptr_array_add(self->crls, crl_make(self->revoked, &issuer, now));
    for (guint i = 0; i < self->formers->len; i++) {
        const Issuer former = pair_issuer(&g_array_index(self->formers, Pair, i));
        g_ptr_array_add(self->crls, crl_make(self->revoked, &former, now));
    }
    self->crls_made = now;
}

/* Under the lock. */
static void
crls_settle(Authority *self, UnixTime now)
{
    if (self->crls_made == 0 || now - self->crls_made > CRL_EVERY || now < self->crls_made)
        crls_make(self, now);
}

char *
authority_crls(Authority *self, UnixTime now)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_mutex_lock(&self->lock);
    crls_settle(self, now);
    for (guint i = 0; i < self->crls->len; i++) {
        g_autofree char *list = crl_text(g_ptr_array_index(self->crls, i));
        g_string_append(text, list);
    }
    g_mutex_unlock(&self->lock);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Under the lock. */
static X509 *
certificate_at(const Authority *self, guint i)
{
    return i == 0 ? self->issuer.certificate : g_array_index(self->formers, Pair, i - 1).certificate;
}

GBytes *
authority_crl(Authority *self, const char *id, UnixTime now)
{
    GBytes *found = NULL;
    g_mutex_lock(&self->lock);
    crls_settle(self, now);
    for (guint i = 0; i < self->crls->len && !found; i++) {
        g_autofree char *own = issuer_id(certificate_at(self, i));
        found = strcmp(own, id) == 0 ? g_bytes_ref(g_ptr_array_index(self->crls, i)) : NULL;
    }
    g_mutex_unlock(&self->lock);
    return found;
}

void
authority_crl_address_set(Authority *self, const char *address)
{
    g_free(self->crl_address);
    self->crl_address = g_strdup(address);
}

const char *
authority_crl_address(const Authority *self)
{
    return self->crl_address;
}

/* ---- what it is for ---- */

char *
authority_chain(Authority *self)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_mutex_lock(&self->lock);
    g_autofree char *root = issuer_certificate_text(self->root.certificate);
    g_autofree char *issuer = issuer_certificate_text(self->issuer.certificate);
    g_string_append_printf(text, "%s%s", root, issuer);
    for (guint i = self->formers->len; i > 0; i--) {
        g_autofree char *former = issuer_certificate_text(g_array_index(self->formers, Pair, i - 1).certificate);
        g_string_append(text, former);
    }
    g_mutex_unlock(&self->lock);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

gboolean
authority_root_key_here(const Authority *self)
{
    return ca_file_is(&self->files, CA_ROOT_KEY);
}

char *
authority_record_sign(Authority *self, const json_t *record, GError **error)
{
    g_mutex_lock(&self->lock);
    g_autofree char *own = issuer_certificate_text(self->records.certificate);
    g_autofree char *issuer = issuer_certificate_text(self->issuer.certificate);
    g_autofree char *root = issuer_certificate_text(self->root.certificate);
    g_autofree char *chain = g_strconcat(own, issuer, root, NULL);
    char *text = record_sign(record, self->records.key, chain, error);
    g_mutex_unlock(&self->lock);
    return text;
}
