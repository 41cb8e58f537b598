/* Merging a body into the stored document. */
#include "model/document.h"

#include "base/error.h"
#include "base/json.h"
#include "model/document_checks.h"
#include "model/model.h"
#include "model/properties.h"

#include <crypt.h>
#include <string.h>

#define PROFILE "properties.virtualMachineProfile"

/* What is not merged member by member: replaced as a whole where the body has it. */
static const char *const whole_paths[] = {
    "tags",
    "identity",
};

static gboolean
is_whole(const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(whole_paths); i++) {
        if (strcmp(whole_paths[i], path) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
merge_into(json_t *target, const json_t *source, const char *path)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)source, key, value)
    {
        g_autofree char *own = *path ? g_strconcat(path, ".", key, NULL) : g_strdup(key);
        json_t *present = json_object_get(target, key);
        if (json_is_object(value) && json_is_object(present) && !is_whole(own))
            merge_into(present, value, own);
        else if (!(json_is_object(value) && json_object_size(value) == 0 && present && strcmp(own, "tags") != 0))
            json_object_set_new(target, key, json_deep_copy(value));
    }
}

/* securityType Standard takes the switches off, unless the body insists on them, which a rule refuses. Without a
 * securityType beside it, an empty uefiSettings is like every other empty object: it says nothing. */
static void
security_merge(json_t *document, const json_t *body)
{
    json_t *profile = json_path(document, PROFILE ".securityProfile");
    const json_t *asked = json_path(body, PROFILE ".securityProfile");
    const char *type = json_member_text(profile, "securityType"), *asked_type = json_member_text(asked, "securityType");
    const json_t *uefi = json_object_get(profile, "uefiSettings");

    if (!asked_type ? json_object_get(asked, "uefiSettings") && json_object_size(uefi) == 0
                    : strcmp(type, "Standard") == 0 && !json_object_get(asked, "uefiSettings"))
        json_object_del(profile, "uefiSettings");
}

static gboolean
text_changes(const json_t *before, const json_t *after, const char *name)
{
    const char *a = json_member_text(before, name), *b = json_member_text(after, name);
    return b && (!a || g_ascii_strcasecmp(a, b) != 0);
}

/* Another publisher or offer counts versions of its own: without one in the body it means the latest. Another sku keeps the
 * version that was asked for. */
static void
image_merge(json_t *document, const json_t *stored, const json_t *body)
{
    static const char path[] = PROFILE ".storageProfile.imageReference";
    json_t *image = json_path(document, path);
    const json_t *before = stored ? json_path(stored, path) : NULL, *asked = json_path(body, path);
    if (!image || !asked || json_object_size(asked) == 0)
        return;
    gboolean other = text_changes(before, asked, "publisher") || text_changes(before, asked, "offer");
    if (!json_object_get(asked, "version") && (other || !json_object_get(image, "version")))
        json_object_set_new(image, "version", json_string("latest"));
    json_object_del(image, "exactVersion");
}

static gboolean
same_member(const json_t *a, const json_t *b, const char *path)
{
    const char *x = json_string_value(json_path(a, path)), *y = json_string_value(json_path(b, path));
    return x && y && g_ascii_strcasecmp(x, y) == 0;
}

/* An extension that comes back without its protected settings keeps the stored ones: nobody can read them to resend them.
 * Another extension under the same name gets none of them. */
static void
extensions_merge(json_t *document, const json_t *stored)
{
    static const char path[] = PROFILE ".extensionProfile.extensions";
    json_t *now = json_path(document, path);
    const json_t *before = stored ? json_path(stored, path) : NULL;
    for (size_t i = 0; i < json_array_size(now); i++) {
        json_t *extension = json_array_get(now, i), *properties = json_object_get(extension, "properties");
        if (!properties || json_object_get(properties, "protectedSettings"))
            continue;
        for (size_t k = 0; k < json_array_size(before); k++) {
            const json_t *old = json_array_get(before, k);
            json_t *kept = json_path(old, "properties.protectedSettings");
            if (kept && same_member(old, extension, "name") && same_member(old, extension, "properties.publisher") &&
                same_member(old, extension, "properties.type"))
                json_object_set(properties, "protectedSettings", kept);
        }
    }
}

/* A password is kept as a hash; the same password again keeps the hash that is there. */
static gboolean
password_hash(json_t *document, const DocumentContext *context, GError **error)
{
    json_t *profile = json_path(document, PROFILE ".osProfile");
    const char *password = json_member_text(profile, "adminPassword");
    const char *known = json_member_text(profile, "passwordHash");
    struct crypt_data *work = NULL;

    if (!password)
        return TRUE;
    work = g_new0(struct crypt_data, 1);
    const char *same = known ? crypt_r(password, known, work) : NULL;
    gboolean ok = TRUE;
    if (!same || strcmp(same, known) != 0) {
        const char *hash = crypt_r(password, context->password_salt, work);
        ok = hash && hash[0] != '*';
        if (ok)
            json_object_set_new(profile, "passwordHash", json_string(hash));
    }
    memset(work, 0, sizeof *work);
    g_free(work);
    json_object_del(profile, "adminPassword");
    return ok || arm_fail(error, ARM_INTERNAL, PROFILE ".osProfile.adminPassword", "The password could not be hashed.");
}

json_t *
document_merge(const json_t *stored, const json_t *body, const DocumentContext *context, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(json_t) read = properties_read(scale_set_properties, body, violations);
    g_autoptr(json_t) document = stored ? json_deep_copy(stored) : json_object();

    merge_into(document, read, "");
    security_merge(document, read);
    image_merge(document, stored, read);
    extensions_merge(document, stored);
    document_check(stored, document, violations);
    if (violations->len > 0) {
        arm_set_error_from_violations(error, violations);
        return NULL;
    }
    json_t *sku = json_object_get(document, "sku");
    if (!json_object_get(sku, "capacity"))
        json_object_set_new(sku, "capacity", json_integer(1));
    if (!password_hash(document, context, error))
        return NULL;
    return g_steal_pointer(&document);
}

json_t *
document_roll_back(const json_t *stored, const json_t *earlier)
{
    json_t *document = json_deep_copy(stored);
    json_object_set_new(json_object_get(document, "sku"), "name", json_deep_copy(json_path(earlier, "sku.name")));
    json_object_set_new(json_object_get(document, "properties"), "virtualMachineProfile",
                        json_deep_copy(json_path(earlier, PROFILE)));
    return document;
}

gboolean
document_restores_same(const json_t *a, const json_t *b)
{
    return json_equal(json_path(a, "sku.name"), json_path(b, "sku.name")) &&
           json_equal(json_path(a, PROFILE), json_path(b, PROFILE));
}

json_t *
document_extension_read(const json_t *body, const char *name, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(json_t) extension =
        properties_read_at(scale_set_properties, PROFILE ".extensionProfile.extensions[]", body, "", violations);
    const char *own = json_member_text(extension, "name");
    if (violations->len > 0) {
        arm_set_error_from_violations(error, violations);
        return NULL;
    }
    if (own && g_ascii_strcasecmp(own, name) != 0) {
        arm_fail(error, ARM_INVALID_PARAMETER, "name", "'name' is '%.80s', and the address names '%.80s'; leave it out.", own,
                 name);
        return NULL;
    }
    json_object_set_new(extension, "name", json_string(name));
    return g_steal_pointer(&extension);
}

gboolean
document_body_names_image(const json_t *body)
{
    static const char *const names[] = { "publisher", "offer", "sku", "version" };
    const json_t *image = json_path(body, PROFILE ".storageProfile.imageReference");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (json_member_text(image, names[i]))
            return TRUE;
    }
    return FALSE;
}

void
document_set_exact_version(json_t *document, const char *exact_version)
{
    json_t *image = json_path(document, PROFILE ".storageProfile.imageReference");
    json_object_set_new(image, "exactVersion", json_string(exact_version));
}

void
document_set_trusted_launch(json_t *document)
{
    json_object_set_new(json_path(document, PROFILE), "securityProfile",
                        json_pack("{ss s{sb sb}}", "securityType", security_type_text(SECURITY_TRUSTED_LAUNCH), "uefiSettings",
                                  "secureBootEnabled", TRUE, "vTpmEnabled", TRUE));
}
