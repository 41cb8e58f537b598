/* guest/tpm.h: one TPM, asked for one thing after the other; the first that goes wrong is kept, and said at the end. */
#pragma once

#include "guest/tpm_commands.h"

typedef enum {
    TPM_FINE,
    TPM_MISSING, /* no device, or nobody listens on the socket */
    TPM_DENIED,
    TPM_IN_USE,  /* somebody else has the device */
    TPM_SILENT,  /* the device fails, or gives no answer */
    TPM_GARBLED, /* what it answers is none */
    TPM_REFUSED, /* with a code */
    TPM_NO_BANK, /* no SHA-256 PCRs */
} TpmState;

typedef struct {
    int fd;
    TpmState state;
    TpmCommand command; /* what it was asked last */
    uint32_t code;      /* where it is TPM_REFUSED */
    uint8_t response[TPM_RESPONSE_MAX];
} Tpm;

/* path: a device, or a Unix socket on which raw commands are taken; NULL: /dev/tpmrm0, and /dev/tpm0 where the kernel has no
 * resource manager. Closed by tpm_close() in any case. */
bool tpm_open(Tpm *tpm, const char *path);
void tpm_close(Tpm *tpm);

/* Asks, again where the TPM says that it is at something else. What is in *ret_response lasts until the next one. false: it is
 * not done, and state says why. */
bool tpm_ask(Tpm *tpm, TpmCommand command, const TpmOut *out, TpmResponse *ret_response);
/* For an answer that tpm_commands.h cannot read; gives false. */
bool tpm_garbled(Tpm *tpm);
/* It refused the last with this code, whatever that is about: that is then no failure. */
bool tpm_forgive(Tpm *tpm, uint32_t code);
/* "failed WORD …" as base/guest_wire.h has it; gives the exit code. */
int tpm_say_failure(const Tpm *tpm);

/* ---- what takes more than one command: tpm_steps.c ---- */

/* A key in the TPM. */
typedef struct {
    uint32_t handle; /* 0: none */
    bool made;       /* and has to be flushed: not every device has a resource manager */
    TpmBlob public;  /* TPM2B_PUBLIC */
} TpmKey;

/* The attestation key. */
bool tpm_ak_make(Tpm *tpm, TpmKey *key);
/* The endorsement key: the one that manufacture left at 0x81010001, or, where nothing is there, made anew, which gives the
 * same. */
bool tpm_ek_find(Tpm *tpm, TpmKey *key);
void tpm_flush(Tpm *tpm, uint32_t handle);
void tpm_key_flush(Tpm *tpm, const TpmKey *key);
/* values: only those of `pcrs` are written. */
bool tpm_pcrs_read(Tpm *tpm, uint32_t pcrs, uint8_t values[TPM_PCRS][TPM_SHA256_SIZE]);
/* What is in that index, *ret_length bytes of at most `room`; 0 where there is none, or nobody may read it. */
bool tpm_nv_read(Tpm *tpm, uint32_t index, uint8_t *bytes, size_t room, size_t *ret_length);
