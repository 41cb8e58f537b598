/* engine/alerts.h: what is found of an instance's boot becomes alerts: one for each reason, for as long as it lasts. */
#pragma once

#include "engine/pass.h"
#include "store/alerts.h"

/* Whatever the extension says of alerts. One that is open for the same kind and code is seen again; else it is a new one, which
 * nobody is told of where a suppression rule matches it. */
gboolean alert_raise(Pass *pass, const SetTracked *set, guint id, AlertKind kind, const char *code, const char *message,
                     GError **error);
/* The instance's alerts of these kinds (a bit each, 1 << kind) are over. */
gboolean alerts_end(Pass *pass, const SetTracked *set, guint id, guint kinds, GError **error);
#define ALERTS_OF_A_BOOT (1u << ALERT_DEVIATION | 1u << ALERT_EVIDENCE | 1u << ALERT_SILENCE)
/* By what an attestation came to: before the row in hand says so. Without alerts (disableAlerts) those that there are end. */
gboolean alerts_follow(Pass *pass, Held *held, const StoreAttestation *made, GError **error);
