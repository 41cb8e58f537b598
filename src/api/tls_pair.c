#include "api/tls_pair.h"

#include "base/error.h"

#include <string.h>

struct TlsPair {
    gint references; /* atomic */
    gnutls_pcert_st *chain;
    guint length;
    gnutls_privkey_t key;
};

static void
pair_free(TlsPair *pair)
{
    for (guint i = 0; i < pair->length; i++)
        gnutls_pcert_deinit(&pair->chain[i]);
    g_free(pair->chain);
    if (pair->key)
        gnutls_privkey_deinit(pair->key);
    g_free(pair);
}

static TlsPair *
pair_ref(TlsPair *pair)
{
    if (pair)
        g_atomic_int_inc(&pair->references);
    return pair;
}

void
tls_pair_unref(TlsPair *pair)
{
    if (pair && g_atomic_int_dec_and_test(&pair->references))
        pair_free(pair);
}

static int
chain_fill(TlsPair *pair, gnutls_certificate_credentials_t from)
{
    gnutls_x509_crt_t *certificates = NULL;
    guint n = 0;
    int code = gnutls_certificate_get_x509_crt(from, 0, &certificates, &n);
    pair->chain = g_new0(gnutls_pcert_st, n);
    for (guint i = 0; i < n; i++) {
        if (code >= 0)
            code = gnutls_pcert_import_x509(&pair->chain[i], certificates[i], 0);
        pair->length += code >= 0 ? 1 : 0;
        gnutls_x509_crt_deinit(certificates[i]);
    }
    gnutls_free(certificates);
    return code;
}

static int
key_fill(TlsPair *pair, gnutls_certificate_credentials_t from)
{
    gnutls_x509_privkey_t key = NULL;
    int code = gnutls_certificate_get_x509_key(from, 0, &key);
    if (code >= 0)
        code = gnutls_privkey_init(&pair->key);
    if (code >= 0)
        code = gnutls_privkey_import_x509(pair->key, key, GNUTLS_PRIVKEY_IMPORT_COPY);
    gnutls_x509_privkey_deinit(key);
    return code;
}

/* GnuTLS 3.7's credentials lose what they had read of a chain whose later part is none. */
static int
chain_check(const gnutls_datum_t *certificate)
{
    gnutls_x509_crt_t *chain = NULL;
    guint n = 0;
    int code = gnutls_x509_crt_list_import2(&chain, &n, certificate, GNUTLS_X509_FMT_PEM, /* flags= */ 0);
    for (guint i = 0; code >= 0 && i < n; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return code;
}

/* GnuTLS's credentials sort a chain, and refuse a key of another certificate: what they took is taken out of them. */
static int
pair_fill(TlsPair *pair, const char *certificate, const char *key)
{
    gnutls_datum_t certificate_bytes = { (void *)certificate, (guint)strlen(certificate) };
    gnutls_datum_t key_bytes = { (void *)key, (guint)strlen(key) };
    gnutls_certificate_credentials_t credentials;
    int code = chain_check(&certificate_bytes);
    if (code >= 0)
        code = gnutls_certificate_allocate_credentials(&credentials);
    if (code < 0)
        return code;
    code = gnutls_certificate_set_x509_key_mem(credentials, &certificate_bytes, &key_bytes, GNUTLS_X509_FMT_PEM);
    if (code >= 0)
        code = chain_fill(pair, credentials);
    if (code >= 0)
        code = key_fill(pair, credentials);
    gnutls_certificate_free_credentials(credentials);
    return code;
}

TlsPair *
tls_pair_new(const char *certificate, const char *key, GError **error)
{
    g_autoptr(TlsPair) pair = g_new0(TlsPair, 1);
    pair->references = 1;
    int code = pair_fill(pair, certificate, key);
    if (code >= 0)
        return g_steal_pointer(&pair);
    arm_fail(error, ARM_INVALID_PARAMETER, "tls-cert", "HTTPS cannot use this certificate and this key: %s",
             gnutls_strerror(code));
    return NULL;
}

void
tls_pair_offer(TlsPair *pair, gnutls_session_t session)
{
    /* libmicrohttpd's own pointer there is for keys that are shared ahead (PSK). */
    gnutls_session_set_ptr(session, pair);
}

int
tls_pair_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int n_authorities,
                  const gnutls_pk_algorithm_t *algorithms, int n_algorithms, gnutls_pcert_st **ret_chain, unsigned *ret_length,
                  gnutls_privkey_t *ret_key)
{
    const TlsPair *pair = gnutls_session_get_ptr(session);
    (void)authorities;
    (void)n_authorities;
    (void)algorithms;
    (void)n_algorithms;
    *ret_chain = pair->chain;
    *ret_length = pair->length;
    *ret_key = pair->key;
    return 0;
}

void
tls_slot_init(TlsSlot *slot)
{
    g_mutex_init(&slot->lock);
    slot->pair = NULL;
}

void
tls_slot_clear(TlsSlot *slot)
{
    g_clear_pointer(&slot->pair, tls_pair_unref);
    g_mutex_clear(&slot->lock);
}

void
tls_slot_put(TlsSlot *slot, TlsPair *pair)
{
    g_mutex_lock(&slot->lock);
    TlsPair *former = slot->pair;
    slot->pair = pair;
    g_mutex_unlock(&slot->lock);
    tls_pair_unref(former);
}

TlsPair *
tls_slot_ref(TlsSlot *slot)
{
    g_mutex_lock(&slot->lock);
    TlsPair *pair = pair_ref(slot->pair);
    g_mutex_unlock(&slot->lock);
    return pair;
}
