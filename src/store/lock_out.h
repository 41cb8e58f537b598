/* store/lock_out.h: what was last looked up in an instance (testudo vmss assess), and what of it an upgrade would lock out.
 *
 * Bad news keep longer than good ones: a volume that a vTPM opened goes on needing it for as long as the instance has that OS
 * disk and that vTPM, over any restart. That nothing was found holds for the launch that was looked into, and for a day. */
#pragma once

#include "model/change.h"
#include "store/store.h"

#include <jansson.h>

#define ASSESSMENT_HOLDS (24 * G_GINT64_CONSTANT(3600) * USEC_PER_SEC)

typedef enum {
    ASSESSED,              /* of this launch, and recent */
    ASSESSED_NEVER,        /* there is none */
    ASSESSED_ANOTHER,      /* OS disk or vTPM were replaced since, or are about to be: it says nothing of this instance */
    ASSESSED_OTHER_LAUNCH, /* its disk and vTPM are the same; it was started again since */
    ASSESSED_LONG_AGO,
    ASSESSED_N
} Assessed;

/* assessment: NULL where there is none. Pure. */
Assessed assessed_state(const StoreAssessment *assessment, const StoreInstance *instance, UnixTime now);
/* A sentence; NULL for ASSESSED. */
const char *assessed_text(Assessed state);

/* What an instance loses. */
typedef struct {
    gboolean vtpm;
    gboolean os_disk;
} Losses;
/* replaced: a new instance comes in its place, where there is anything to be done (maxSurge). */
Losses losses_of_change(const Change *change, gboolean replaced);

/* A list of FINDINGs (attest/assessment.h) that would be locked out; a new reference, never NULL. What lies on the OS disk
 * itself is not locked out where that goes: it is lost. Pure. */
json_t *lock_out_findings(const StoreAssessment *assessment, const StoreInstance *instance, Losses losses);

/* *ret_what: what of this instance would be locked out, for people: "LuksVolume '/dev/vdb'"; *ret_assessed: when that was seen:
 * "2026-11-23T22:51:54Z". Newly allocated; both NULL: nothing. FALSE: *error. */
gboolean lock_out_words(StoreTx *tx, const StoreInstance *instance, Losses losses, char **ret_what, char **ret_assessed,
                        GError **error);

/* Adds an error that names the instance and what would be locked out to `violations`, where something would. FALSE: *error. */
gboolean lock_out_judge(StoreTx *tx, const StoreInstance *instance, Losses losses, GPtrArray *violations, GError **error);

/* The same for all instances that a rolling upgrade to this model would take. */
gboolean lock_out_judge_roll(StoreTx *tx, const StoreSet *set, const Model *target, gboolean surge, GPtrArray *violations,
                             GError **error);
