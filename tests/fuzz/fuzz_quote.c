/* attest/evidence.h: a guest's quote, signature, key and log, each behind 16 bits with its length. What was damaged never
 * holds, since the fuzzer has no key. */
#include "attest/evidence.h"
#include "base/cursor.h"

#include "fuzz.h"

static GBytes *
next(Cursor *at)
{
    Cursor part = cursor_sized(at);
    return part.failed ? NULL : g_bytes_new(part.at, part.left);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint8 nonce_of_nobody[32];
    Cursor at = cursor_over(data, size);
    g_autoptr(GBytes) attest = next(&at);
    g_autoptr(GBytes) signature = next(&at);
    g_autoptr(GBytes) ak = next(&at);
    g_autoptr(GBytes) ek = next(&at);
    g_autoptr(GBytes) log = next(&at);
    const Evidence evidence = { attest, signature, ak, ek, log };
    Quote quote;
    g_auto(Evidenced) evidenced = { 0 };
    /* Its own nonce, so that what comes after is reached. */
    gboolean is_quote = attest && quote_parse(attest, &quote) == QUOTE_READ;
    g_autoptr(GBytes) nonce =
        is_quote ? g_bytes_new(quote.nonce, quote.nonce_size) : g_bytes_new(nonce_of_nobody, sizeof nonce_of_nobody);
    evidence_check(&evidence, nonce, &evidenced);
    g_assert((evidenced.reason == NULL) == (evidenced.check == EVIDENCE_HOLDS));
    g_assert(evidenced.check != EVIDENCE_HOLDS || (is_quote && evidenced.log && evidenced.ak));
    return 0;
}
