/* api/body_parts.h: what the bodies of scale sets (set_body.c) and of their instances (instance_body.c) are made with. */
#pragma once

#include "api/call.h"

#define BODY_SET_TYPE "Microsoft.Compute/virtualMachineScaleSets"

GBytes *body_bytes(const json_t *body); /* encoded */
void body_etag_set(json_t *body, guint64 etag);
void body_time_set(json_t *body, const char *name, UnixTime time); /* 0: there is none, and nothing is set */

/* The document of a set's model revision. ret_urn (its image), ret_effect_key: newly allocated; may be NULL. */
json_t *body_document(StoreTx *tx, const StoreSet *set, guint revision, char **ret_urn, char **ret_effect_key, GError **error);
/* The image's operating system, for osDisk.osType; newly allocated; NULL where the image is gone. */
char *body_os_type(StoreTx *tx, const char *urn);
