#include "guest/inspect.h"

#include "base/cursor.h"

#include <string.h>

#define DOS_HEADER_PE    0x3cu
#define COFF_HEADER      20u
#define PE32             0x10bu
#define PE32_PLUS        0x20bu
#define CERTIFICATE_DIR  4u
#define PROTECTED_MAX    2048u
#define CREDENTIAL_START 20u /* whole characters of base64 of a 128 bit id */

/* ---- programs ---- */

const bool *
pe_is_signed(const void *head, size_t length)
{
    static const bool yes = true, no = false;
    Cursor file = cursor_over(head, length), dos = file;
    const uint8_t *magic = cursor_take(&dos, 2);
    cursor_take(&dos, DOS_HEADER_PE - 2);
    cursor_take(&file, cursor_u32le(&dos));
    const uint8_t *pe = cursor_take(&file, 4);
    cursor_take(&file, COFF_HEADER);
    const uint16_t kind = cursor_u16le(&file);
    cursor_take(&file, kind == PE32_PLUS ? 106 : 90);
    const uint32_t directories = cursor_u32le(&file);
    if (dos.failed || file.failed || memcmp(magic, "MZ", 2) != 0 || memcmp(pe, "PE\0", 4) != 0 ||
        (kind != PE32 && kind != PE32_PLUS))
        return NULL;
    if (directories <= CERTIFICATE_DIR)
        return &no;
    cursor_take(&file, (size_t)8 * CERTIFICATE_DIR + 4);
    const uint32_t size = cursor_u32le(&file);
    return file.failed ? NULL : size > 0 ? &yes : &no;
}

/* ---- modules ---- */

bool
module_is_signed(const void *tail, size_t length)
{
    const size_t trailer = strlen(MODULE_TRAILER);
    return length >= trailer && memcmp((const char *)tail + length - trailer, MODULE_TRAILER, trailer) == 0;
}

static char
underscored(char c)
{
    return c == '-' ? '_' : c;
}

bool
module_is_file(const char *name, const char *path, size_t length)
{
    const char *slash = memrchr(path, '/', length), *base = slash ? slash + 1 : path, *end = path + length;
    while (*name && base < end && underscored(*name) == underscored(*base)) {
        name++;
        base++;
    }
    return !*name && end - base >= 3 && memcmp(base, ".ko", 3) == 0;
}

/* ---- LUKS ---- */

static int
base64url_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = memchr(digits, c, sizeof digits - 1);
    return at ? (int)(at - digits) : -1;
}

/* Up to the first character that is none. */
static size_t
base64url_decode(const char *text, const char *end, char *out, size_t max)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    for (int value; text < end && n < max && (value = base64url_value(*text)) >= 0; text++) {
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8)
            out[n++] = (char)(bits >> (held -= 8) & 0xff);
    }
    return n;
}

static bool
has(const char *text, size_t length, const char *word)
{
    return memmem(text, length, word, strlen(word)) != NULL;
}

/* The header of a JWE, which names the pin that made it. */
static unsigned
clevis_binding(const char *at, const char *end)
{
    char header[PROTECTED_MAX];
    while (at < end && strchr(" \t\n:", *at))
        at++;
    const size_t n = at < end && *at == '"' ? base64url_decode(at + 1, end, header, sizeof header) : 0;
    return has(header, n, "\"pin\":\"tpm2\"")   ? BOUND_TPM2_CLEVIS
           : has(header, n, "\"pin\":\"tang\"") ? 0
                                                : BOUND_CLEVIS_UNSEEN;
}

unsigned
luks_bindings(const char *json, size_t length)
{
    static const char member[] = "\"protected\"";
    const char *at = json, *end = json + length;
    unsigned found = has(json, length, "\"systemd-tpm2\"") ? BOUND_TPM2_SYSTEMD : 0;
    if (!has(json, length, "\"clevis\""))
        return found;
    if (!has(json, length, member))
        return found | BOUND_CLEVIS_UNSEEN;
    while ((at = memmem(at, (size_t)(end - at), member, strlen(member)))) {
        at += strlen(member);
        found |= clevis_binding(at, end);
    }
    return found;
}

/* ---- credentials ---- */

CredentialKey
credential_key(const char *text, size_t length)
{
    /* The ids that files begin with, in base64: CRED_AES256_GCM_BY_… */
    static const struct {
        char start[CREDENTIAL_START + 1];
        CredentialKey key;
    } kinds[] = {
        { "DHzAexF2RZGcSwvqCLwg", CREDENTIAL_TPM2 },    /* TPM2_HMAC */
        { "+vfrk0HjQSyhpDb5Wik2", CREDENTIAL_TPM2 },    /* TPM2_HMAC_WITH_PK */
        { "k6iUCUh0RJCQyvL8k8q1", CREDENTIAL_TPM2 },    /* HOST_AND_TPM2_HMAC */
        { "70rBNnmpSA6n22iJf58W", CREDENTIAL_TPM2 },    /* HOST_AND_TPM2_HMAC_SCOPED */
        { "r0lQqEkTTrGnOEYwT/MM", CREDENTIAL_TPM2 },    /* HOST_AND_TPM2_HMAC_WITH_PK */
        { "rbxMo++2QgG6iBtvLkCV", CREDENTIAL_TPM2 },    /* HOST_AND_TPM2_HMAC_WITH_PK_SCOPED */
        { "Whxqht+dQJax1aZeCGLx", CREDENTIAL_NO_TPM2 }, /* HOST */
        { "VbntHThZTUOoMZ0uuzMq", CREDENTIAL_NO_TPM2 }, /* HOST_SCOPED */
        { "BYRp2vb1QySABUnaD46i", CREDENTIAL_NO_TPM2 }, /* NULL */
    };
    for (size_t i = 0; length >= CREDENTIAL_START && i < sizeof kinds / sizeof *kinds; i++) {
        if (memcmp(text, kinds[i].start, CREDENTIAL_START) == 0)
            return kinds[i].key;
    }
    return CREDENTIAL_UNKNOWN;
}
