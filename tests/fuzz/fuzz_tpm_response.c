/* guest/tpm_commands.h: a response of a TPM, as the answer to each of the commands. What is read lies within it, and is no
 * longer than whoever keeps it has room for. The first byte chooses among commands. */
#include "guest/tpm_commands.h"

#include "fuzz.h"

#define NV_ASKED 16

typedef struct {
    const uint8_t *from, *to;
} Bounds;

static void
hold_within(Bounds bounds, Cursor part)
{
    g_assert(!part.failed && part.at >= bounds.from && part.left <= (size_t)(bounds.to - part.at));
}

static void
hold_public(Bounds bounds, Cursor area)
{
    Cursor again = area;
    hold_within(bounds, area);
    cursor_sized(&again);
    g_assert(area.left > 2 && cursor_is_done(&again));
}

static void
hold_pcrs(Cursor parameters)
{
    /* Only those that were asked for, each of them written. */
    uint8_t values[TPM_PCRS][TPM_SHA256_SIZE];
    const uint32_t asked = 0x7bff;
    uint32_t pcrs;
    if (tpm_read_pcrs(parameters, asked, values, &pcrs))
        g_assert((pcrs & ~asked) == 0 && parameters.left >= 34 * (size_t)__builtin_popcount(pcrs));
}

static void
answer_hold(TpmCommand command, Bounds bounds, Cursor in)
{
    Cursor one, two;
    uint16_t size;
    switch (command) {
    case TPM_CREATE_PRIMARY:
        if (tpm_read_created(in, &one))
            hold_public(bounds, one);
        break;
    case TPM_READ_PUBLIC:
        if (tpm_read_public(in, &one))
            hold_public(bounds, one);
        break;
    case TPM_QUOTE:
        if (tpm_read_quote(in, &one, &two)) {
            hold_within(bounds, one);
            hold_within(bounds, two);
            g_assert(one.left > 0 && two.left > 8 && two.at == one.at + one.left);
        }
        break;
    case TPM_PCR_READ:
        hold_pcrs(in);
        break;
    case TPM_NV_READ_PUBLIC:
        if (tpm_read_nv_size(in, &size))
            g_assert(in.left >= 18);
        break;
    case TPM_NV_READ:
        if (tpm_read_nv(in, NV_ASKED, &one)) {
            hold_within(bounds, one);
            g_assert(one.left > 0 && one.left <= NV_ASKED);
        }
        break;
    case TPM_START_AUTH_SESSION:
        g_assert(!tpm_read_session(in) || in.left >= 2);
        break;
    case TPM_POLICY_SECRET:
        g_assert(!tpm_read_policy_secret(in) || in.left >= 10);
        break;
    case TPM_ACTIVATE_CREDENTIAL:
        if (tpm_read_credential(in, &one))
            hold_within(bounds, one);
        break;
    case TPM_FLUSH_CONTEXT:
    case TPM_N_COMMANDS:
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TpmResponse response;
    if (size == 0)
        return 0;
    const TpmCommand command = (TpmCommand)(data[0] % TPM_N_COMMANDS);
    const Bounds bounds = { data + 1, data + size };
    if (!tpm_response_read(command, data + 1, size - 1, &response))
        return 0;
    g_assert(size - 1 >= 10);
    if (response.code != 0) {
        unsigned number;
        g_assert(response.parameters.left == 0 && response.handle == 0);
        tpm_code_name(response.code);
        g_assert(!tpm_code_subject(response.code, &number) || (number > 0 && number < 16));
        return 0;
    }
    hold_within(bounds, response.parameters);
    answer_hold(command, bounds, response.parameters);
    return 0;
}
