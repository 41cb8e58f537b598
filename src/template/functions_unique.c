/* Texts that are unlikely to be there twice: made of other texts, the same each time; or new ones. */
#include "template/functions.h"

#include <string.h>

/* As Azure: the texts with '-' between them. */
static GString *
joined(const Arguments *arguments)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < arguments->n; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? "-" : "", argument_text(arguments, i));
    return text;
}

/* ---- guid() and newGuid(): RFC 9562 ---- */

/* Of the first 16 bytes of a hash. */
static json_t *
uuid(guint8 *bytes, guint version)
{
    bytes[6] = (guint8)((bytes[6] & 0x0f) | version << 4);
    bytes[8] = (guint8)((bytes[8] & 0x3f) | 0x80);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 16; i++)
        g_string_append_printf(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    return json_string(text->str);
}

static json_t *
call_guid(Evaluation *, const Arguments *arguments, GError **)
{
    /* Azure's: 11fb06fb-712d-4ddd-98c7-e71bbd588830 */
    static const guint8 namespace_[] = { 0x11, 0xfb, 0x06, 0xfb, 0x71, 0x2d, 0x4d, 0xdd,
                                         0x98, 0xc7, 0xe7, 0x1b, 0xbd, 0x58, 0x88, 0x30 };
    guint8 digest[20];
    gsize size = sizeof digest;
    g_autoptr(GString) text = joined(arguments);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(checksum, namespace_, sizeof namespace_);
    g_checksum_update(checksum, (const guchar *)text->str, (gssize)text->len);
    g_checksum_get_digest(checksum, digest, &size);
    return uuid(digest, 5);
}

static json_t *
call_new_guid(Evaluation *evaluation, const Arguments *, GError **)
{
    guint8 digest[32];
    gsize size = sizeof digest;
    g_autofree char *number = g_strdup_printf(" %u", evaluation->n_guids++);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)evaluation->scope->seed, -1);
    g_checksum_update(checksum, (const guchar *)number, -1);
    g_checksum_get_digest(checksum, digest, &size);
    return uuid(digest, 4);
}

/* ---- uniqueString() ---- */

/* The hash of Azure's: two of the four lanes of MurmurHash3_x86_128. Source: Microsoft, the function unique_string of
 * terraform-provider-azapi. */
#define LANES      2
#define MULTIPLY_1 0x239b961bu
#define MULTIPLY_2 0xab0e9789u
static const struct {
    guint32 before, after;
    guint turn_key, turn;
    guint32 add;
} lanes[LANES] = {
    { MULTIPLY_1, MULTIPLY_2, 15, 19, 0x561ccd1bu },
    { MULTIPLY_2, MULTIPLY_1, 17, 13, 0x0bcaa747u },
};

static guint32
turned(guint32 value, guint by)
{
    return value << by | value >> (32 - by);
}

/* Up to 4 bytes, the least first. */
static guint32
word(const char *bytes, gsize n)
{
    guint32 value = 0;
    for (gsize i = 0; i < MIN(n, 4); i++)
        value |= (guint32)(guint8)bytes[i] << 8 * i;
    return value;
}

static void
mix_key(guint32 *hash, guint lane, guint32 key)
{
    hash[lane] ^= turned(key * lanes[lane].before, lanes[lane].turn_key) * lanes[lane].after;
}

static guint32
final_mix(guint32 value)
{
    value = (value ^ value >> 16) * 0x85ebca6bu;
    value = (value ^ value >> 13) * 0xc2b2ae35u;
    return value ^ value >> 16;
}

static void
stir(guint32 *hash)
{
    hash[0] += hash[1];
    hash[1] += hash[0];
}

static guint64
hash_of(const char *text, gsize length)
{
    guint32 hash[LANES] = { 0 };
    gsize left = length;
    for (; left >= 4 * LANES; left -= 4 * LANES) {
        for (guint lane = 0; lane < LANES; lane++, text += 4) {
            mix_key(hash, lane, word(text, 4));
            hash[lane] = (turned(hash[lane], lanes[lane].turn) + hash[1 - lane]) * 5 + lanes[lane].add;
        }
    }
    for (guint lane = 0; lane < LANES && left > 4 * lane; lane++)
        mix_key(hash, lane, word(text + 4 * lane, left - 4 * lane));
    for (guint lane = 0; lane < LANES; lane++)
        hash[lane] ^= (guint32)length;
    stir(hash);
    for (guint lane = 0; lane < LANES; lane++)
        hash[lane] = final_mix(hash[lane]);
    stir(hash);
    return (guint64)hash[1] << 32 | hash[0];
}

/* In base 32: 13 letters and digits. */
static json_t *
call_unique_string(Evaluation *, const Arguments *arguments, GError **)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    g_autoptr(GString) text = joined(arguments);
    char unique[14] = "";
    guint64 hash = hash_of(text->str, text->len);
    for (guint i = 0; i < sizeof unique - 1; i++, hash <<= 5)
        unique[i] = digits[hash >> 59];
    return json_string(unique);
}

/* clang-format off */
const Function functions_unique[] = {
    { "guid", 1, FUNCTION_MANY, { KIND_TEXT }, USE_NOTHING, call_guid, NULL },
    { "newGuid", 0, 0, { 0 }, USE_NEW, call_new_guid, NULL },
    { "uniqueString", 1, FUNCTION_MANY, { KIND_TEXT }, USE_NOTHING, call_unique_string, NULL },
    { 0 },
};
/* clang-format on */
