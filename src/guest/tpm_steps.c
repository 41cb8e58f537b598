#include "guest/tpm.h"

#include <string.h>

#define EK_HANDLE 0x81010001u
/* TPMs that take no more than this at once are as small as they come. */
#define NV_BLOCK 512u

static bool
make(Tpm *tpm, TpmTemplate template, TpmKey *key)
{
    uint8_t buffer[TPM_COMMAND_MAX];
    TpmOut out = tpm_out_in(buffer, sizeof buffer);
    TpmResponse response;
    Cursor area;
    tpm_put_create_primary(&out, template);
    if (!tpm_ask(tpm, TPM_CREATE_PRIMARY, &out, &response))
        return false;
    key->handle = response.handle;
    key->made = true;
    return (tpm_read_created(response.parameters, &area) && tpm_blob_keep(&key->public, area.at, area.left)) ||
           tpm_garbled(tpm);
}

bool
tpm_ak_make(Tpm *tpm, TpmKey *key)
{
    return make(tpm, TPM_KEY_AK, key);
}

bool
tpm_ek_find(Tpm *tpm, TpmKey *key)
{
    uint8_t buffer[TPM_COMMAND_MAX];
    TpmOut out = tpm_out_in(buffer, sizeof buffer);
    TpmResponse response;
    Cursor area;
    tpm_put_read_public(&out, EK_HANDLE);
    if (!tpm_ask(tpm, TPM_READ_PUBLIC, &out, &response))
        return tpm_forgive(tpm, TPM_RC_HANDLE) && make(tpm, TPM_KEY_EK, key);
    key->handle = EK_HANDLE;
    return (tpm_read_public(response.parameters, &area) && tpm_blob_keep(&key->public, area.at, area.left)) || tpm_garbled(tpm);
}

/* Whatever went wrong before it stays what went wrong. */
void
tpm_flush(Tpm *tpm, uint32_t handle)
{
    uint8_t buffer[TPM_COMMAND_MAX];
    TpmOut out = tpm_out_in(buffer, sizeof buffer);
    TpmResponse response;
    const TpmState state = tpm->state;
    const TpmCommand command = tpm->command;
    const uint32_t code = tpm->code;
    if (state == TPM_SILENT)
        return;
    tpm_put_flush_context(&out, handle);
    tpm_ask(tpm, TPM_FLUSH_CONTEXT, &out, &response);
    tpm->state = state;
    tpm->command = command;
    tpm->code = code;
}

void
tpm_key_flush(Tpm *tpm, const TpmKey *key)
{
    if (key->made)
        tpm_flush(tpm, key->handle);
}

bool
tpm_pcrs_read(Tpm *tpm, uint32_t pcrs, uint8_t values[TPM_PCRS][TPM_SHA256_SIZE])
{
    uint8_t buffer[TPM_COMMAND_MAX];
    while (pcrs != 0) {
        TpmOut out = tpm_out_in(buffer, sizeof buffer);
        TpmResponse response;
        uint32_t read;
        tpm_put_pcr_read(&out, pcrs);
        if (!tpm_ask(tpm, TPM_PCR_READ, &out, &response))
            return false;
        if (!tpm_read_pcrs(response.parameters, pcrs, values, &read))
            return tpm_garbled(tpm);
        if (read == 0) {
            tpm->state = TPM_NO_BANK;
            return false;
        }
        pcrs &= ~read;
    }
    return true;
}

/* A TPM's refusal is as good as that there is nothing. */
static bool
no_more(Tpm *tpm)
{
    if (tpm->state != TPM_REFUSED)
        return false;
    tpm->state = TPM_FINE;
    return true;
}

bool
tpm_nv_read(Tpm *tpm, uint32_t index, uint8_t *bytes, size_t room, size_t *ret_length)
{
    uint8_t buffer[TPM_COMMAND_MAX];
    TpmOut out = tpm_out_in(buffer, sizeof buffer);
    TpmResponse response;
    uint16_t size, have = 0;
    *ret_length = 0;
    tpm_put_nv_read_public(&out, index);
    if (!tpm_ask(tpm, TPM_NV_READ_PUBLIC, &out, &response))
        return no_more(tpm);
    if (!tpm_read_nv_size(response.parameters, &size))
        return tpm_garbled(tpm);
    if (size > room)
        return true;
    while (have < size) {
        const uint16_t asked = (uint16_t)(size - have) < NV_BLOCK ? (uint16_t)(size - have) : NV_BLOCK;
        Cursor block;
        out = tpm_out_in(buffer, sizeof buffer);
        tpm_put_nv_read(&out, index, have, asked);
        if (!tpm_ask(tpm, TPM_NV_READ, &out, &response))
            return no_more(tpm);
        if (!tpm_read_nv(response.parameters, asked, &block))
            return tpm_garbled(tpm);
        memcpy(bytes + have, block.at, block.left);
        have = (uint16_t)(have + block.left);
    }
    *ret_length = have;
    return true;
}
