/* Part 2, section 6.6 (TPM_RC): bit 7 says that a code is about a handle, a parameter or a session of the command, and has its
 * number. */
#include "guest/tpm_commands.h"

#define ABOUT       0x080u /* format one */
#define PARAMETER   0x040u
#define SESSION     0x800u
#define WITHOUT_ONE 0x0bfu
#define OF_TPM      0xfffu

static const char *const commands[TPM_N_COMMANDS] = {
    [TPM_CREATE_PRIMARY] = "TPM2_CreatePrimary",
    [TPM_READ_PUBLIC] = "TPM2_ReadPublic",
    [TPM_QUOTE] = "TPM2_Quote",
    [TPM_PCR_READ] = "TPM2_PCR_Read",
    [TPM_NV_READ_PUBLIC] = "TPM2_NV_ReadPublic",
    [TPM_NV_READ] = "TPM2_NV_Read",
    [TPM_START_AUTH_SESSION] = "TPM2_StartAuthSession",
    [TPM_POLICY_SECRET] = "TPM2_PolicySecret",
    [TPM_ACTIVATE_CREDENTIAL] = "TPM2_ActivateCredential",
    [TPM_FLUSH_CONTEXT] = "TPM2_FlushContext",
};

/* No pointers: they would be as much again. */
static const struct {
    uint16_t code;
    char name[18];
} names[] = {
    { 0x01e, "BAD_TAG" },
    { 0x081, "ASYMMETRIC" },
    { 0x082, "ATTRIBUTES" },
    { 0x083, "HASH" },
    { 0x084, "VALUE" },
    { 0x085, "HIERARCHY" },
    { 0x087, "KEY_SIZE" },
    { 0x088, "MGF" },
    { 0x089, "MODE" },
    { 0x08a, "TYPE" },
    { 0x08b, "HANDLE" },
    { 0x08c, "KDF" },
    { 0x08d, "RANGE" },
    { 0x08e, "AUTH_FAIL" },
    { 0x08f, "NONCE" },
    { 0x090, "PP" },
    { 0x092, "SCHEME" },
    { 0x095, "SIZE" },
    { 0x096, "SYMMETRIC" },
    { 0x097, "TAG" },
    { 0x098, "SELECTOR" },
    { 0x09a, "INSUFFICIENT" },
    { 0x09b, "SIGNATURE" },
    { 0x09c, "KEY" },
    { 0x09d, "POLICY_FAIL" },
    { 0x09f, "INTEGRITY" },
    { 0x0a0, "TICKET" },
    { 0x0a1, "RESERVED_BITS" },
    { 0x0a2, "BAD_AUTH" },
    { 0x0a3, "EXPIRED" },
    { 0x0a4, "POLICY_CC" },
    { 0x0a5, "BINDING" },
    { 0x0a6, "CURVE" },
    { 0x0a7, "ECC_POINT" },
    { 0x0a8, "FW_LIMITED" },
    { 0x0a9, "SVN_LIMITED" },
    { 0x100, "INITIALIZE" },
    { 0x101, "FAILURE" },
    { 0x103, "SEQUENCE" },
    { 0x10b, "PRIVATE" },
    { 0x119, "HMAC" },
    { 0x120, "DISABLED" },
    { 0x121, "EXCLUSIVE" },
    { 0x124, "AUTH_TYPE" },
    { 0x125, "AUTH_MISSING" },
    { 0x126, "POLICY" },
    { 0x127, "PCR" },
    { 0x128, "PCR_CHANGED" },
    { 0x12d, "UPGRADE" },
    { 0x12e, "TOO_MANY_CONTEXTS" },
    { 0x12f, "AUTH_UNAVAILABLE" },
    { 0x130, "REBOOT" },
    { 0x131, "UNBALANCED" },
    { 0x142, "COMMAND_SIZE" },
    { 0x143, "COMMAND_CODE" },
    { 0x144, "AUTHSIZE" },
    { 0x145, "AUTH_CONTEXT" },
    { 0x146, "NV_RANGE" },
    { 0x147, "NV_SIZE" },
    { 0x148, "NV_LOCKED" },
    { 0x149, "NV_AUTHORIZATION" },
    { 0x14a, "NV_UNINITIALIZED" },
    { 0x14b, "NV_SPACE" },
    { 0x14c, "NV_DEFINED" },
    { 0x150, "BAD_CONTEXT" },
    { 0x151, "CPHASH" },
    { 0x152, "PARENT" },
    { 0x153, "NEEDS_TEST" },
    { 0x154, "NO_RESULT" },
    { 0x155, "SENSITIVE" },
    { 0x901, "CONTEXT_GAP" },
    { 0x902, "OBJECT_MEMORY" },
    { 0x903, "SESSION_MEMORY" },
    { 0x904, "MEMORY" },
    { 0x905, "SESSION_HANDLES" },
    { 0x906, "OBJECT_HANDLES" },
    { 0x907, "LOCALITY" },
    { 0x908, "YIELDED" },
    { 0x909, "CANCELED" },
    { 0x90a, "TESTING" },
    { 0x910, "REFERENCE_H0" },
    { 0x911, "REFERENCE_H1" },
    { 0x912, "REFERENCE_H2" },
    { 0x913, "REFERENCE_H3" },
    { 0x914, "REFERENCE_H4" },
    { 0x915, "REFERENCE_H5" },
    { 0x916, "REFERENCE_H6" },
    { 0x918, "REFERENCE_S0" },
    { 0x919, "REFERENCE_S1" },
    { 0x91a, "REFERENCE_S2" },
    { 0x91b, "REFERENCE_S3" },
    { 0x91c, "REFERENCE_S4" },
    { 0x91d, "REFERENCE_S5" },
    { 0x91e, "REFERENCE_S6" },
    { 0x920, "NV_RATE" },
    { 0x921, "LOCKOUT" },
    { 0x922, "RETRY" },
    { 0x923, "NV_UNAVAILABLE" },
};

const char *
tpm_command_name(TpmCommand command)
{
    return commands[command];
}

uint32_t
tpm_code_base(uint32_t code)
{
    return code & ABOUT ? code & WITHOUT_ONE : code & OF_TPM;
}

const char *
tpm_code_name(uint32_t code)
{
    const uint32_t base = tpm_code_base(code);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].code == base)
            return names[i].name;
    }
    return NULL;
}

const char *
tpm_code_subject(uint32_t code, unsigned *ret_number)
{
    if (!(code & ABOUT))
        return NULL;
    const unsigned number = code >> 8 & (code & PARAMETER ? 0xf : 0x7);
    if (number == 0)
        return NULL;
    *ret_number = number;
    return code & PARAMETER ? "parameter" : code & SESSION ? "session" : "handle";
}
