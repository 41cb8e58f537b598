/* edited.h: the event log of a real boot with events changed, as another boot would have measured them. */
#pragma once

#include "attest/event_log.h"

typedef enum {
    EDIT_END,
    EDIT_DIGEST,      /* of something else: of `text` */
    EDIT_TEXT,        /* GRUB's, behind its prefix, with its digest */
    EDIT_LABEL,       /* what the event says of itself, its digest as it was */
    EDIT_SAYS,        /* the same: what event `other` says of itself */
    EDIT_TYPE,        /* what it is called: the type `other` */
    EDIT_LAST_BYTE,   /* of a variable, XOR 1, with its digest */
    EDIT_DROP,        /* it is not there */
    EDIT_AGAIN,       /* a copy of event `other` comes after it */
    EDIT_MOVE_BEHIND, /* it comes after event `other` */
    EDIT_STUB,        /* after it one more comes, in PCR `other`, of `text` */
    EDIT_LOCALITY,    /* before it comes that the TPM was started from locality `other` */
    EDIT_AUTHORITY,   /* after it one more comes: an authority named `text`, which is a digest of a program */
} EditKind;

/* Events are named by their number in the log that is edited, from 1. */
typedef struct {
    EditKind kind;
    guint event;
    const char *text;
    guint other;
} Edit;

/* Edits until the first EDIT_END, in their order. */
GBytes *log_edit(GBytes *log, const Edit *edits);
