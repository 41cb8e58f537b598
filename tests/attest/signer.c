#include "signer.h"

#include "attest/digest.h"
#include "attest/pcrs.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <string.h>

static void
put(GByteArray *to, guint64 value, guint size)
{
    for (guint i = size; i-- > 0;) {
        guint8 byte = (guint8)(value >> 8 * i);
        g_byte_array_append(to, &byte, 1);
    }
}

static void
put_sized(GByteArray *to, const void *bytes, gsize size)
{
    put(to, size, 2);
    g_byte_array_append(to, bytes, (guint)size);
}

static GBytes *
sized(const GByteArray *area)
{
    GByteArray *whole = g_byte_array_new();
    put_sized(whole, area->data, area->len);
    return g_byte_array_free_to_bytes(whole);
}

/* TPMT_PUBLIC of a restricted P-256 key that signs by ECDSA with SHA-256. */
static GBytes *
public_of(EVP_PKEY *key)
{
    guint8 point[65];
    gsize size;
    g_autoptr(GByteArray) area = g_byte_array_new();
    g_assert_cmpint(EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &size), ==, 1);
    put(area, 0x0023000b, 4);
    put(area, 0x00050472, 4);
    put_sized(area, "", 0);
    put(area, 0x00100018000b0003, 8);
    put(area, 0x0010, 2);
    put_sized(area, point + 1, 32);
    put_sized(area, point + 33, 32);
    return sized(area);
}

static GBytes *
attest_of(const TpmKey *ak, GBytes *nonce, const Selection *selections, guint n_selections, const guint8 *digest)
{
    guint8 signer[TPM_NAME_SIZE];
    GByteArray *attest = g_byte_array_new();
    tpm_key_qualified_name(ak, NULL, TPM_RH_ENDORSEMENT, signer);
    put(attest, 0xff5443478018, 6);
    put_sized(attest, signer, sizeof signer);
    put_sized(attest, g_bytes_get_data(nonce, NULL), g_bytes_get_size(nonce));
    put(attest, 1000, 8);
    put(attest, 1, 4);
    put(attest, 0, 4);
    put(attest, 1, 1);
    put(attest, 1, 8);
    put(attest, n_selections, 4);
    for (guint i = 0; i < n_selections; i++) {
        put(attest, selections[i].bank, 2);
        put(attest, 3, 1);
        for (guint byte = 0; byte < 3; byte++)
            put(attest, selections[i].pcrs >> 8 * byte & 0xff, 1);
    }
    put_sized(attest, digest, SHA256_SIZE);
    return g_byte_array_free_to_bytes(attest);
}

static GBytes *
signature_of(EVP_PKEY *key, GBytes *bytes)
{
    guint8 der[128], number[32];
    gsize size = sizeof der, length;
    const guint8 *data = g_bytes_get_data(bytes, &length), *at = der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    g_assert_cmpint(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), ==, 1);
    g_assert_cmpint(EVP_DigestSign(context, der, &size, data, length), ==, 1);
    EVP_MD_CTX_free(context);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
    const BIGNUM *numbers[] = { ECDSA_SIG_get0_r(pair), ECDSA_SIG_get0_s(pair) };
    GByteArray *signature = g_byte_array_new();
    put(signature, 0x0018000b, 4);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpint(BN_bn2binpad(numbers[i], number, sizeof number), ==, sizeof number);
        put_sized(signature, number, sizeof number);
    }
    ECDSA_SIG_free(pair);
    return g_byte_array_free_to_bytes(signature);
}

Case
signer_quote_log(GBytes *bytes, const Selection *selections, guint n_selections, guint32 digest_pcrs)
{
    Case one = { .nonce = g_bytes_new_static("a nonce", 7), .evidence = { .log = g_bytes_ref(bytes) } };
    EVP_PKEY *key = EVP_EC_gen("P-256");
    g_autoptr(EventLog) log = event_log_parse(one.evidence.log, NULL);
    Pcrs pcrs;
    guint8 digest[SHA256_SIZE];
    pcrs_replay(log, &pcrs);
    pcrs_digest(&pcrs, digest_pcrs, digest);
    one.evidence.ak = public_of(key);
    g_autoptr(TpmKey) ak = tpm_key_parse(one.evidence.ak, NULL);
    one.evidence.attest = attest_of(ak, one.nonce, selections, n_selections, digest);
    one.evidence.signature = signature_of(key, one.evidence.attest);
    EVP_PKEY_free(key);
    return one;
}

Case
signer_quote(const char *name, const Selection *selections, guint n_selections, guint32 digest_pcrs)
{
    g_autofree char *path = g_build_filename(name, "eventlog.bin", NULL);
    g_autoptr(GBytes) log = fixture_read(path, FALSE);
    return signer_quote_log(log, selections, n_selections, digest_pcrs);
}
