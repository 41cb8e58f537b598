#include "attest/event_log.h"

#include "attest/event_type.h"
#include "attest/tpm_alg.h"
#include "base/cursor.h"

#include <string.h>

#define SHA1_SIZE 20
/* TCG has five hash algorithms for PCRs; a platform may bring some of its own. */
#define MAX_ALGORITHMS 16
/* A boot has about a hundred. */
#define EVENTS_USUAL 128

typedef struct {
    guint16 id, size;
} Algorithm;

struct EventLog {
    GBytes *bytes;
    GArray *events; /* of LogEvent */
};

typedef struct {
    Cursor at;
    const guint8 *start;
    Algorithm algorithms[MAX_ALGORITHMS];
    guint n_algorithms;
} Reader;

static gboolean
wrong(const Reader *reader, guint event, GError **error, const char *what)
{
    return arm_fail(error, ARM_BAD_REQUEST, NULL, "The event log cannot be read: event %u, byte %" G_GSIZE_FORMAT ": %s.",
                    event, (gsize)(reader->at.at - reader->start), what);
}

/* 0: there is none among the first `n`. */
static gsize
digest_size(const Reader *reader, guint n, guint16 id)
{
    for (guint i = 0; i < n; i++) {
        if (reader->algorithms[i].id == id)
            return reader->algorithms[i].size;
    }
    return 0;
}

/* TCG_EfiSpecIDEvent, section 10.4.5.1: which algorithms there are, and how long their digests. */
static gboolean
spec_id_read(Reader *reader, Cursor data, GError **error)
{
    const guint8 *signature = cursor_take(&data, 16);
    if (!signature || memcmp(signature, "Spec ID Event03", 16) != 0)
        return wrong(reader, 0, error, "it does not begin with a 'Spec ID Event03' (a log of SHA-1 alone does not)");
    /* platformClass, specVersion, errata, uintnSize */
    cursor_take(&data, 8);
    reader->n_algorithms = cursor_u32le(&data);
    if (data.failed || reader->n_algorithms == 0 || reader->n_algorithms > MAX_ALGORITHMS)
        return wrong(reader, 0, error, "the number of its hash algorithms is out of range");
    gboolean sha256 = FALSE;
    for (guint i = 0; i < reader->n_algorithms; i++) {
        Algorithm *algorithm = &reader->algorithms[i];
        algorithm->id = cursor_u16le(&data);
        algorithm->size = cursor_u16le(&data);
        /* Of another length the second time, which one counts? */
        if (digest_size(reader, i, algorithm->id) != 0)
            return wrong(reader, 0, error, "it names a hash algorithm twice");
        sha256 = sha256 || (algorithm->id == TPM_ALG_SHA256 && algorithm->size == SHA256_SIZE);
    }
    cursor_take(&data, cursor_u8(&data));
    if (!cursor_is_done(&data))
        return wrong(reader, 0, error, "its Spec ID event is cut short or too long");
    return sha256 || wrong(reader, 0, error, "it has no SHA-256 digests");
}

/* TCG_PCR_EVENT, section 10.2.1. */
static gboolean
header_read(Reader *reader, GError **error)
{
    static const guint8 zeros[SHA1_SIZE];
    guint32 pcr = cursor_u32le(&reader->at), type = cursor_u32le(&reader->at);
    const guint8 *digest = cursor_take(&reader->at, SHA1_SIZE);
    gsize size = cursor_u32le(&reader->at);
    const guint8 *data = cursor_take(&reader->at, size);
    if (!data)
        return wrong(reader, 0, error, "it ends within the header");
    if (type != EV_NO_ACTION)
        return wrong(reader, 0, error, "the header is of another type than EV_NO_ACTION");
    if (pcr != 0 || memcmp(digest, zeros, SHA1_SIZE) != 0)
        return wrong(reader, 0, error, "the header is for another PCR than 0, or has a digest");
    return spec_id_read(reader, cursor_over(data, size), error);
}

/* TCG_PCR_EVENT2, section 10.2.2. */
static gboolean
event_read(Reader *reader, guint number, LogEvent *ret_event, GError **error)
{
    LogEvent event = { .pcr = cursor_u32le(&reader->at), .type = cursor_u32le(&reader->at) };
    guint32 n_digests = cursor_u32le(&reader->at);
    if (!reader->at.failed && event.pcr >= N_PCRS)
        return wrong(reader, number, error, "its PCR is above 23");
    if (!reader->at.failed && n_digests != reader->n_algorithms)
        return wrong(reader, number, error, "it has not as many digests as there are algorithms");
    for (guint32 i = 0; i < n_digests && !reader->at.failed; i++) {
        guint16 id = cursor_u16le(&reader->at);
        gsize size = digest_size(reader, reader->n_algorithms, id);
        if (!reader->at.failed && size == 0)
            return wrong(reader, number, error, "it has a digest of an algorithm that the header does not name");
        const guint8 *digest = cursor_take(&reader->at, size);
        if (id == TPM_ALG_SHA256 && event.digest)
            return wrong(reader, number, error, "it has two SHA-256 digests");
        if (id == TPM_ALG_SHA256)
            event.digest = digest;
    }
    event.size = cursor_u32le(&reader->at);
    event.data = cursor_take(&reader->at, event.size);
    if (reader->at.failed)
        return wrong(reader, number, error, "the log ends within it");
    if (!event.digest)
        return wrong(reader, number, error, "it has no SHA-256 digest");
    *ret_event = event;
    return TRUE;
}

EventLog *
event_log_parse(GBytes *bytes, GError **error)
{
    gsize size;
    const guint8 *start = g_bytes_get_data(bytes, &size);
    Reader reader = { .at = cursor_over(start, size) };
    reader.start = reader.at.at;
    if (size > EVENT_LOG_MAX_BYTES) {
        arm_fail(error, ARM_BAD_REQUEST, NULL, "The event log has %" G_GSIZE_FORMAT " bytes; at most %u are read.", size,
                 EVENT_LOG_MAX_BYTES);
        return NULL;
    }
    if (!header_read(&reader, error))
        return NULL;
    g_autoptr(EventLog) log = g_new0(EventLog, 1);
    log->bytes = g_bytes_ref(bytes);
    log->events = g_array_sized_new(FALSE, FALSE, sizeof(LogEvent), EVENTS_USUAL);
    while (reader.at.left > 0) {
        LogEvent event;
        if (log->events->len == EVENT_LOG_MAX_EVENTS) {
            wrong(&reader, log->events->len, error, "there are more events than are read (4096)");
            return NULL;
        }
        if (!event_read(&reader, log->events->len + 1, &event, error))
            return NULL;
        g_array_append_val(log->events, event);
    }
    return g_steal_pointer(&log);
}

void
event_log_free(EventLog *log)
{
    if (!log)
        return;
    g_array_unref(log->events);
    g_bytes_unref(log->bytes);
    g_free(log);
}

guint
event_log_length(const EventLog *log)
{
    return log->events->len;
}

const LogEvent *
event_log_get(const EventLog *log, guint index)
{
    g_assert(index < log->events->len);
    return &g_array_index(log->events, LogEvent, index);
}
