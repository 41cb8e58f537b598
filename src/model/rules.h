/* model/rules.h: may this model be accepted? One table of rules (rules.c), evaluated together. Pure.
 * State rules are judged on every model; transition rules only when an existing set goes from Standard to Trusted
 * launch. The order of the table decides which violation gives status and code; details carry all of them. */
#pragma once

#include "model/image.h"
#include "model/model.h"
#include "model/sizes.h"

typedef struct {
    guint family_cores; /* of the family of the size after the change */
    guint regional_cores;
    guint virtual_machines;
    guint scale_sets;
} QuotaUsage;

typedef struct {
    const Model *before; /* NULL on create */
    const Model *after;
    const SizeInfo *size_before; /* of `before`; NULL on create, or where the catalogue has it no more */
    const SizeInfo *size;        /* of `after`; NULL: not in the catalogue, which is itself a violation */
    const ImageInfo *image;      /* of `after`; NULL: no such image, which is itself a violation */
    const Quota *quota;
    QuotaUsage usage;              /* without the set that is judged */
    QuotaUsage own;                /* of its instances as they are, on whatever revisions; all zero on create */
    const char *host_architecture; /* "x64" */
    guint host_vcpus_max;          /* largest number of vCPUs this host runs in one VM */
    guint host_memory_mib;         /* largest memory this host gives one VM */
    gboolean host_secure_boot;     /* Secure Boot firmware with SMM found and probed */
    gboolean host_vtpm;            /* swtpm found */
    gboolean flexible_feature;     /* Microsoft.Compute/TrustedLaunchUpgradeFlexPreview is registered */
    gboolean is_rollback;          /* `after` is an earlier model of the set */
} RuleInput;

/* FALSE sets *error with every violation (arm_set_error_from_violations). */
gboolean rules_check(const RuleInput *input, GError **error);

/* Can a model that was accepted have another version of its image in place of its own, where nobody is asked? size: the
 * model's. The rules that are about the image alone; FALSE sets *error with every violation. */
gboolean rules_image_fits(const Model *model, const SizeInfo *size, const ImageInfo *image, GError **error);

/* Can a model that was accepted have this size in place of its own, everything else staying as it is? image: the model's, NULL
 * where it is gone. What the host can run is not looked at. FALSE sets *error with every violation. */
gboolean rules_size_fits(const Model *model, const SizeInfo *size, const ImageInfo *image, GError **error);

/* Sentences that what-if and the CLI show although the change is accepted; NULL-terminated, g_strfreev(). */
char **rules_warnings(const RuleInput *input);
