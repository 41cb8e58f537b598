#include "attest/chain.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#define MAX_CA_CERTIFICATES 16

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

Chain *
chain_new(void)
{
    Chain *chain = sk_X509_new_null();
    g_assert(chain);
    return chain;
}

void
chain_free(Chain *chain)
{
    sk_X509_pop_free(chain, X509_free);
}

static gboolean
push(Chain *chain, X509 *certificate)
{
    if (sk_X509_push(chain, certificate) > 0)
        return TRUE;
    X509_free(certificate);
    return FALSE;
}

gboolean
chain_add(Chain *chain, GBytes *der)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(der, &size);
    X509 *certificate = size > 0 && size < G_MAXINT32 ? d2i_X509(NULL, &bytes, (long)size) : NULL;
    return certificate && push(chain, certificate);
}

X509 *
chain_first(const Chain *chain)
{
    return sk_X509_value(chain, 0);
}

char *
chain_name(const Chain *chain)
{
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    if (!out || X509_NAME_print_ex(out, X509_get_subject_name(chain_first(chain)), 0, XN_FLAG_RFC2253) < 0)
        return g_strdup("");
    const long size = BIO_get_mem_data(out, &bytes);
    return g_strndup(bytes, (gsize)size);
}

/* Roots go to the store, which trusts them; the others only lead there. */
static gboolean
ca_read(GBytes *pem, X509_STORE *roots, Chain *between)
{
    gsize size;
    const void *bytes = g_bytes_get_data(pem, &size);
    g_autoptr(BIO) source = size > 0 && size < G_MAXINT32 ? BIO_new_mem_buf(bytes, (int)size) : NULL;
    guint n_roots = 0;
    for (guint n = 0; source && n < MAX_CA_CERTIFICATES; n++) {
        X509 *certificate = PEM_read_bio_X509(source, NULL, NULL, NULL);
        if (!certificate)
            break;
        if (X509_self_signed(certificate, /* verify_signature= */ 1) == 1) {
            n_roots += X509_STORE_add_cert(roots, certificate) == 1;
            X509_free(certificate);
        } else {
            push(between, certificate);
        }
    }
    return n_roots > 0;
}

gboolean
chain_has_root(GBytes *ca)
{
    g_autoptr(X509_STORE) roots = X509_STORE_new();
    g_autoptr(Chain) between = chain_new();
    return roots && ca_read(ca, roots, between);
}

gboolean
chain_leads(const Chain *chain, GBytes *ca, UnixTime at)
{
    g_autoptr(X509_STORE) roots = X509_STORE_new();
    g_autoptr(Chain) between = chain_new();
    g_autoptr(X509_STORE_CTX) context = X509_STORE_CTX_new();
    if (!roots || !context || !ca_read(ca, roots, between))
        return FALSE;
    for (int i = 1; i < sk_X509_num(chain); i++) {
        X509 *certificate = sk_X509_value(chain, i);
        X509_up_ref(certificate);
        push(between, certificate);
    }
    if (X509_STORE_CTX_init(context, roots, chain_first(chain), between) != 1)
        return FALSE;
    X509_STORE_CTX_set_time(context, 0, (time_t)(at / G_USEC_PER_SEC));
    return X509_verify_cert(context) == 1;
}
