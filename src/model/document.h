/* model/document.h: how a request body becomes the stored document of a scale set. Pure.
 *
 * The document is the canonical JSON of every settable member: {"location","tags","sku":{…},"identity",…,
 * "properties":{…}}; keys in their canonical case, enum values in their canonical form, loose scalars coerced
 * ("true" → true, "3" → 3), null read as absent. One table (properties.c) names every member with its class:
 *   effective    has an effect; checked for type, range and enum
 *   descriptive  kept and given back as sent
 *   read-only    ignored on input
 *   refused      400 with the reason and what would be accepted
 * A member that is not in the table is a 400 InvalidRequestContent that names its path.
 *
 * Merging (PUT on an existing set and PATCH alike): absent or {} changes nothing; arrays and tags are replaced as
 * a whole; securityProfile without securityType keeps the type, one uefiSettings key changes that key alone;
 * securityType "Standard" with uefiSettings absent or null removes both switches; with an object beside it (also {})
 * the document keeps it so that the rule can refuse it. imageReference: naming sku or version alone keeps the rest;
 * another publisher or offer without a version asks for "latest". */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
    /* Salt line for crypt(3) ("$6$…"), made fresh by the caller; used when the body brings an adminPassword. */
    const char *password_salt;
} DocumentContext;

/* stored: the document of the current revision, NULL on create. body: parsed request. Returns the new document
 * (the caller owns it); stored and body stay untouched. All violations found come in one error (details). */
json_t *document_merge(const json_t *stored, const json_t *body, const DocumentContext *context, GError **error);

/* What the set's document becomes when it goes back to an earlier revision's: size and virtualMachineProfile (image with its
 * exact version, security profile, disks, users, extensions) are those of `earlier`, the rest is that of `stored`. The caller
 * owns it. */
json_t *document_roll_back(const json_t *stored, const json_t *earlier);
/* Does going back to either make the same? Then their difference is what is the set's own: capacity, policy, tags. */
gboolean document_restores_same(const json_t *a, const json_t *b);

/* One extension's own body ("VirtualMachineScaleSetExtension"), canonical as an element of extensionProfile.extensions, with
 * `name` as its name; a name in the body is the same. The caller owns it; NULL sets *error with all violations. */
json_t *document_extension_read(const json_t *body, const char *name, GError **error);

/* Does the body name a settable member of imageReference, so that "latest" is to be resolved anew? */
gboolean document_body_names_image(const json_t *body);

/* Where the resolved version is kept: properties.virtualMachineProfile.storageProfile.imageReference.exactVersion. */
void document_set_exact_version(json_t *document, const char *exact_version);

/* TrustedLaunch with Secure Boot and vTPM, in place of what the document says of its security. */
void document_set_trusted_launch(json_t *document);

/* What a GET gives back: a deep copy without write-only members (adminPassword's hash, customData, protected
 * settings), with defaults filled in (upgradePolicy.mode, orchestrationMode, uefiSettings defaults under
 * TrustedLaunch, osDisk.osType from `os_type`). The caller adds id, name, type, etag, provisioningState, uniqueId,
 * timeCreated. */
json_t *document_public(const json_t *document, const char *os_type);

/* One line per table row "path class type [accepted values]", for docs/properties.md and a test; newly allocated. */
char *document_table_text(void);
