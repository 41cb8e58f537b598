/* guest/tpm_commands.h: the ten commands that evidence takes, and what a TPM answers to them. Pure.
 *
 * A command is put into `out` whole; it fits where out->full is not set. An answer is read from the parameters of a response,
 * and false means that it is not what the specification says. What is read leads into the response's bytes.
 * All authorization is by empty password, but for the endorsement key's, which is a policy session: so no command needs an
 * HMAC. Source: TPM 2.0 Library 1.59, Part 1 (section 18: the layout of commands and sessions), Part 2 (structures), Part 3
 * (commands); TCG EK Credential Profile 2.5, annex B.3.3 (template L-1). */
#pragma once

#include "guest/tpm_bytes.h"

#define TPM_COMMAND_MAX  1024u
#define TPM_RESPONSE_MAX 4096u /* that of Linux and of libtpms */
#define TPM_SHA256_SIZE  32u
#define TPM_NONCE_MIN    16u
#define TPM_NONCE_MAX    32u /* more is refused by a TPM that has SHA-256 alone */
#define TPM_PCRS         24u

/* The order of the names in tpm_names.c. */
typedef enum {
    TPM_CREATE_PRIMARY,
    TPM_READ_PUBLIC,
    TPM_QUOTE,
    TPM_PCR_READ,
    TPM_NV_READ_PUBLIC,
    TPM_NV_READ,
    TPM_START_AUTH_SESSION,
    TPM_POLICY_SECRET,
    TPM_ACTIVATE_CREDENTIAL,
    TPM_FLUSH_CONTEXT,
    TPM_N_COMMANDS
} TpmCommand;

/* ---- commands ---- */

typedef enum { TPM_KEY_AK, TPM_KEY_EK } TpmTemplate;

/* In the endorsement hierarchy. The AK: ECC P-256, ECDSA with SHA-256, restricted, noDA, so that it signs even in lockout; the
 * EK: RSA-2048 by the profile's template. Both are made from the hierarchy's seed: the same at each time. */
void tpm_put_create_primary(TpmOut *out, TpmTemplate template);
void tpm_put_read_public(TpmOut *out, uint32_t handle);
/* pcrs: bit n for PCR n, of the SHA-256 bank. */
void tpm_put_quote(TpmOut *out, uint32_t key, const void *nonce, size_t nonce_length, uint32_t pcrs);
void tpm_put_pcr_read(TpmOut *out, uint32_t pcrs);
void tpm_put_nv_read_public(TpmOut *out, uint32_t index);
/* By the authorization of the index itself, which is empty. */
void tpm_put_nv_read(TpmOut *out, uint32_t index, uint16_t offset, uint16_t length);
/* A policy session. */
void tpm_put_start_auth_session(TpmOut *out);
/* Of the endorsement hierarchy: what an EK's policy asks for. */
void tpm_put_policy_secret(TpmOut *out, uint32_t session);
/* The session ends where it succeeds. id_object, secret: what is in TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET. */
void tpm_put_activate_credential(TpmOut *out, uint32_t ak, uint32_t ek, uint32_t session, Cursor id_object, Cursor secret);
void tpm_put_flush_context(TpmOut *out, uint32_t handle);

/* ---- responses ---- */

typedef struct {
    uint32_t code;   /* TPM_RC; 0: it is done */
    uint32_t handle; /* of what was made; 0: this command makes nothing */
    Cursor parameters;
} TpmResponse;

/* false: no response of a TPM to that command. */
bool tpm_response_read(TpmCommand command, const void *bytes, size_t length, TpmResponse *ret_response);

/* A TPM2B_PUBLIC, with its size; from TPM2_CreatePrimary and TPM2_ReadPublic. */
bool tpm_read_created(Cursor parameters, Cursor *ret_public);
bool tpm_read_public(Cursor parameters, Cursor *ret_public);
/* TPMS_ATTEST, and a TPMT_SIGNATURE of ECDSA. */
bool tpm_read_quote(Cursor parameters, Cursor *ret_attest, Cursor *ret_signature);
/* Some of `asked`, at least one, unless no PCR is in that bank: *ret_pcrs is 0 then. Values in ascending order go to their
 * places in `values`. */
bool tpm_read_pcrs(Cursor parameters, uint32_t asked, uint8_t values[TPM_PCRS][TPM_SHA256_SIZE], uint32_t *ret_pcrs);
bool tpm_read_nv_size(Cursor parameters, uint16_t *ret_size);
/* At most as many as were asked for, and one at least. */
bool tpm_read_nv(Cursor parameters, uint16_t asked, Cursor *ret_bytes);
bool tpm_read_session(Cursor parameters);
bool tpm_read_policy_secret(Cursor parameters);
bool tpm_read_credential(Cursor parameters, Cursor *ret_secret);

/* ---- names: tpm_names.c ---- */

/* "TPM2_Quote" */
const char *tpm_command_name(TpmCommand command);
/* Without its TPM_RC_ and without what it is about: "LOCKOUT"; NULL: it has none. */
const char *tpm_code_name(uint32_t code);
/* What it is about: *ret_number counts from 1. NULL: nothing of this command. */
const char *tpm_code_subject(uint32_t code, unsigned *ret_number);
/* The code as its name has it: without the number of a handle, parameter or session, and without its layer. */
uint32_t tpm_code_base(uint32_t code);

enum {
    TPM_RC_RETRY = 0x922,
    TPM_RC_YIELDED = 0x908,
    TPM_RC_TESTING = 0x90a,
    TPM_RC_NV_RATE = 0x920,
    TPM_RC_LOCKOUT = 0x921,
    TPM_RC_HANDLE = 0x08b,
};
