/* guest/tpm_bytes.h: what goes to a TPM, field by field, big-endian; what comes from it is read by a cursor. Pure.
 *
 * It fails once and stays failed, as a cursor does: fields are put in a row, and one question at the end says whether all of it
 * fitted. */
#pragma once

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *at; /* borrowed */
    size_t room, length;
    bool full; /* something did not fit: what is here is no use */
} TpmOut;

TpmOut tpm_out_in(uint8_t *buffer, size_t room);
void tpm_put(TpmOut *out, const void *bytes, size_t length);
void tpm_put_u8(TpmOut *out, uint8_t value);
void tpm_put_u16(TpmOut *out, uint16_t value);
void tpm_put_u32(TpmOut *out, uint32_t value);
/* A TPM2B: 16 bits of size, then as many bytes. */
void tpm_put_sized(TpmOut *out, const void *bytes, size_t length);
/* The size of what follows, of `width` (2 or 4) bytes: begun with its place, ended when that is known. A size that counts
 * itself begins `before` bytes earlier. */
size_t tpm_size_begin(TpmOut *out, size_t width);
void tpm_size_end(TpmOut *out, size_t place, size_t width, size_t before);

/* ---- kept ---- */

/* Room for a public area, an attestation or a signature of any TPM that is asked here. */
typedef struct {
    size_t length;
    uint8_t bytes[1024];
} TpmBlob;

/* false: there is no room for that. */
bool tpm_blob_keep(TpmBlob *blob, const void *bytes, size_t length);
/* Hexadecimal, min to max bytes; false: it is something else. */
bool tpm_blob_from_hex(TpmBlob *blob, const char *text, size_t min, size_t max);
