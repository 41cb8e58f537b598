/* model/integrity.h: what is known of how an instance booted. Pure. */
#pragma once

#include <glib.h>

/* HEALTHY alone is good; silence never is. */
typedef enum {
    INTEGRITY_NONE,         /* nobody asks for it: the model has no Guest Attestation extension, or it does not run */
    INTEGRITY_WAITED_FOR,   /* this boot was not attested yet */
    INTEGRITY_HEALTHY,      /* what booted is what should have */
    INTEGRITY_DEVIATION,    /* the evidence holds, and shows something else */
    INTEGRITY_NOT_JUDGED,   /* the evidence holds, and there is no reference to compare it with */
    INTEGRITY_NOT_ATTESTED, /* there is evidence, and it does not hold; or there can be none */
    INTEGRITY_UNREACHABLE,  /* the handler in the guest does not answer */
    INTEGRITY_N
} Integrity;

/* "None", "Waiting", "Healthy", "Deviation", "NotJudged", "NotAttested", "Unreachable" */
const char *integrity_text(Integrity integrity);
gboolean integrity_from_text(const char *text, Integrity *ret_integrity);
/* A rolling upgrade counts such an instance as unhealthy. */
gboolean integrity_fails(Integrity integrity);
