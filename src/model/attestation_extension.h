/* model/attestation_extension.h: what the Guest Attestation extension asks for, decoded. Pure.
 * Source of names and defaults: Azure Compute, "Boot integrity monitoring", extension GuestAttestation 1.0 for Linux, as `az`
 * writes its settings: truth values and numbers come as texts too, and a text that is empty says nothing. */
#pragma once

#include "base/baseline_policy.h"

#include <jansson.h>

#define ATTESTATION_PUBLISHER         "Microsoft.Azure.Security.LinuxAttestation"
#define ATTESTATION_WINDOWS_PUBLISHER "Microsoft.Azure.Security.WindowsAttestation"
#define ATTESTATION_TYPE              "GuestAttestation"
#define ATTESTATION_PERIOD_MIN_S      60
#define ATTESTATION_PERIOD_MAX_S      86400

/* What follows for an instance that booted something else than it should have. */
typedef enum {
    DEVIATION_REPORTED,      /* it is shown, and moves nothing outside of a rolling upgrade */
    DEVIATION_OUT_OF_HEALTH, /* it is unhealthy, at any time */
    DEVIATION_QUARANTINED,   /* the same, and it is taken out of service and kept as it is */
    DEVIATION_N
} DeviationPolicy;
/* "report", "keepOutOfHealth", "quarantine" */
const char *deviation_policy_text(DeviationPolicy policy);
gboolean deviation_policy_from_text(const char *text, DeviationPolicy *ret_policy);

typedef struct {
    gboolean alerts;           /* disableAlerts false */
    DeviationPolicy deviation; /* onDeviation, Testudo's own; report */
    BaselinePolicy baseline;   /* baselinePolicy, Testudo's own; exactDigests */
    guint period_s;            /* ascReportingFrequency, given in minutes; 0: as the daemon is configured */
} AttestationExtension;

/* extension: an element of extensionProfile.extensions, read against the table of members, at `path`. Violations (GError*) are
 * appended, each with the path of its member as target; NULL where there were any. */
AttestationExtension *attestation_extension_read(const json_t *extension, const char *path, GPtrArray *violations);
gboolean attestation_extension_same(const AttestationExtension *a, const AttestationExtension *b); /* both may be NULL */
void attestation_extension_free(AttestationExtension *attestation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AttestationExtension, attestation_extension_free)
