/* api/attested.h: how an instance booted, as it is told to whoever asks: what was found last, and whether that still stands. */
#pragma once

#include "api/call.h"

typedef struct {
    StoreAttestation *last; /* what was found of the present boot; NULL: nothing */
    StoreVtpm *vtpm;        /* NULL: none that was seen yet */
    Integrity integrity;
    char *code, *reason; /* as last has them, unless it stands no more; or NULL */
    gint64 trust_usec;   /* so long after it was asked last, without any answer since, an instance stays what it was */
} Attested;

gboolean attested_read(const Api *api, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, UnixTime now,
                       Attested *ret_attested, GError **error);
void attested_clear(Attested *attested);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Attested, attested_clear)
