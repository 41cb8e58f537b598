#include "attest/compare.h"

#include "attest/digest.h"
#include "attest/event_info.h"
#include "attest/event_type.h"
#include "attest/pcrs.h"

#include <string.h>

static const char *const difference_kind_words[DIFFERENCE_N_KINDS] = { "changed", "new", "missing" };

const char *
difference_kind_text(DifferenceKind kind)
{
    return difference_kind_words[kind];
}

void
difference_free(Difference *difference)
{
    if (!difference)
        return;
    g_free(difference->name);
    g_free(difference->expected);
    g_free(difference->seen);
    g_free(difference->expected_detail);
    g_free(difference->seen_detail);
    g_free(difference);
}

/* ---- one PCR's events ---- */

typedef struct {
    const LogEvent *event;
    guint place;      /* in its log, from 1 */
    guint stands_for; /* a place in the reference; 0: none */
} Entry;

static GArray *
entries_of(const EventLog *log, guint32 pcr, const guint *stands_for)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    for (guint i = 0; i < event_log_length(log); i++) {
        Entry entry = { event_log_get(log, i), i + 1, stands_for ? stands_for[i] : 0 };
        if (entry.event->pcr == pcr && entry.event->type != EV_NO_ACTION)
            g_array_append_val(entries, entry);
    }
    return entries;
}

static gboolean
is_as_expected(const Entry *expected, const Entry *seen)
{
    return expected->event->type == seen->event->type && memcmp(expected->event->digest, seen->event->digest, SHA256_SIZE) == 0;
}

static gboolean
is_accepted(const Entry *expected, const Entry *seen)
{
    return expected->event->type == seen->event->type && seen->stands_for == expected->place;
}

static gboolean
same(const Entry *expected, const Entry *seen)
{
    return is_as_expected(expected, seen) || is_accepted(expected, seen);
}

/* ---- what differs ---- */

static char *
proven_detail(const LogEvent *event, const EventInfo *info)
{
    return event_proof(event) == EVENT_PROOF_HOLDS ? g_strdup(info->detail) : NULL;
}

static void
difference_add(GPtrArray *found, const Entry *expected, const Entry *seen, guint after)
{
    g_auto(EventInfo) expected_info = { 0 };
    g_auto(EventInfo) seen_info = { 0 };
    const LogEvent *event = (expected ? expected : seen)->event;
    Difference *difference = g_new0(Difference, 1);
    difference->kind = !expected ? DIFFERENCE_NEW : !seen ? DIFFERENCE_MISSING : DIFFERENCE_CHANGED;
    difference->accepted = expected && seen && is_accepted(expected, seen);
    difference->pcr = event->pcr;
    difference->type = event->type;
    difference->event = seen ? seen->place : after;
    if (expected) {
        event_info_read(expected->event, &expected_info);
        difference->expected = sha256_hex(expected->event->digest);
        difference->expected_detail = proven_detail(expected->event, &expected_info);
    }
    if (seen) {
        event_info_read(seen->event, &seen_info);
        difference->seen = sha256_hex(seen->event->digest);
        difference->seen_detail = proven_detail(seen->event, &seen_info);
    }
    difference->name = g_strdup(expected ? expected_info.name : seen_info.name);
    g_ptr_array_add(found, difference);
}

static char *
name_of(const Entry *entry)
{
    g_auto(EventInfo) info = { 0 };
    event_info_read(entry->event, &info);
    return g_steal_pointer(&info.name);
}

/* NULL at its end. To read one takes its time, and each is asked for many times. */
static GStrv
names_of(const Entry *entries, guint n)
{
    GStrv names = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++)
        names[i] = name_of(&entries[i]);
    return names;
}

/* Between two events that are the same on both sides there are these. Those of one name are one that has changed. */
static void
gap_compare(GPtrArray *found, const Entry *expected, guint n_expected, const Entry *seen, guint n_seen, guint after)
{
    guint next = 0;
    g_auto(GStrv) names = n_expected > 0 ? names_of(seen, n_seen) : NULL;
    for (guint i = 0; i < n_expected; i++) {
        g_autofree char *name = name_of(&expected[i]);
        guint match = next;
        while (match < n_seen && (expected[i].event->type != seen[match].event->type || strcmp(name, names[match]) != 0))
            match++;
        if (match == n_seen) {
            difference_add(found, &expected[i], NULL, next > 0 ? seen[next - 1].place : after);
            continue;
        }
        for (; next < match; next++)
            difference_add(found, NULL, &seen[next], 0);
        difference_add(found, &expected[i], &seen[next++], 0);
    }
    for (; next < n_seen; next++)
        difference_add(found, NULL, &seen[next], 0);
}

/* Lengths of the longest common subsequences of what is left from (i, j) on. */
typedef struct {
    guint16 *cells;
    guint columns;
} Lengths;

static guint16 *
cell(const Lengths *lengths, guint i, guint j)
{
    return &lengths->cells[(gsize)i * lengths->columns + j];
}

static Lengths
lengths_find(const Entry *expected, guint n_expected, const Entry *seen, guint n_seen)
{
    Lengths lengths = { g_new0(guint16, (gsize)(n_expected + 1) * (n_seen + 1)), n_seen + 1 };
    for (guint i = n_expected; i-- > 0;) {
        for (guint j = n_seen; j-- > 0;)
            *cell(&lengths, i, j) = same(&expected[i], &seen[j]) ? (guint16)(*cell(&lengths, i + 1, j + 1) + 1)
                                                                 : MAX(*cell(&lengths, i + 1, j), *cell(&lengths, i, j + 1));
    }
    return lengths;
}

/* Both begin and end differently. */
static void
middle_compare(GPtrArray *found, const Entry *expected, guint n_expected, const Entry *seen, guint n_seen, guint after)
{
    if (n_expected == 0 || n_seen == 0) {
        gap_compare(found, expected, n_expected, seen, n_seen, after);
        return;
    }
    const Lengths lengths = lengths_find(expected, n_expected, seen, n_seen);
    guint i = 0, j = 0, gap_i = 0, gap_j = 0;
    while (i < n_expected && j < n_seen) {
        if (same(&expected[i], &seen[j])) {
            gap_compare(found, expected + gap_i, i - gap_i, seen + gap_j, j - gap_j, after);
            after = seen[j].place;
            gap_i = ++i;
            gap_j = ++j;
        } else if (*cell(&lengths, i + 1, j) >= *cell(&lengths, i, j + 1)) {
            i++;
        } else {
            j++;
        }
    }
    gap_compare(found, expected + gap_i, n_expected - gap_i, seen + gap_j, n_seen - gap_j, after);
    g_free(lengths.cells);
}

/* What passes for the same is told all the same. */
static void
accepted_add(GPtrArray *found, const Entry *expected, guint n_expected, const Entry *seen, guint n_seen)
{
    for (guint i = 0; i < n_expected; i++) {
        for (guint j = 0; j < n_seen; j++) {
            if (is_accepted(&expected[i], &seen[j]) && !is_as_expected(&expected[i], &seen[j]))
                difference_add(found, &expected[i], &seen[j], 0);
        }
    }
}

static void
pcr_compare(GPtrArray *found, const EventLog *reference, const EventLog *log, guint32 pcr, const guint *stands_for)
{
    g_autoptr(GArray) expected_entries = entries_of(reference, pcr, NULL);
    g_autoptr(GArray) seen_entries = entries_of(log, pcr, stands_for);
    const Entry *expected = (const Entry *)(gpointer)expected_entries->data;
    const Entry *seen = (const Entry *)(gpointer)seen_entries->data;
    guint n_expected = expected_entries->len, n_seen = seen_entries->len, head = 0;
    if (stands_for)
        accepted_add(found, expected, n_expected, seen, n_seen);
    while (head < n_expected && head < n_seen && same(&expected[head], &seen[head]))
        head++;
    while (n_expected > head && n_seen > head && same(&expected[n_expected - 1], &seen[n_seen - 1])) {
        n_expected--;
        n_seen--;
    }
    middle_compare(found, expected + head, n_expected - head, seen + head, n_seen - head, head > 0 ? seen[head - 1].place : 0);
}

/* Missing ones come after what they should have come after. */
static int
by_place(const void *a, const void *b)
{
    const Difference *first = *(Difference *const *)a, *second = *(Difference *const *)b;
    if (first->event != second->event)
        return first->event < second->event ? -1 : 1;
    return (first->kind == DIFFERENCE_MISSING) - (second->kind == DIFFERENCE_MISSING);
}

/* No event's digest covers it, and PCR 0 does. */
static void
locality_compare(GPtrArray *found, const EventLog *reference, const EventLog *seen)
{
    const guint expected_locality = pcrs_startup_locality(reference), locality = pcrs_startup_locality(seen);
    if (expected_locality == locality)
        return;
    Difference *difference = g_new0(Difference, 1);
    difference->kind = DIFFERENCE_CHANGED;
    difference->type = EV_NO_ACTION;
    difference->name = g_strdup("StartupLocality");
    difference->expected_detail = g_strdup_printf("%u", expected_locality);
    difference->seen_detail = g_strdup_printf("%u", locality);
    g_ptr_array_add(found, difference);
}

/* As nearly every boot is. */
static gboolean
is_the_same(const EventLog *reference, const EventLog *seen)
{
    if (event_log_length(reference) != event_log_length(seen) ||
        pcrs_startup_locality(reference) != pcrs_startup_locality(seen))
        return FALSE;
    for (guint i = 0; i < event_log_length(seen); i++) {
        const LogEvent *a = event_log_get(reference, i), *b = event_log_get(seen, i);
        if (a->pcr != b->pcr || a->type != b->type || memcmp(a->digest, b->digest, SHA256_SIZE) != 0)
            return FALSE;
    }
    return TRUE;
}

GPtrArray *
events_compare(const EventLog *reference, const EventLog *seen, guint32 mask, const guint *stands_for)
{
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)difference_free);
    if (is_the_same(reference, seen))
        return found;
    if (mask & 1u << 0)
        locality_compare(found, reference, seen);
    for (guint32 pcr = 0; pcr < N_PCRS; pcr++) {
        if (mask & 1u << pcr)
            pcr_compare(found, reference, seen, pcr, stands_for);
    }
    /* GLib's is stable. */
    g_ptr_array_sort(found, by_place);
    return found;
}

/* ---- which one is told ---- */

gboolean
difference_is_of_boot_code(const Difference *difference)
{
    const guint32 pcrs = 1u << 4 | 1u << 8 | 1u << 9 | 7u << 11;
    return difference->kind != DIFFERENCE_MISSING && (pcrs & 1u << difference->pcr);
}

static guint
rank(const Difference *difference)
{
    if (difference->kind == DIFFERENCE_MISSING)
        return 2;
    if (difference_is_of_boot_code(difference))
        return 0;
    switch (difference->pcr) {
    case 7:
    case 14:
        return 1;
    default:
        return 3;
    }
}

const Difference *
differences_worst(const GPtrArray *differences)
{
    const Difference *worst = NULL;
    for (guint i = 0; i < differences->len; i++) {
        const Difference *difference = g_ptr_array_index(differences, i);
        if (!difference->accepted && (!worst || rank(difference) < rank(worst)))
            worst = difference;
    }
    return worst;
}

char *
difference_text(const Difference *difference, const char *reference)
{
    gboolean words = difference->expected_detail && difference->seen_detail &&
                     strcmp(difference->expected_detail, difference->seen_detail) != 0;
    switch (difference->kind) {
    case DIFFERENCE_NEW:
        return g_strdup_printf("PCR %u: %s was measured, with digest %s; %s has nothing there.", difference->pcr,
                               difference->name, difference->seen, reference);
    case DIFFERENCE_MISSING:
        return g_strdup_printf("PCR %u: %s was not measured; %s has it, with digest %s.", difference->pcr, difference->name,
                               reference, difference->expected);
    default:
        return words ? g_strdup_printf("PCR %u: %s is '%s', %s has '%s'.", difference->pcr, difference->name,
                                       difference->seen_detail, reference, difference->expected_detail)
                     : g_strdup_printf("PCR %u: %s has digest %s, %s has %s.", difference->pcr, difference->name,
                                       difference->seen, reference, difference->expected);
    }
}
