/* model/sizes.h: the catalogue of VM sizes and the quota, both data an operator can edit. Pure: parse bytes.
 * Shape: data/sizes.json {"sizes":[{name,tier,size,family,capabilities{…}}]} (Microsoft.Compute/skus, ResourceSku);
 * data/quota.json {"regionalCores":{limit},"families":{F:{localizedName,limit}},"virtualMachines":{limit},
 * "virtualMachineScaleSets":{limit}} (Microsoft.Compute usages). */
#pragma once

#include <glib.h>
#include <jansson.h>

#define SIZE_GENERATION_V1 (1u << 0)
#define SIZE_GENERATION_V2 (1u << 1)

typedef struct {
    char *name; /* "Standard_B1ms" */
    char *tier;
    char *size;   /* "B1ms" */
    char *family; /* "standardBSFamily" */
    guint vcpus;
    guint memory_mib;
    guint max_data_disks;
    guint resource_disk_mib;
    guint generations;  /* SIZE_GENERATION_… */
    char *architecture; /* "x64" or "Arm64" */
    gboolean trusted_launch_disabled;
    gboolean confidential; /* has ConfidentialComputingType */
    json_t *capabilities;  /* object of strings, as in the file */
} SizeInfo;

typedef struct SizeCatalogue SizeCatalogue;

/* NULL sets *error naming the entry and member that is wrong. */
SizeCatalogue *size_catalogue_parse(const char *text, gsize length, GError **error);
void size_catalogue_free(SizeCatalogue *catalogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SizeCatalogue, size_catalogue_free)
/* Without regard to case; NULL where there is none. Borrowed. */
const SizeInfo *size_catalogue_find(const SizeCatalogue *catalogue, const char *name);
guint size_catalogue_count(const SizeCatalogue *catalogue);
const SizeInfo *size_catalogue_at(const SizeCatalogue *catalogue, guint index);

typedef struct {
    char *family;
    char *localized_name;
    guint limit; /* vCPUs */
} QuotaFamily;

typedef struct {
    guint regional_cores;
    guint virtual_machines;
    guint scale_sets;
    GPtrArray *families; /* of QuotaFamily */
} Quota;

Quota *quota_parse(const char *text, gsize length, GError **error);
void quota_free(Quota *quota);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Quota, quota_free)
/* Limit of a family; G_MAXUINT where the file does not limit it. */
guint quota_family_limit(const Quota *quota, const char *family);
/* How many more VMs of this size there is room for, beside what is in use. */
guint quota_room(const Quota *quota, const SizeInfo *size, guint family_cores, guint regional_cores, guint virtual_machines);
