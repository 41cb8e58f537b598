#include "attest/record.h"

#include "attest/chain.h"
#include "attest/crl.h"
#include "attest/digest.h"
#include "attest/evidence.h"
#include "attest/issuer.h"
#include "attest/jws.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/time_text.h"

#include <openssl/x509.h>
#include <string.h>

#define CHAIN_MAX     8
#define PEM_BEGIN     "-----BEGIN CERTIFICATE-----"
#define PEM_END       "-----END CERTIFICATE-----"
#define HEADER_MAX    65536
#define DER_MAX       16384
#define INSTANCES_MAX 100000

/* ---- signing ---- */

/* What stands between a certificate's armour is the base64 of its DER (RFC 7468, section 5.1), which is what "x5c" holds
 * (RFC 7515, section 4.1.6). */
static json_t *
chain_json(const char *pem)
{
    json_t *list = json_array();
    const char *at = pem, *end;
    while (json_array_size(list) < CHAIN_MAX && (at = strstr(at, PEM_BEGIN)) && (end = strstr(at, PEM_END))) {
        g_autoptr(GString) text = g_string_new_len(at + strlen(PEM_BEGIN), end - at - (gssize)strlen(PEM_BEGIN));
        g_string_replace(text, "\n", "", 0);
        json_array_append_new(list, json_stringn(text->str, text->len));
        at = end;
    }
    return list;
}

char *
record_sign(const json_t *record, const EVP_PKEY *key, const char *chain, GError **error)
{
    g_autoptr(json_t) header = json_pack("{ss ss so}", "alg", "ES256", "typ", RECORD_TYPE, "x5c", chain_json(chain));
    if (!jws_is_key(key) || json_array_size(json_object_get(header, "x5c")) == 0) {
        arm_fail(error, ARM_INTERNAL, NULL, "The key that signs change records, or its certificate, is none.");
        return NULL;
    }
    g_autofree char *head = json_text(header), *body = json_text(record);
    g_autofree char *head_text = jws_url_encode(head, strlen(head)), *body_text = jws_url_encode(body, strlen(body));
    g_autofree char *message = g_strjoin(".", head_text, body_text, NULL), *signature = jws_signature_make(message, key);
    return g_strjoin(".", message, signature, NULL);
}

/* ---- reading ---- */

typedef struct {
    json_t *header, *payload;
    gsize message_length;
    guchar *signature;
    gsize signature_size;
    Chain *chain; /* the first is the signer's */
} Record;

static void
record_clear(Record *record)
{
    json_decref(record->header);
    json_decref(record->payload);
    g_free(record->signature);
    chain_free(record->chain);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Record, record_clear)

static json_t *
part_read(const char *text, gsize length)
{
    gsize size = 0;
    g_autofree guchar *bytes = jws_url_decode(text, length, &size);
    g_autoptr(json_t) value = bytes ? json_parse((const char *)bytes, size, NULL) : NULL;
    return json_is_object(value) ? g_steal_pointer(&value) : NULL;
}

static json_t *
header_read(const char *text, gsize length)
{
    const char *dot = memchr(text, '.', MIN(length, HEADER_MAX));
    g_autoptr(json_t) header = dot ? part_read(text, (gsize)(dot - text)) : NULL;
    return header && g_strcmp0(json_member_text(header, "typ"), RECORD_TYPE) == 0 ? g_steal_pointer(&header) : NULL;
}

gboolean
record_is(const char *text, gsize length)
{
    g_autoptr(json_t) header = header_read(text, length);
    return header != NULL;
}

static GBytes *
base64_bytes(const char *text, gsize max)
{
    gsize size = 0;
    if (!text || strlen(text) > max / 3 * 4 + 4)
        return NULL;
    guchar *bytes = g_base64_decode(text, &size);
    if (size > 0)
        return g_bytes_new_take(bytes, size);
    g_free(bytes);
    return NULL;
}

static gboolean
chain_read(Record *record)
{
    const json_t *list = json_object_get(record->header, "x5c");
    record->chain = chain_new();
    for (size_t i = 0; i < json_array_size(list); i++) {
        g_autoptr(GBytes) der = i < CHAIN_MAX ? base64_bytes(json_string_value(json_array_get(list, i)), DER_MAX) : NULL;
        if (!der || !chain_add(record->chain, der))
            return FALSE;
    }
    return json_array_size(list) > 0;
}

static gboolean
record_read(const char *text, gsize length, Record *record)
{
    const char *body = memchr(text, '.', length);
    const char *end = body ? memchr(body + 1, '.', length - (gsize)(body + 1 - text)) : NULL;
    if (!end || length > RECORD_MAX_BYTES)
        return FALSE;
    const char *signature = end + 1;
    record->header = header_read(text, length);
    record->message_length = (gsize)(end - text);
    record->payload = record->header ? part_read(body + 1, (gsize)(end - body - 1)) : NULL;
    record->signature =
        record->payload ? jws_url_decode(signature, length - (gsize)(signature - text), &record->signature_size) : NULL;
    /* What "crit" names would have to be understood (RFC 7515, section 4.1.11). */
    return record->signature && g_strcmp0(json_member_text(record->header, "alg"), "ES256") == 0 &&
           !json_object_get(record->header, "crit") &&
           json_array_size(json_object_get(record->payload, "instances")) <= INSTANCES_MAX && chain_read(record);
}

/* ---- evidence inside ---- */

static GBytes *
evidence_part(const json_t *evidence, const char *name)
{
    return base64_bytes(json_member_text(evidence, name), 65536);
}

/* NULL: it is not in the file, or it is another one. */
static GBytes *
log_find(const json_t *payload, const char *digest)
{
    g_autoptr(GBytes) log =
        digest ? base64_bytes(json_member_text(json_object_get(payload, "logs"), digest), RECORD_MAX_BYTES) : NULL;
    guint8 own[SHA256_SIZE];
    if (!log)
        return NULL;
    sha256(g_bytes_get_data(log, NULL), g_bytes_get_size(log), own);
    g_autofree char *hex = hex_text(own, sizeof own);
    return strcmp(hex, digest) == 0 ? g_steal_pointer(&log) : NULL;
}

/* That a state is claimed for which evidence has to hold. */
static gboolean
state_needs_evidence(const char *state)
{
    static const char *const states[] = { "Healthy", "Deviation", "NotJudged", NULL };
    return state && g_strv_contains(states, state);
}

static const char *
evidence_judge(const json_t *payload, const json_t *verdict)
{
    const json_t *json = json_object_get(verdict, "evidence");
    const char *state = json_member_text(verdict, "state"), *digest = json_member_text(json, "log");
    const gboolean claimed = state_needs_evidence(state);
    if (!json_is_object(json))
        return claimed ? "differs" : "none";
    g_autoptr(GBytes) attest = evidence_part(json, "quote"), signature = evidence_part(json, "signature"),
                      ak = evidence_part(json, "ak"), nonce = evidence_part(json, "nonce"), log = log_find(payload, digest);
    const Evidence evidence = { .attest = attest, .signature = signature, .ak = ak, .log = log };
    g_auto(Evidenced) seen = { 0 };
    g_autoptr(GBytes) no_nonce = g_bytes_new(NULL, 0);
    if (digest && !log && json_object_get(json_object_get(payload, "logs"), digest))
        return "differs";
    evidence_check(&evidence, nonce ? nonce : no_nonce, &seen);
    if (seen.check == EVIDENCE_HOLDS)
        return "holds";
    /* What is signed is checked all the same. */
    if (digest && !log && seen.check == EVIDENCE_NO_LOG)
        return "notKept";
    return claimed ? "differs" : "refused";
}

static void
verdict_add(json_t *shown, const json_t *payload, const json_t *instance, const char *when, gboolean *ret_differs)
{
    const json_t *verdict = json_object_get(instance, when);
    const char *state = json_member_text(verdict, "state");
    const char *evidence = json_is_object(verdict) ? evidence_judge(payload, verdict) : "none";
    g_autofree char *member = g_strconcat(when, "Evidence", NULL);
    json_set_text(shown, when, state ? state : "None");
    json_set_text(shown, member, evidence);
    *ret_differs = *ret_differs || strcmp(evidence, "differs") == 0;
}

/* How long a period lasted up to when the record was written, which records of before did not count. */
static double
uncounted_seconds(const json_t *payload, const json_t *period)
{
    const char *from_text = json_member_text(period, "from"), *written_text = json_member_text(payload, "written");
    UnixTime from, written;
    const gboolean is_known = !json_object_get(period, "usec") && from_text && written_text &&
                              time_from_text(from_text, &from) && time_from_text(written_text, &written);
    return is_known && from < written ? (double)(written - from) / USEC_PER_SEC : 0;
}

static void
downtime_add(json_t *shown, const json_t *payload, const json_t *instance)
{
    const json_t *downtime = json_object_get(instance, "downtime"), *periods = json_object_get(downtime, "periods");
    const size_t n = json_array_size(periods);
    const json_t *last = n > 0 ? json_array_get(periods, n - 1) : NULL;
    const gboolean is_down = json_is_object(last) && !json_object_get(last, "to");
    const double seconds = json_number_value(json_object_get(downtime, "seconds"));
    json_object_set_new(shown, "downtimeSeconds", json_real(seconds + (is_down ? uncounted_seconds(payload, last) : 0)));
    json_object_set_new(shown, "stillDown", json_boolean(is_down));
}

/* Each instance as it is shown; *ret_differs NULL: none. */
static json_t *
instances_judge(const json_t *payload, char **ret_differs)
{
    json_t *list = json_array(), *instance;
    size_t i;
    *ret_differs = NULL;
    json_array_foreach(json_object_get(payload, "instances"), i, instance)
    {
        json_t *shown = json_object();
        gboolean differs = FALSE;
        const char *id = json_member_text(instance, "instanceId");
        json_set_text(shown, "instanceId", id);
        downtime_add(shown, payload, instance);
        verdict_add(shown, payload, instance, "before", &differs);
        verdict_add(shown, payload, instance, "after", &differs);
        json_array_append_new(list, shown);
        if (differs && !*ret_differs)
            *ret_differs = g_strdup(id ? id : "");
    }
    return list;
}

/* ---- verdict ---- */

static const char *const check_texts[RECORD_N] = {
    [RECORD_HOLDS] = "Holds",
    [RECORD_MALFORMED] = "Malformed",
    [RECORD_WRONG_SIGNATURE] = "WrongSignature",
    [RECORD_NOT_TRUSTED] = "NotTrusted",
    [RECORD_OTHER_CA] = "OtherCa",
    [RECORD_REVOKED] = "Revoked",
    [RECORD_EVIDENCE_DIFFERS] = "EvidenceDiffers",
};

const char *
record_check_text(RecordCheck check)
{
    g_assert(check < RECORD_N);
    return check_texts[check];
}

static const char *const reasons[RECORD_N] = {
    [RECORD_HOLDS] = "It was signed by a key of this CA, and nothing of it was changed.",
    [RECORD_MALFORMED] = "This is no change record, or it is damaged.",
    [RECORD_WRONG_SIGNATURE] = "It was changed after it was signed, or its certificate is another key's.",
    [RECORD_NOT_TRUSTED] =
        "It is signed; whether by Testudo's CA says 'testudo attest verify-file FILE --ca CHAIN' (of 'testudo ca chain').",
    [RECORD_REVOKED] =
        "The certificate of the key that signed it was revoked, or the list that was given does not say it was not.",
    [RECORD_OTHER_CA] = "The key that signed it is not certified for change records by this CA, or was not when it signed.",
};

static void
facts_copy(json_t *report, const Record *record)
{
    static const char *const members[] = { "id", "kind", "scaleSet", "requestedBy", "started", "ended", "outcome" };
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        json_set_text(report, members[i], json_member_text(record->payload, members[i]));
    g_autofree char *name = chain_name(record->chain);
    json_set_text(report, "signedBy", name);
}

static RecordCheck
trust_judge(const char *text, const Record *record, GBytes *ca, GBytes *crls, UnixTime now)
{
    X509 *signer = chain_first(record->chain);
    EVP_PKEY *key = X509_get0_pubkey(signer);
    const json_int_t at = json_integer_value(json_object_get(record->payload, "iat"));
    if (!jws_is_key(key) || !jws_signature_holds(text, record->message_length, record->signature, record->signature_size, key))
        return RECORD_WRONG_SIGNATURE;
    if (!ca)
        return RECORD_NOT_TRUSTED;
    if (!issuer_is_signer(signer) || at <= 0 || at > G_MAXINT64 / USEC_PER_SEC)
        return RECORD_OTHER_CA;
    if (!chain_leads(record->chain, ca, at * USEC_PER_SEC))
        return RECORD_OTHER_CA;
    return crls && crl_ask(record->chain, ca, crls, now) != CRL_GOOD ? RECORD_REVOKED : RECORD_HOLDS;
}

json_t *
record_verify(const char *text, gsize length, GBytes *ca, GBytes *crls, UnixTime now, RecordCheck *ret_check)
{
    g_auto(Record) record = { 0 };
    g_autofree char *differs = NULL, *reason = NULL;
    json_t *report = json_object();
    /* An editor ends what it saves with a line end. */
    while (length > 0 && g_ascii_isspace(text[length - 1]))
        length--;
    const gboolean readable = record_read(text, length, &record);
    RecordCheck check = readable ? trust_judge(text, &record, ca, crls, now) : RECORD_MALFORMED;
    json_t *instances = readable ? instances_judge(record.payload, &differs) : NULL;
    if (differs && check == RECORD_HOLDS) {
        check = RECORD_EVIDENCE_DIFFERS;
        reason = g_strdup_printf("A verdict on instance %s is not what its own evidence gives.", differs);
    }
    json_set_text(report, "verdict", record_check_text(check));
    json_set_text(report, "reason", reason ? reason : reasons[check]);
    if (readable)
        facts_copy(report, &record);
    if (instances)
        json_object_set_new(report, "instances", instances);
    *ret_check = check;
    return report;
}
