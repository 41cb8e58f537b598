#include "guest/tls.h"

#include "base/guest_wire.h"

#ifdef HAVE_BEARSSL

#include <bearssl.h>
#include <string.h>
#include <sys/random.h>

/* ---- any certificate ---- */

/* The key that the handshake is checked with is that of the first certificate, whoever signed it. */
typedef struct {
    const br_x509_class *vtable;
    br_x509_decoder_context decoder;
    bool first;
} AnyCertificate;

static void
chain_start(const br_x509_class **ctx, const char *server_name)
{
    (void)server_name;
    ((AnyCertificate *)(void *)ctx)->first = true;
}

static void
certificate_start(const br_x509_class **ctx, uint32_t length)
{
    AnyCertificate *self = (AnyCertificate *)(void *)ctx;
    (void)length;
    if (self->first)
        br_x509_decoder_init(&self->decoder, NULL, NULL);
}

static void
certificate_append(const br_x509_class **ctx, const unsigned char *bytes, size_t length)
{
    AnyCertificate *self = (AnyCertificate *)(void *)ctx;
    if (self->first)
        br_x509_decoder_push(&self->decoder, bytes, length);
}

static void
certificate_end(const br_x509_class **ctx)
{
    ((AnyCertificate *)(void *)ctx)->first = false;
}

static unsigned
chain_end(const br_x509_class **ctx)
{
    AnyCertificate *self = (AnyCertificate *)(void *)ctx;
    return self->first ? BR_ERR_X509_EMPTY_CHAIN : (unsigned)br_x509_decoder_last_error(&self->decoder);
}

static const br_x509_pkey *
key_get(const br_x509_class *const *ctx, unsigned *usages)
{
    if (usages)
        *usages = BR_KEYTYPE_SIGN;
    return br_x509_decoder_get_pkey(&((AnyCertificate *)(void *)ctx)->decoder);
}

static const br_x509_class any_certificate = {
    .context_size = sizeof(AnyCertificate),
    .start_chain = chain_start,
    .start_cert = certificate_start,
    .append = certificate_append,
    .end_cert = certificate_end,
    .end_chain = chain_end,
    .get_pkey = key_get,
};

/* ---- the client ---- */

struct Tls {
    Stream *stream;
    AnyCertificate certificate;
    br_ssl_client_context client;
    br_sslio_context io;
    bool ended; /* the connection, with or without a word */
    unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
};

static const uint16_t suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,       BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,       BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};

/* The small implementations, of what the suites need and nothing else: br_ssl_client_init_full() brings twice as much. */
static void
engine_set_up(br_ssl_client_context *client)
{
    br_ssl_engine_context *engine = &client->eng;
    br_ssl_client_zero(client);
    br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(engine, suites, sizeof suites / sizeof *suites);
    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(engine, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_hash(engine, br_sha512_ID, &br_sha512_vtable);
    br_ssl_engine_set_prf_sha256(engine, &br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(engine, &br_tls12_sha384_prf);
    br_ssl_engine_set_ec(engine, &br_ec_prime_i31);
    br_ssl_engine_set_rsavrfy(engine, &br_rsa_i31_pkcs1_vrfy);
    br_ssl_engine_set_ecdsa(engine, &br_ecdsa_i31_vrfy_asn1);
    br_ssl_engine_set_aes_ctr(engine, &br_aes_ct64_ctr_vtable);
    br_ssl_engine_set_ghash(engine, &br_ghash_ctmul64);
    br_ssl_engine_set_gcm(engine, &br_sslrec_in_gcm_vtable, &br_sslrec_out_gcm_vtable);
    br_ssl_engine_set_chacha20(engine, &br_chacha20_ct_run);
    br_ssl_engine_set_poly1305(engine, &br_poly1305_ctmul_run);
    br_ssl_engine_set_chapol(engine, &br_sslrec_in_chapol_vtable, &br_sslrec_out_chapol_vtable);
}

static int
io_read(void *ctx, unsigned char *bytes, size_t max)
{
    Tls *tls = ctx;
    const long n = stream_read(tls->stream, bytes, max);
    tls->ended = n == 0;
    return n > 0 ? (int)n : -1;
}

static int
io_write(void *ctx, const unsigned char *bytes, size_t length)
{
    return (int)stream_write(((Tls *)ctx)->stream, bytes, length);
}

static void
why_find(Tls *tls)
{
    const int error = br_ssl_engine_last_error(&tls->client.eng);
    if (!tls->stream->why)
        tls->stream->why = error == BR_ERR_OK || error == BR_ERR_IO ? WIRE_CLOSED : WIRE_TLS_FAILED;
}

Tls *
tls_begin(Stream *stream)
{
    static Tls tls;
    unsigned char seed[32];
    tls.stream = stream;
    tls.certificate.vtable = &any_certificate;
    engine_set_up(&tls.client);
    br_ssl_engine_set_x509(&tls.client.eng, &tls.certificate.vtable);
    br_ssl_engine_set_buffer(&tls.client.eng, tls.buffer, sizeof tls.buffer, 1);
    /* Never waits: a guest that has just begun and has no random numbers yet is asked again. */
    if (getrandom(seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        stream->why = WIRE_GUEST_FAILED;
        return NULL;
    }
    br_ssl_engine_inject_entropy(&tls.client.eng, seed, sizeof seed);
    if (!br_ssl_client_reset(&tls.client, "localhost", 0)) {
        stream->why = WIRE_GUEST_FAILED;
        return NULL;
    }
    br_sslio_init(&tls.io, &tls.client.eng, io_read, &tls, io_write, &tls);
    /* The handshake. */
    if (br_sslio_flush(&tls.io) != 0) {
        /* Whoever hangs up at our first words speaks another version, or none. */
        if (stream->why == NULL || strcmp(stream->why, WIRE_CLOSED) == 0)
            stream->why = WIRE_TLS_FAILED;
        return NULL;
    }
    return &tls;
}

long
tls_read(Tls *tls, void *bytes, size_t max)
{
    const int n = br_sslio_read(&tls->io, bytes, max);
    if (n > 0)
        return n;
    /* Many hang up without TLS's own word for it. */
    if (tls->ended || br_ssl_engine_last_error(&tls->client.eng) == BR_ERR_OK)
        return 0;
    why_find(tls);
    return -1;
}

bool
tls_write_all(Tls *tls, const void *bytes, size_t length)
{
    if (br_sslio_write_all(&tls->io, bytes, length) == 0 && br_sslio_flush(&tls->io) == 0)
        return true;
    why_find(tls);
    return false;
}

#else

Tls *
tls_begin(Stream *stream)
{
    stream->why = WIRE_NO_TLS;
    return NULL;
}

long
tls_read(Tls *tls, void *bytes, size_t max)
{
    (void)tls;
    (void)bytes;
    (void)max;
    return -1;
}

bool
tls_write_all(Tls *tls, const void *bytes, size_t length)
{
    (void)tls;
    (void)bytes;
    (void)length;
    return false;
}

#endif
