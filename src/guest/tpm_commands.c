#include "guest/tpm_commands.h"

#define ST_NO_SESSIONS   0x8001
#define ST_SESSIONS      0x8002
#define RH_NULL          0x40000007u
#define RS_PASSWORD      0x40000009u
#define RH_ENDORSEMENT   0x4000000bu
#define SESSION_POLICY   0x01
#define ALG_RSA          0x0001
#define ALG_AES          0x0006
#define ALG_SHA256       0x000b
#define ALG_NULL         0x0010
#define ALG_ECDSA        0x0018
#define ALG_ECC          0x0023
#define ALG_CFB          0x0043
#define ECC_P256         0x0003
#define MODULUS_SIZE     256u
#define SELECT_BYTES     3u /* 24 PCRs */
#define SESSION_NONCE    16u
#define MAX_PCRS_AT_ONCE 8u
/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign. */
#define AK_ATTRIBUTES 0x00050472u
/* fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt. */
#define EK_ATTRIBUTES 0x000300b2u

static const uint32_t codes[TPM_N_COMMANDS] = {
    [TPM_CREATE_PRIMARY] = 0x131,     [TPM_READ_PUBLIC] = 0x173,    [TPM_QUOTE] = 0x158,
    [TPM_PCR_READ] = 0x17e,           [TPM_NV_READ_PUBLIC] = 0x169, [TPM_NV_READ] = 0x14e,
    [TPM_START_AUTH_SESSION] = 0x176, [TPM_POLICY_SECRET] = 0x151,  [TPM_ACTIVATE_CREDENTIAL] = 0x147,
    [TPM_FLUSH_CONTEXT] = 0x165,
};

/* ---- commands ---- */

static void
begin(TpmOut *out, uint16_t tag, TpmCommand command)
{
    tpm_put_u16(out, tag);
    tpm_size_begin(out, 4);
    tpm_put_u32(out, codes[command]);
}

/* The size of the whole stands behind the tag, and counts all. */
static void
end(TpmOut *out)
{
    tpm_size_end(out, 2, 4, 2);
}

/* TPMS_AUTH_COMMAND: without nonce, attributes and HMAC. */
static void
put_session(TpmOut *out, uint32_t handle)
{
    tpm_put_u32(out, handle);
    tpm_put_u16(out, 0);
    tpm_put_u8(out, 0);
    tpm_put_u16(out, 0);
}

static void
put_password(TpmOut *out)
{
    const size_t area = tpm_size_begin(out, 4);
    put_session(out, RS_PASSWORD);
    tpm_size_end(out, area, 4, 0);
}

/* TPML_PCR_SELECTION of one bank. */
static void
put_selection(TpmOut *out, uint32_t pcrs)
{
    tpm_put_u32(out, 1);
    tpm_put_u16(out, ALG_SHA256);
    tpm_put_u8(out, SELECT_BYTES);
    for (unsigned i = 0; i < SELECT_BYTES; i++)
        tpm_put_u8(out, (uint8_t)(pcrs >> (8 * i)));
}

static void
put_ak_template(TpmOut *out)
{
    tpm_put_u16(out, ALG_ECC);
    tpm_put_u16(out, ALG_SHA256);
    tpm_put_u32(out, AK_ATTRIBUTES);
    tpm_put_sized(out, NULL, 0); /* authPolicy */
    tpm_put_u16(out, ALG_NULL);  /* symmetric */
    tpm_put_u16(out, ALG_ECDSA);
    tpm_put_u16(out, ALG_SHA256);
    tpm_put_u16(out, ECC_P256);
    tpm_put_u16(out, ALG_NULL);  /* kdf */
    tpm_put_sized(out, NULL, 0); /* unique: x, y */
    tpm_put_sized(out, NULL, 0);
}

static void
put_ek_template(TpmOut *out)
{
    /* PolicyA: PolicySecret(TPM_RH_ENDORSEMENT). */
    static const uint8_t policy[TPM_SHA256_SIZE] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
                                                     0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
                                                     0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa };
    static const uint8_t unique[MODULUS_SIZE];
    tpm_put_u16(out, ALG_RSA);
    tpm_put_u16(out, ALG_SHA256);
    tpm_put_u32(out, EK_ATTRIBUTES);
    tpm_put_sized(out, policy, sizeof policy);
    tpm_put_u16(out, ALG_AES);
    tpm_put_u16(out, 128);
    tpm_put_u16(out, ALG_CFB);
    tpm_put_u16(out, ALG_NULL); /* scheme */
    tpm_put_u16(out, 8 * MODULUS_SIZE);
    tpm_put_u32(out, 0); /* exponent: 65537 */
    tpm_put_sized(out, unique, sizeof unique);
}

void
tpm_put_create_primary(TpmOut *out, TpmTemplate template)
{
    begin(out, ST_SESSIONS, TPM_CREATE_PRIMARY);
    tpm_put_u32(out, RH_ENDORSEMENT);
    put_password(out);
    const size_t sensitive = tpm_size_begin(out, 2);
    tpm_put_sized(out, NULL, 0); /* userAuth, data */
    tpm_put_sized(out, NULL, 0);
    tpm_size_end(out, sensitive, 2, 0);
    const size_t area = tpm_size_begin(out, 2);
    if (template == TPM_KEY_AK)
        put_ak_template(out);
    else
        put_ek_template(out);
    tpm_size_end(out, area, 2, 0);
    tpm_put_sized(out, NULL, 0); /* outsideInfo */
    tpm_put_u32(out, 0);         /* creationPCR */
    end(out);
}

void
tpm_put_read_public(TpmOut *out, uint32_t handle)
{
    begin(out, ST_NO_SESSIONS, TPM_READ_PUBLIC);
    tpm_put_u32(out, handle);
    end(out);
}

void
tpm_put_quote(TpmOut *out, uint32_t key, const void *nonce, size_t nonce_length, uint32_t pcrs)
{
    begin(out, ST_SESSIONS, TPM_QUOTE);
    tpm_put_u32(out, key);
    put_password(out);
    tpm_put_sized(out, nonce, nonce_length);
    tpm_put_u16(out, ALG_NULL); /* the key's own scheme */
    put_selection(out, pcrs);
    end(out);
}

void
tpm_put_pcr_read(TpmOut *out, uint32_t pcrs)
{
    begin(out, ST_NO_SESSIONS, TPM_PCR_READ);
    put_selection(out, pcrs);
    end(out);
}

void
tpm_put_nv_read_public(TpmOut *out, uint32_t index)
{
    begin(out, ST_NO_SESSIONS, TPM_NV_READ_PUBLIC);
    tpm_put_u32(out, index);
    end(out);
}

void
tpm_put_nv_read(TpmOut *out, uint32_t index, uint16_t offset, uint16_t length)
{
    begin(out, ST_SESSIONS, TPM_NV_READ);
    tpm_put_u32(out, index); /* who allows it, and what is read */
    tpm_put_u32(out, index);
    put_password(out);
    tpm_put_u16(out, length);
    tpm_put_u16(out, offset);
    end(out);
}

void
tpm_put_start_auth_session(TpmOut *out)
{
    /* Neither salted nor bound, and without HMACs: nothing is made from this nonce. */
    static const uint8_t nonce[SESSION_NONCE];
    begin(out, ST_NO_SESSIONS, TPM_START_AUTH_SESSION);
    tpm_put_u32(out, RH_NULL); /* tpmKey, bind */
    tpm_put_u32(out, RH_NULL);
    tpm_put_sized(out, nonce, sizeof nonce);
    tpm_put_sized(out, NULL, 0); /* encryptedSalt */
    tpm_put_u8(out, SESSION_POLICY);
    tpm_put_u16(out, ALG_NULL);
    tpm_put_u16(out, ALG_SHA256);
    end(out);
}

void
tpm_put_policy_secret(TpmOut *out, uint32_t session)
{
    begin(out, ST_SESSIONS, TPM_POLICY_SECRET);
    tpm_put_u32(out, RH_ENDORSEMENT);
    tpm_put_u32(out, session);
    put_password(out);
    tpm_put_sized(out, NULL, 0); /* nonceTPM, cpHashA, policyRef */
    tpm_put_sized(out, NULL, 0);
    tpm_put_sized(out, NULL, 0);
    tpm_put_u32(out, 0); /* expiration: never */
    end(out);
}

void
tpm_put_activate_credential(TpmOut *out, uint32_t ak, uint32_t ek, uint32_t session, Cursor id_object, Cursor secret)
{
    begin(out, ST_SESSIONS, TPM_ACTIVATE_CREDENTIAL);
    tpm_put_u32(out, ak);
    tpm_put_u32(out, ek);
    const size_t area = tpm_size_begin(out, 4);
    put_session(out, RS_PASSWORD);
    put_session(out, session);
    tpm_size_end(out, area, 4, 0);
    tpm_put_sized(out, id_object.at, id_object.left);
    tpm_put_sized(out, secret.at, secret.left);
    end(out);
}

void
tpm_put_flush_context(TpmOut *out, uint32_t handle)
{
    begin(out, ST_NO_SESSIONS, TPM_FLUSH_CONTEXT);
    tpm_put_u32(out, handle);
    end(out);
}

/* ---- responses ---- */

/* TPMS_AUTH_RESPONSE, one for each session; their HMACs are empty, and prove nothing. */
static bool
skip_sessions(Cursor *in)
{
    while (!in->failed && in->left > 0) {
        cursor_sized(in);
        cursor_u8(in);
        cursor_sized(in);
    }
    return cursor_is_done(in);
}

bool
tpm_response_read(TpmCommand command, const void *bytes, size_t length, TpmResponse *ret_response)
{
    Cursor in = cursor_over(bytes, length);
    TpmResponse response = { 0 };
    const uint16_t tag = cursor_u16be(&in);
    const uint32_t size = cursor_u32be(&in);
    response.code = cursor_u32be(&in);
    if (in.failed || size != length)
        return false;
    if (response.code != 0) {
        /* One that does not know this tag, as a TPM 1.2 does not, answers with its own. */
        *ret_response = (TpmResponse){ .code = response.code };
        return in.left == 0;
    }
    if (command == TPM_CREATE_PRIMARY || command == TPM_START_AUTH_SESSION)
        response.handle = cursor_u32be(&in);
    if (tag == ST_SESSIONS) {
        const uint32_t parameters = cursor_u32be(&in);
        const uint8_t *at = cursor_take(&in, parameters);
        response.parameters = cursor_over(at, in.failed ? 0 : parameters);
        if (!skip_sessions(&in))
            return false;
    } else if (tag == ST_NO_SESSIONS && !in.failed) {
        response.parameters = in;
    } else {
        return false;
    }
    *ret_response = response;
    return true;
}

/* A TPM2B with its size in front, as it is written to a file. */
static Cursor
take_with_size(Cursor *in)
{
    const uint8_t *at = in->at;
    const Cursor inside = cursor_sized(in);
    Cursor whole = cursor_over(at, inside.failed ? 0 : inside.left + 2);
    whole.failed = inside.failed || inside.left == 0;
    in->failed = in->failed || whole.failed;
    return whole;
}

bool
tpm_read_created(Cursor in, Cursor *ret_public)
{
    const Cursor area = take_with_size(&in);
    cursor_sized(&in); /* creationData, creationHash */
    cursor_sized(&in);
    cursor_u16be(&in); /* creationTicket: tag, hierarchy, digest */
    cursor_u32be(&in);
    cursor_sized(&in);
    cursor_sized(&in); /* name */
    *ret_public = area;
    return cursor_is_done(&in);
}

bool
tpm_read_public(Cursor in, Cursor *ret_public)
{
    const Cursor area = take_with_size(&in);
    cursor_sized(&in); /* name, qualifiedName */
    cursor_sized(&in);
    *ret_public = area;
    return cursor_is_done(&in);
}

bool
tpm_read_quote(Cursor in, Cursor *ret_attest, Cursor *ret_signature)
{
    const Cursor attest = cursor_sized(&in);
    const Cursor signature = in;
    const uint16_t scheme = cursor_u16be(&in), hash = cursor_u16be(&in);
    const Cursor r = cursor_sized(&in), s = cursor_sized(&in);
    if (!cursor_is_done(&in) || scheme != ALG_ECDSA || hash != ALG_SHA256 || attest.left == 0 || r.left == 0 || s.left == 0)
        return false;
    *ret_attest = attest;
    *ret_signature = signature;
    return true;
}

/* TPML_PCR_SELECTION; false where another bank is in it, or a PCR that there is not. */
static bool
take_selection(Cursor *in, uint32_t *ret_pcrs)
{
    const uint32_t banks = cursor_u32be(in);
    uint32_t pcrs = 0;
    if (in->failed || banks > 1)
        return false;
    if (banks == 1) {
        const uint16_t hash = cursor_u16be(in);
        const uint8_t size = cursor_u8(in);
        const uint8_t *map = cursor_take(in, size);
        if (!map || hash != ALG_SHA256 || size > SELECT_BYTES)
            return false;
        for (unsigned i = 0; i < size; i++)
            pcrs |= (uint32_t)map[i] << (8 * i);
    }
    *ret_pcrs = pcrs;
    return true;
}

bool
tpm_read_pcrs(Cursor in, uint32_t asked, uint8_t values[TPM_PCRS][TPM_SHA256_SIZE], uint32_t *ret_pcrs)
{
    uint32_t pcrs = 0;
    cursor_u32be(&in); /* pcrUpdateCounter */
    if (!take_selection(&in, &pcrs) || (pcrs & ~asked) != 0)
        return false;
    uint32_t count = cursor_u32be(&in);
    if (in.failed || count > MAX_PCRS_AT_ONCE)
        return false;
    for (unsigned pcr = 0; pcr < TPM_PCRS; pcr++) {
        if (!(pcrs >> pcr & 1))
            continue;
        const Cursor digest = cursor_sized(&in);
        if (count-- == 0 || digest.failed || digest.left != TPM_SHA256_SIZE)
            return false;
        for (unsigned i = 0; i < TPM_SHA256_SIZE; i++)
            values[pcr][i] = digest.at[i];
    }
    *ret_pcrs = pcrs;
    return count == 0 && cursor_is_done(&in);
}

bool
tpm_read_nv_size(Cursor in, uint16_t *ret_size)
{
    Cursor area = cursor_sized(&in);
    cursor_sized(&in);   /* nvName */
    cursor_u32be(&area); /* nvIndex */
    cursor_u16be(&area); /* nameAlg */
    cursor_u32be(&area); /* attributes */
    cursor_sized(&area);
    *ret_size = cursor_u16be(&area);
    return cursor_is_done(&area) && cursor_is_done(&in);
}

bool
tpm_read_nv(Cursor in, uint16_t asked, Cursor *ret_bytes)
{
    *ret_bytes = cursor_sized(&in);
    return cursor_is_done(&in) && ret_bytes->left > 0 && ret_bytes->left <= asked;
}

bool
tpm_read_session(Cursor in)
{
    cursor_sized(&in); /* nonceTPM */
    return cursor_is_done(&in);
}

bool
tpm_read_policy_secret(Cursor in)
{
    cursor_sized(&in); /* timeout */
    cursor_u16be(&in); /* policyTicket: tag, hierarchy, digest */
    cursor_u32be(&in);
    cursor_sized(&in);
    return cursor_is_done(&in);
}

bool
tpm_read_credential(Cursor in, Cursor *ret_secret)
{
    *ret_secret = cursor_sized(&in);
    return cursor_is_done(&in) && ret_secret->left > 0;
}
