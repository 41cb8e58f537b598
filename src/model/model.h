/* model/model.h: a scale set's model, decoded: only what has an effect. Pure.
 *
 * The document (model/document.h) is the truth that is stored and given back to clients; this struct is what the
 * rules, the planner and the launch read from it. Immutable once decoded; shared by reference count.
 * Shapes: Azure Compute REST, VirtualMachineScaleSet. */
#pragma once

#include "model/attestation_extension.h"
#include "model/health_extension.h"
#include "model/policy.h"

#include <glib.h>
#include <jansson.h>

/* The most instances of a scale set. */
#define CAPACITY_MAX 1000

typedef enum { SECURITY_STANDARD, SECURITY_TRUSTED_LAUNCH, SECURITY_N_TYPES } SecurityType;
typedef enum { ORCHESTRATION_UNIFORM, ORCHESTRATION_FLEXIBLE, ORCHESTRATION_N_MODES } OrchestrationMode;
typedef enum { UPGRADE_MANUAL, UPGRADE_AUTOMATIC, UPGRADE_ROLLING, UPGRADE_N_MODES } UpgradeMode;

/* Canonical text of an enum value ("TrustedLaunch"), never NULL; and back, without regard to case. */
const char *security_type_text(SecurityType type);
gboolean security_type_from_text(const char *text, SecurityType *ret_type);
const char *orchestration_mode_text(OrchestrationMode mode);
gboolean orchestration_mode_from_text(const char *text, OrchestrationMode *ret_mode);
const char *upgrade_mode_text(UpgradeMode mode);
gboolean upgrade_mode_from_text(const char *text, UpgradeMode *ret_mode);

/* A platform image as the model names it. `version` is what was asked ("latest" or exact); `exact_version` is
 * what it was resolved to when the revision was accepted. */
typedef struct {
    char *publisher;
    char *offer;
    char *sku;
    char *version;
    char *exact_version;
} ImageRef;

typedef struct {
    guint lun;               /* 0–63, unique within the model */
    guint size_gib;          /* 1–32767; createOption is Empty */
    gboolean delete_with_vm; /* deleteOption Delete: removed with the instance; else it is kept (Detach) */
} DataDisk;

typedef struct {
    char *name;
    char *publisher;
    char *type;
} ModelExtension;

typedef struct Model Model;
struct Model {
    gint ref_count;

    char *size_name; /* sku.name, as written by the client */
    guint capacity;  /* 0–1000 */

    OrchestrationMode orchestration;
    UpgradeMode upgrade_mode;
    Policy policy;

    ImageRef image;

    /* securityProfile. With SECURITY_STANDARD both switches are FALSE and has_uefi_settings tells whether the
     * body left uefiSettings beside it (a rule refuses that). */
    SecurityType security_type;
    gboolean has_security_type; /* FALSE: Standard because nobody said otherwise */
    gboolean has_uefi_settings;
    gboolean secure_boot;
    gboolean vtpm;

    guint os_disk_gib;     /* 0: as large as the image */
    GPtrArray *data_disks; /* of DataDisk, by lun */

    char *computer_name_prefix; /* never NULL: the set's name cut to fit where the body has none */
    char *admin_username;       /* or NULL */
    char *password_hash;        /* crypt(3) text, or NULL; NULL too with disablePasswordAuthentication */
    GPtrArray *ssh_keys;        /* of char*, key lines without the newline */
    char *custom_data;          /* base64 as sent, or NULL */

    GPtrArray *extensions;             /* of ModelExtension */
    HealthExtension *health;           /* what ApplicationHealthLinux among them asks for, or NULL */
    AttestationExtension *attestation; /* the same of GuestAttestation */
};

/* Decodes a canonical document (a result of document_merge()); `set_name` gives the default host name prefix.
 * A document that was accepted always decodes; anything else is a bug and sets ARM_INTERNAL. */
Model *model_decode(const json_t *document, const char *set_name, GError **error);
Model *model_ref(Model *model);
void model_unref(Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Model, model_unref)

gboolean image_ref_same(const ImageRef *a, const ImageRef *b); /* by exact version */
gboolean model_has_service_fabric(const Model *model);

/* SHA-256 (lower-case hexadecimal, newly allocated) over exactly the members that an instance is made from; two
 * revisions with the same key need nothing to go from one to the other. Capacity and tags are not in it. */
char *model_effect_key(const Model *model);
