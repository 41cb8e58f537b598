/* Commands byte by byte, as TPM 2.0 Library, Part 3, has them; answers that are whole, and what is none of them. */
#include "guest/tpm_commands.h"

#include <glib.h>
#include <string.h>

#define PASSWORD  "00000009 40000009 0000 00 0000 "
#define SELECTION "00000001 000b 03 ff7b00 "
#define PCRS      (0x3ffu | 0xfu << 11)

static char *
hex_of(const guint8 *bytes, gsize length)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < length; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

static char *
without_spaces(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    return g_strjoinv(NULL, words);
}

static GBytes *
from_hex(const char *text)
{
    g_autofree char *digits = without_spaces(text);
    GByteArray *bytes = g_byte_array_new();
    for (const char *at = digits; *at; at += 2) {
        const guint8 byte = (guint8)(g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return g_byte_array_free_to_bytes(bytes);
}

/* ---- commands ---- */

static void
create_ak(TpmOut *out)
{
    tpm_put_create_primary(out, TPM_KEY_AK);
}

static void
create_ek(TpmOut *out)
{
    tpm_put_create_primary(out, TPM_KEY_EK);
}

static void
read_public(TpmOut *out)
{
    tpm_put_read_public(out, 0x81010001);
}

static void
quote(TpmOut *out)
{
    tpm_put_quote(out, 0x80000000, "0123456789abcdef", 16, PCRS);
}

static void
pcr_read(TpmOut *out)
{
    tpm_put_pcr_read(out, PCRS);
}

static void
nv_read_public(TpmOut *out)
{
    tpm_put_nv_read_public(out, 0x01c00002);
}

static void
nv_read(TpmOut *out)
{
    tpm_put_nv_read(out, 0x01c00002, 512, 300);
}

static void
policy_secret(TpmOut *out)
{
    tpm_put_policy_secret(out, 0x03000000);
}

static void
activate(TpmOut *out)
{
    tpm_put_activate_credential(out, 0x80000000, 0x81010001, 0x03000000, cursor_over("\x11\x22", 2), cursor_over("\x33", 1));
}

static void
flush(TpmOut *out)
{
    tpm_put_flush_context(out, 0x80000001);
}

/* clang-format off */
static const struct {
    const char *name;
    void (*put)(TpmOut *out);
    const char *bytes;
} commands[] = {
    { "CreatePrimary of the AK", create_ak, "8002 00000041 00000131 4000000b " PASSWORD "0004 0000 0000 "
      "0018 0023 000b 00050472 0000 0010 0018 000b 0003 0010 0000 0000 0000 00000000" },
    { "CreatePrimary of the EK", create_ek, "8002 00000163 00000131 4000000b " PASSWORD "0004 0000 0000 "
      "013a 0001 000b 000300b2 0020 837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa "
      "0006 0080 0043 0010 0800 00000000 0100 "
      "0000000000000000000000000000000000000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000000 "
      "0000000000000000000000000000000000000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000000 "
      "0000000000000000000000000000000000000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000000 "
      "0000000000000000000000000000000000000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000000 "
      "0000 00000000" },
    { "ReadPublic", read_public, "8001 0000000e 00000173 81010001" },
    { "Quote", quote, "8002 00000039 00000158 80000000 " PASSWORD "0010 30313233343536373839616263646566 0010 " SELECTION },
    { "PCR_Read", pcr_read, "8001 00000014 0000017e " SELECTION },
    { "NV_ReadPublic", nv_read_public, "8001 0000000e 00000169 01c00002" },
    { "NV_Read", nv_read, "8002 00000023 0000014e 01c00002 01c00002 " PASSWORD "012c 0200" },
    { "StartAuthSession", tpm_put_start_auth_session, "8001 0000002b 00000176 40000007 40000007 "
      "0010 00000000000000000000000000000000 0000 01 0010 000b" },
    { "PolicySecret", policy_secret, "8002 00000029 00000151 4000000b 03000000 " PASSWORD "0000 0000 0000 00000000" },
    { "ActivateCredential", activate, "8002 0000002f 00000147 80000000 81010001 00000012 40000009 0000 00 0000 "
      "03000000 0000 00 0000 0002 1122 0001 33" },
    { "FlushContext", flush, "8001 0000000e 00000165 80000001" },
};
/* clang-format on */

static void
test_commands(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        guint8 buffer[TPM_COMMAND_MAX];
        TpmOut out = tpm_out_in(buffer, sizeof buffer);
        g_test_message("%s", commands[i].name);
        commands[i].put(&out);
        g_assert_false(out.full);
        g_autofree char *put = hex_of(buffer, out.length), *expected = without_spaces(commands[i].bytes);
        g_assert_cmpstr(put, ==, expected);
    }
}

static void
test_what_does_not_fit_says_so(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *whole = without_spaces(commands[i].bytes);
        const gsize length = strlen(whole) / 2;
        for (gsize room = 0; room < length; room++) {
            g_autofree guint8 *buffer = g_malloc(room);
            TpmOut out = tpm_out_in(buffer, room);
            commands[i].put(&out);
            g_assert_true(out.full && out.length <= room);
        }
    }
}

/* ---- answers ---- */

#define AUTH      "0000 01 0000"
#define PUBLIC    "0004 aabbccdd"
#define CREATED   PUBLIC " 0001 01 0001 02 8021 4000000b 0001 03 0002 000b"
#define SIGNATURE "0018 000b 0001 11 0001 22"
#define VALUE     "0020 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char *
part(gboolean read, Cursor bytes)
{
    return read ? hex_of(bytes.at, bytes.left) : g_strdup("none");
}

static char *
both(Cursor one, Cursor two)
{
    g_autofree char *first = hex_of(one.at, one.left), *second = hex_of(two.at, two.left);
    return g_strconcat(first, " ", second, NULL);
}

/* What the answer to that command says, or "none". */
static char *
answer_read(TpmCommand command, Cursor in)
{
    Cursor one = { 0 }, two = { 0 };
    guint8 values[TPM_PCRS][TPM_SHA256_SIZE];
    guint32 pcrs;
    guint16 size;
    switch (command) {
    case TPM_CREATE_PRIMARY:
        return part(tpm_read_created(in, &one), one);
    case TPM_READ_PUBLIC:
        return part(tpm_read_public(in, &one), one);
    case TPM_QUOTE:
        return tpm_read_quote(in, &one, &two) ? both(one, two) : g_strdup("none");
    case TPM_PCR_READ:
        if (!tpm_read_pcrs(in, 0x0f, values, &pcrs))
            return g_strdup("none");
        return g_strdup_printf("%x %02x", pcrs, pcrs ? values[g_bit_nth_lsf(pcrs, -1)][31] : 0);
    case TPM_NV_READ_PUBLIC:
        return tpm_read_nv_size(in, &size) ? g_strdup_printf("%u", size) : g_strdup("none");
    case TPM_NV_READ:
        return part(tpm_read_nv(in, 2, &one), one);
    case TPM_START_AUTH_SESSION:
        return g_strdup(tpm_read_session(in) ? "" : "none");
    case TPM_POLICY_SECRET:
        return g_strdup(tpm_read_policy_secret(in) ? "" : "none");
    case TPM_ACTIVATE_CREDENTIAL:
        return part(tpm_read_credential(in, &one), one);
    case TPM_FLUSH_CONTEXT:
    case TPM_N_COMMANDS:
        break;
    }
    return g_strdup("");
}

/* clang-format off */
static const struct {
    TpmCommand command;
    const char *parameters, *says;
} answers[] = {
    { TPM_CREATE_PRIMARY, CREATED, "0004aabbccdd" },
    { TPM_CREATE_PRIMARY, "0000 0001 01 0001 02 8021 4000000b 0001 03 0002 000b", "none" },
    { TPM_CREATE_PRIMARY, CREATED " 00", "none" },
    { TPM_READ_PUBLIC, PUBLIC " 0002 000b 0002 000b", "0004aabbccdd" },
    { TPM_READ_PUBLIC, PUBLIC " 0002 000b", "none" },
    { TPM_QUOTE, "0002 ff54 " SIGNATURE, "ff54 0018000b000111000122" },
    { TPM_QUOTE, "0000 " SIGNATURE, "none" },
    { TPM_QUOTE, "0002 ff54 0018 000b 0000 0001 22", "none" },
    { TPM_QUOTE, "0002 ff54 0014 000b 0001 11 0001 22", "none" },
    { TPM_QUOTE, "0002 ff54 0018 0004 0001 11 0001 22", "none" },
    { TPM_QUOTE, "0002 ff54 " SIGNATURE " 00", "none" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 020000 00000001 " VALUE, "2 1f" },
    { TPM_PCR_READ, "00000007 00000001 000b 01 02 00000001 " VALUE, "2 1f" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 030000 00000002 " VALUE " " VALUE, "3 1f" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 000000 00000000", "0 00" },
    { TPM_PCR_READ, "00000007 00000000 00000000", "0 00" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 100000 00000001 " VALUE, "none" }, /* nobody asked for that one */
    { TPM_PCR_READ, "00000007 00000001 0004 03 020000 00000001 " VALUE, "none" },
    { TPM_PCR_READ, "00000007 00000001 000b 04 02000000 00000001 " VALUE, "none" },
    { TPM_PCR_READ, "00000007 00000002 000b 03 020000 000c 03 020000 00000001 " VALUE, "none" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 020000 00000002 " VALUE " " VALUE, "none" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 030000 00000001 " VALUE, "none" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 020000 00000002 " VALUE, "none" },
    { TPM_PCR_READ, "00000007 00000002 00000000", "none" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 020000 00000000", "none" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 020000 00000001 0002 1122", "none" },
    { TPM_PCR_READ, "00000007 00000001 000b 03 020000 ffffffff " VALUE, "none" },
    { TPM_NV_READ_PUBLIC, "000e 01c00002 000b 12345678 0000 03f8 0002 000b", "1016" },
    { TPM_NV_READ_PUBLIC, "000f 01c00002 000b 12345678 0001 99 03f8 0002 000b", "1016" },
    { TPM_NV_READ_PUBLIC, "000f 01c00002 000b 12345678 0000 03f8 00 0002 000b", "none" },
    { TPM_NV_READ, "0002 3082", "3082" },
    { TPM_NV_READ, "0001 30", "30" },
    { TPM_NV_READ, "0000", "none" },
    { TPM_NV_READ, "0003 308203", "none" }, /* more than was asked for */
    { TPM_START_AUTH_SESSION, "0002 1122", "" },
    { TPM_START_AUTH_SESSION, "0002 11", "none" },
    { TPM_POLICY_SECRET, "0000 8023 4000000b 0000", "" },
    { TPM_POLICY_SECRET, "0000 8023 4000000b", "none" },
    { TPM_ACTIVATE_CREDENTIAL, "0003 aabbcc", "aabbcc" },
    { TPM_ACTIVATE_CREDENTIAL, "0000", "none" },
    { TPM_FLUSH_CONTEXT, "", "" },
};
/* clang-format on */

static void
test_answers(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GBytes) bytes = from_hex(answers[i].parameters);
        gsize length;
        const guint8 *data = g_bytes_get_data(bytes, &length);
        g_test_message("%s", answers[i].parameters);
        g_autofree char *says = answer_read(answers[i].command, cursor_over(data, length));
        g_assert_cmpstr(says, ==, answers[i].says);
        /* No answer is still one without its end. */
        for (gsize cut = 0; cut < length && strcmp(answers[i].says, "none") != 0; cut++) {
            g_autofree guint8 *less = g_memdup2(data, cut);
            g_autofree char *none = answer_read(answers[i].command, cursor_over(less, cut));
            g_assert_cmpstr(none, ==, "none");
        }
    }
}

/* clang-format off */
static const struct {
    TpmCommand command;
    const char *response, *says; /* code, handle and parameters, or "none" */
} responses[] = {
    { TPM_PCR_READ, "8001 0000000c 00000000 aabb", "0 0 aabb" },
    { TPM_FLUSH_CONTEXT, "8001 0000000a 00000000", "0 0 " },
    { TPM_QUOTE, "8002 00000015 00000000 00000002 aabb " AUTH, "0 0 aabb" },
    { TPM_ACTIVATE_CREDENTIAL, "8002 0000001a 00000000 00000002 aabb " AUTH " " AUTH, "0 0 aabb" },
    { TPM_CREATE_PRIMARY, "8002 00000019 00000000 80000001 00000002 aabb " AUTH, "0 80000001 aabb" },
    { TPM_START_AUTH_SESSION, "8001 00000010 00000000 03000000 aabb", "0 3000000 aabb" },
    { TPM_QUOTE, "8001 0000000a 00000921", "921 0 " },
    { TPM_QUOTE, "00c4 0000000a 0000001e", "1e 0 " }, /* a TPM 1.2 */
    { TPM_QUOTE, "8001 0000000c 00000921 aabb", "none" },
    { TPM_PCR_READ, "8001 0000000b 00000000 aabb", "none" },
    { TPM_PCR_READ, "8001 0000000d 00000000 aabb", "none" },
    { TPM_PCR_READ, "8003 0000000c 00000000 aabb", "none" },
    { TPM_QUOTE, "8002 00000015 00000000 00000003 aabb " AUTH, "none" },
    { TPM_QUOTE, "8002 00000015 00000000 ffffffff aabb " AUTH, "none" },
    { TPM_QUOTE, "8002 00000014 00000000 00000002 aabb 0000 01 00", "none" },
    { TPM_START_AUTH_SESSION, "8001 0000000c 00000000 0300", "none" },
    { TPM_QUOTE, "8001 0000000a 0000", "none" },
    { TPM_QUOTE, "", "none" },
};
/* clang-format on */

static void
test_responses(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(responses); i++) {
        g_autoptr(GBytes) bytes = from_hex(responses[i].response);
        gsize length;
        const guint8 *data = g_bytes_get_data(bytes, &length);
        TpmResponse response;
        g_autofree char *says = NULL;
        g_test_message("%s", responses[i].response);
        if (tpm_response_read(responses[i].command, data, length, &response)) {
            g_autofree char *parameters = hex_of(response.parameters.at, response.parameters.left);
            says = g_strdup_printf("%x %x %s", response.code, response.handle, parameters);
        }
        g_assert_cmpstr(says ? says : "none", ==, responses[i].says);
    }
}

/* ---- the rest ---- */

static const struct {
    guint32 code, base;
    const char *name, *subject;
    guint number;
} codes[] = {
    { 0x921, 0x921, "LOCKOUT", NULL, 0 },           { 0x922, 0x922, "RETRY", NULL, 0 },
    { 0x101, 0x101, "FAILURE", NULL, 0 },           { 0x18b, 0x08b, "HANDLE", "handle", 1 },
    { 0x28b, 0x08b, "HANDLE", "handle", 2 },        { 0x08b, 0x08b, "HANDLE", NULL, 0 },
    { 0x1df, 0x09f, "INTEGRITY", "parameter", 1 },  { 0xfd5, 0x095, "SIZE", "parameter", 15 },
    { 0x98e, 0x08e, "AUTH_FAIL", "session", 1 },    { 0xaa2, 0x0a2, "BAD_AUTH", "session", 2 },
    { 0xb0143, 0x143, "COMMAND_CODE", NULL, 0 },    { 0x7ff, 0x0bf, NULL, "parameter", 7 },
    { 0x12e, 0x12e, "TOO_MANY_CONTEXTS", NULL, 0 },
};

static void
test_codes(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        unsigned number = 0;
        const char *subject = tpm_code_subject(codes[i].code, &number);
        g_assert_cmphex(tpm_code_base(codes[i].code), ==, codes[i].base);
        g_assert_cmpstr(tpm_code_name(codes[i].code), ==, codes[i].name);
        g_assert_cmpstr(subject, ==, codes[i].subject);
        g_assert_cmpuint(number, ==, codes[i].number);
    }
    for (guint command = 0; command < TPM_N_COMMANDS; command++)
        g_assert_true(g_str_has_prefix(tpm_command_name(command), "TPM2_"));
}

static void
test_what_failed_stays_failed(void)
{
    Cursor in = cursor_over("\1\2\3", 3);
    g_assert_cmphex(cursor_u32be(&in), ==, 0);
    g_assert_true(in.failed && in.left == 3);
    g_assert_cmphex(cursor_u8(&in), ==, 0);
    g_assert_null(cursor_take(&in, 1));
    g_assert_true(cursor_sized(&in).failed && !cursor_is_done(&in));
}

static void
test_hexadecimal(void)
{
    TpmBlob blob;
    g_assert_true(tpm_blob_from_hex(&blob, "00aBFf", 1, 3));
    g_assert_cmpmem(blob.bytes, blob.length, "\0\xab\xff", 3);
    for (const char *const *wrong = (const char *const[]){ "", "0", "00aBFf00", "0g", "0x00", " 00", NULL }; *wrong; wrong++)
        g_assert_false(tpm_blob_from_hex(&blob, *wrong, 1, 3));
    g_assert_false(tpm_blob_from_hex(&blob, NULL, 1, 3));
    g_autofree char *long_one = g_strnfill(2 * sizeof blob.bytes + 2, '0');
    g_assert_false(tpm_blob_from_hex(&blob, long_one, 1, 4096));
    g_assert_true(tpm_blob_from_hex(&blob, long_one + 2, 1, 4096));
    g_assert_false(tpm_blob_keep(&blob, long_one, sizeof blob.bytes + 1));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest-tpm/commands", test_commands);
    g_test_add_func("/guest-tpm/what-does-not-fit-says-so", test_what_does_not_fit_says_so);
    g_test_add_func("/guest-tpm/responses", test_responses);
    g_test_add_func("/guest-tpm/answers", test_answers);
    g_test_add_func("/guest-tpm/codes", test_codes);
    g_test_add_func("/guest-tpm/what-failed-stays-failed", test_what_failed_stays_failed);
    g_test_add_func("/guest-tpm/hexadecimal", test_hexadecimal);
    return g_test_run();
}
