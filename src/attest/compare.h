/* attest/compare.h: what a boot measured, beside what it should have measured, event by event. Pure.
 *
 * Events are compared within each PCR, in order, by type and digest: that names the component where a PCR's value only says
 * that something differs. Nothing here is believed of the seen log that its quote has not proven: only PCRs of `mask` are
 * looked at. */
#pragma once

#include "attest/event_log.h"

typedef enum { DIFFERENCE_CHANGED, DIFFERENCE_NEW, DIFFERENCE_MISSING, DIFFERENCE_N_KINDS } DifferenceKind;
/* "changed", "new", "missing" */
const char *difference_kind_text(DifferenceKind kind);

/* Texts are owned. A name is that of the reference where there is one there; a detail is there where the digest covers it. */
typedef struct {
    DifferenceKind kind;
    gboolean accepted; /* by a policy, which says so by stands_for: shown, and held against nobody */
    guint32 pcr;
    guint32 type;
    /* Its place in the seen log, from 1; of a missing one that of the event that it should have come after. 0: it came before
     * all events, or is none (the locality that PCR 0 began with). */
    guint event;
    char *name;
    char *expected, *seen;               /* digests, hexadecimal; NULL where there is none */
    char *expected_detail, *seen_detail; /* or NULL */
} Difference;

void difference_free(Difference *difference); /* accepts NULL */

/* Of Difference, in the order of the seen log; empty: the same.
 * stands_for: of each seen event the place (from 1) of that event of the reference for which it is accepted whatever its digest
 * is, of the same PCR and type; 0: of none. NULL: nothing is accepted. */
GPtrArray *events_compare(const EventLog *reference, const EventLog *seen, guint32 mask, const guint *stands_for);

/* Boot code or configuration that is changed or new: PCR 4, 8, 9, 11 to 13. */
gboolean difference_is_of_boot_code(const Difference *difference);

/* The one that matters most of those that are not accepted; NULL where there is none. Boot code and configuration that is
 * changed or new, then Secure Boot and its lists (7, 14), then what is missing, then all else; of the
 * same kind the first. */
const Difference *differences_worst(const GPtrArray *differences);

/* A sentence: "PCR 4: \EFI\BOOT\grubx64.efi has digest X, REFERENCE has Y." Newly allocated. */
char *difference_text(const Difference *difference, const char *reference);
