/* attest/event_log.h: a guest's event log, with all that is said of its events and what it replays to. */
#include "attest/compare.h"
#include "attest/event_info.h"
#include "attest/event_type.h"
#include "attest/pcrs.h"
#include "attest/vendor_signed.h"

#include "fuzz.h"

static void
event_look(const LogEvent *event)
{
    g_auto(EventInfo) info = { 0 };
    g_autofree char *type = event_type_text(event->type);
    gboolean on;
    event_info_read(event, &info);
    g_assert_nonnull(info.name);
    g_assert_true(g_utf8_validate(info.name, -1, NULL));
    g_assert_true(!info.detail || g_utf8_validate(info.detail, -1, NULL));
    g_assert_cmpuint(event->pcr, <, N_PCRS);
    event_proof(event);
    event_is_secure_boot(event, &on);
}

/* Beside a boot that differs in one event, which the last byte chooses: only a kernel may, or what names its file. */
static void
policy_look(const EventLog *log, const uint8_t *data, size_t size)
{
    if (event_log_length(log) == 0)
        return;
    const LogEvent *event = event_log_get(log, data[size - 1] % event_log_length(log));
    g_autofree guint8 *copy = g_memdup2(data, size);
    copy[event->digest - data] ^= 1;
    g_autoptr(GBytes) bytes = g_bytes_new_static(copy, size);
    g_autoptr(EventLog) seen = event_log_parse(bytes, NULL);
    g_autofree char *signer = NULL;
    g_autoptr(GPtrArray) found = vendor_signed_compare(log, seen, G_MAXUINT32, &signer);
    for (guint i = 0; i < found->len; i++) {
        const Difference *difference = g_ptr_array_index(found, i);
        g_assert(!difference->accepted || (signer && (difference->pcr == 4 || difference->pcr == 8 || difference->pcr == 9)));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(EventLog) log = event_log_parse(bytes, &error);
    Pcrs pcrs;
    g_assert((log == NULL) == (error != NULL));
    if (!log)
        return 0;
    for (guint i = 0; i < event_log_length(log); i++)
        event_look(event_log_get(log, i));
    pcrs_replay(log, &pcrs);
    g_autoptr(GPtrArray) none = events_compare(log, log, G_MAXUINT32, NULL);
    g_assert_cmpuint(none->len, ==, 0);
    policy_look(log, data, size);
    return 0;
}
