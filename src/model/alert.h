/* model/alert.h: the words for what people are alerted to. Pure.
 * Source of severities: Azure, "Boot integrity monitoring"; of the shape: Microsoft.Security alerts. */
#pragma once

#include <glib.h>

typedef enum {
    ALERT_DEVIATION,     /* what booted is not what should have */
    ALERT_EVIDENCE,      /* there is evidence, and it does not hold; or there can be none */
    ALERT_SILENCE,       /* the handler in the guest does not answer */
    ALERT_SAME_KEY,      /* two vTPMs have one endorsement key */
    ALERT_KERNEL_MODULE, /* a guest refused a kernel module */
    ALERT_N_KINDS
} AlertKind;

/* "Testudo.BootIntegrity.Deviation", …; and back. */
const char *alert_kind_text(AlertKind kind);
gboolean alert_kind_from_text(const char *text, AlertKind *ret_kind);
const char *alert_title(AlertKind kind);
const char *alert_severity(AlertKind kind); /* "Low", "Medium" */
const char *alert_remedy(AlertKind kind);   /* a sentence: what to do */

typedef enum {
    ALERT_ACTIVE,
    ALERT_IN_PROGRESS,
    ALERT_RESOLVED,
    ALERT_DISMISSED, /* nobody wants to hear of it as long as it lasts */
    ALERT_N_STATUSES
} AlertStatus;

/* "Active", "InProgress", "Resolved", "Dismissed" */
const char *alert_status_text(AlertStatus status);
gboolean alert_status_from_text(const char *text, AlertStatus *ret_status);
