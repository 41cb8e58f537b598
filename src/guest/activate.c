/* Who made a credential for an endorsement key and the name of an attestation key gets its secret back from the TPM that has
 * both, and from no other. */
#include "base/guest_wire.h"
#include "guest/guest.h"
#include "guest/tpm.h"

#include <string.h>

/* TPM2B_ID_OBJECT: an HMAC, and a digest, encrypted, each with its size; TPM2B_ENCRYPTED_SECRET: as long as the EK. */
#define ID_OBJECT_MAX 134u
#define SECRET_MAX    514u
#define PIECE_MIN     3u

typedef struct {
    TpmBlob id_object, secret;
} Credential;

/* Its size, and exactly as many bytes. */
static bool
sized_read(TpmBlob *blob, const char *text, size_t max)
{
    if (!tpm_blob_from_hex(blob, text, PIECE_MIN, max))
        return false;
    Cursor in = cursor_over(blob->bytes, blob->length);
    cursor_sized(&in);
    return cursor_is_done(&in);
}

static Cursor
inside(const TpmBlob *blob)
{
    return cursor_over(blob->bytes + 2, blob->length - 2);
}

static bool
session_start(Tpm *tpm, uint32_t *ret_session)
{
    uint8_t buffer[TPM_COMMAND_MAX];
    TpmOut out = tpm_out_in(buffer, sizeof buffer);
    TpmResponse response;
    tpm_put_start_auth_session(&out);
    if (!tpm_ask(tpm, TPM_START_AUTH_SESSION, &out, &response))
        return false;
    *ret_session = response.handle;
    return tpm_read_session(response.parameters) || tpm_garbled(tpm);
}

static bool
policy_fulfil(Tpm *tpm, uint32_t session)
{
    uint8_t buffer[TPM_COMMAND_MAX];
    TpmOut out = tpm_out_in(buffer, sizeof buffer);
    TpmResponse response;
    tpm_put_policy_secret(&out, session);
    return tpm_ask(tpm, TPM_POLICY_SECRET, &out, &response) &&
           (tpm_read_policy_secret(response.parameters) || tpm_garbled(tpm));
}

static bool
credential_activate(Tpm *tpm, const Credential *credential, const TpmKey *ak, const TpmKey *ek, uint32_t session,
                    TpmBlob *ret_secret)
{
    uint8_t buffer[TPM_COMMAND_MAX];
    TpmOut out = tpm_out_in(buffer, sizeof buffer);
    TpmResponse response;
    Cursor secret;
    tpm_put_activate_credential(&out, ak->handle, ek->handle, session, inside(&credential->id_object),
                                inside(&credential->secret));
    return tpm_ask(tpm, TPM_ACTIVATE_CREDENTIAL, &out, &response) &&
           ((tpm_read_credential(response.parameters, &secret) && tpm_blob_keep(ret_secret, secret.at, secret.left)) ||
            tpm_garbled(tpm));
}

static bool
activate(Tpm *tpm, const Credential *credential, TpmBlob *ret_secret)
{
    static TpmKey ak, ek;
    uint32_t session = 0;
    const bool done = tpm_ak_make(tpm, &ak) && tpm_ek_find(tpm, &ek) && session_start(tpm, &session) &&
                      policy_fulfil(tpm, session) && credential_activate(tpm, credential, &ak, &ek, session, ret_secret);
    if (session != 0 && !done)
        tpm_flush(tpm, session);
    tpm_key_flush(tpm, &ek);
    tpm_key_flush(tpm, &ak);
    return done;
}

static int
say_secret(const TpmBlob *secret)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * sizeof secret->bytes + 1];
    size_t n = 0;
    for (size_t i = 0; i < secret->length; i++) {
        hex[n++] = digits[secret->bytes[i] >> 4];
        hex[n++] = digits[secret->bytes[i] & 0xf];
    }
    hex[n++] = '\n';
    return say_text(WIRE_SECRET " ") && say(hex, n) ? GUEST_OK : GUEST_FAILED;
}

int
activate_main(char **argv)
{
    static Tpm tpm;
    static Credential credential;
    static TpmBlob secret;
    const char *path = NULL;
    const bool has =
        sized_read(&credential.id_object, argv[1], ID_OBJECT_MAX) && sized_read(&credential.secret, argv[2], SECRET_MAX);
    char **more = has ? argv + 3 : NULL;
    if (more && *more && strcmp(*more, "--tpm") == 0 && (path = more[1]) != NULL)
        more += 2;
    if (!more || *more)
        return say_usage("activate ID-OBJECT ENCRYPTED-SECRET [--tpm DEVICE|SOCKET]; both in hexadecimal, with their sizes");
    if (tpm_open(&tpm, path))
        activate(&tpm, &credential, &secret);
    tpm_close(&tpm);
    return tpm.state == TPM_FINE ? say_secret(&secret) : tpm_say_failure(&tpm);
}
