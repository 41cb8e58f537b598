#include "model/image.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

static const struct {
    const char *text, *qemu;
} formats[IMAGE_N_FORMATS] = {
    [IMAGE_QCOW2] = { "qcow2", "qcow2" },
    [IMAGE_RAW] = { "raw", "raw" },
    [IMAGE_VHD] = { "vhd", "vpc" },
    [IMAGE_VHDX] = { "vhdx", "vhdx" },
};

const char *
image_format_text(ImageFormat format)
{
    g_assert(format < IMAGE_N_FORMATS);
    return formats[format].text;
}

const char *
image_format_qemu(ImageFormat format)
{
    g_assert(format < IMAGE_N_FORMATS);
    return formats[format].qemu;
}

gboolean
image_format_from_text(const char *text, ImageFormat *ret_format)
{
    for (int i = 0; i < IMAGE_N_FORMATS; i++) {
        if (g_ascii_strcasecmp(formats[i].text, text) == 0 || g_ascii_strcasecmp(formats[i].qemu, text) == 0) {
            *ret_format = (ImageFormat)i;
            return TRUE;
        }
    }
    return FALSE;
}

static const char *const boot_chains[BOOT_CHAIN_N] = {
    [BOOT_CHAIN_UNKNOWN] = "Unknown",
    [BOOT_CHAIN_SIGNED] = "Signed",
    [BOOT_CHAIN_UNSIGNED] = "Unsigned",
};

const char *
boot_chain_text(BootChain chain)
{
    g_assert(chain < BOOT_CHAIN_N);
    return boot_chains[chain];
}

gboolean
boot_chain_from_text(const char *text, BootChain *ret_chain)
{
    for (int i = 0; i < BOOT_CHAIN_N; i++) {
        if (g_ascii_strcasecmp(boot_chains[i], text) == 0) {
            *ret_chain = (BootChain)i;
            return TRUE;
        }
    }
    return FALSE;
}

/* The words that each enumerated member takes, in their canonical form. */
static const char *const generation_words[] = { "V1", "V2", NULL };
static const char *const architecture_words[] = { "x64", "Arm64", NULL };
static const char *const os_words[] = { "Linux", "Windows", NULL };
static const char *const security_words[] = {
    "Standard",
    "TrustedLaunch",
    "TrustedLaunchSupported",
    "TrustedLaunchAndConfidentialVmSupported",
    "ConfidentialVM",
    "ConfidentialVMSupported",
    NULL,
};
static const char *const trusted_launch_words[] = {
    "TrustedLaunch",
    "TrustedLaunchSupported",
    "TrustedLaunchAndConfidentialVmSupported",
    NULL,
};

static const char *const member_names[] = {
    "publisher",    "offer",      "sku",    "version", "hyperVGeneration", "architecture", "osType",
    "securityType", "guestAgent", "format", "file",    "sha256",           NULL,
};

static gboolean
is_listed(const char *const *words, const char *word)
{
    for (; *words; words++) {
        if (g_ascii_strcasecmp(*words, word) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
member_fail(GError **error, const char *member, const char *value, const char *accepted)
{
    if (!value)
        return arm_fail(error, ARM_INVALID_PARAMETER, member, "The image definition has no '%s'; accepted: %s.", member,
                        accepted);
    return arm_fail(error, ARM_INVALID_PARAMETER, member, "The image definition's '%s' is '%.100s'; accepted: %s.", member,
                    value, accepted);
}

static gboolean
name_read(const json_t *definition, const char *member, char **ret_name, GError **error)
{
    const char *text = json_member_text(definition, member);
    if (!text || !g_regex_match_simple("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", text, G_REGEX_DOLLAR_ENDONLY, 0))
        return member_fail(error, member, text, "1 to 64 letters, digits, '.', '_' and '-'");
    *ret_name = g_strdup(text);
    return TRUE;
}

static gboolean
word_read(const json_t *definition, const char *member, const char *const *words, const char *fallback, char **ret_word,
          GError **error)
{
    const char *text = json_member_text(definition, member);
    if (!text)
        text = fallback;
    for (guint i = 0; text && words[i]; i++) {
        if (g_ascii_strcasecmp(words[i], text) == 0) {
            *ret_word = g_strdup(words[i]);
            return TRUE;
        }
    }
    g_autofree char *accepted = g_strjoinv(", ", (char **)words);
    return member_fail(error, member, text, accepted);
}

static gboolean
content_read(const json_t *definition, ImageInfo *image, GError **error)
{
    const char *format = json_member_text(definition, "format"), *sha256 = json_member_text(definition, "sha256");
    const char *file = json_member_text(definition, "file");
    json_t *agent = json_member(definition, "guestAgent");

    if (!format || !image_format_from_text(format, &image->format))
        return member_fail(error, "format", format, "qcow2, raw, vhd, vhdx (it is named, never guessed)");
    if (agent && !json_is_boolean(agent))
        return member_fail(error, "guestAgent", "not a boolean", "true or false");
    image->guest_agent = json_is_true(agent);
    if (sha256 && !g_regex_match_simple("^[0-9a-fA-F]{64}$", sha256, G_REGEX_DOLLAR_ENDONLY, 0))
        return member_fail(error, "sha256", sha256, "64 hexadecimal digits");
    image->sha256 = sha256 ? g_ascii_strdown(sha256, -1) : NULL;
    if (file && (!file[0] || strchr(file, '/') || strcmp(file, "..") == 0 || strlen(file) > 255))
        return member_fail(error, "file", file, "a file name without a folder");
    image->file = g_strdup(file);
    return TRUE;
}

ImageInfo *
image_info_parse(const json_t *definition, GError **error)
{
    g_autoptr(ImageInfo) image = g_new0(ImageInfo, 1);
    g_autofree char *generation = NULL;
    const char *key;
    json_t *value;

    if (!json_is_object(definition)) {
        arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "An image definition is a JSON object.");
        return NULL;
    }
    json_object_foreach((json_t *)definition, key, value)
    {
        if (!is_listed(member_names, key)) {
            g_autofree char *accepted = g_strjoinv(", ", (char **)member_names);
            arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key, "An image definition has no member '%.100s'; it has: %s.", key,
                     accepted);
            return NULL;
        }
    }
    const char *version = json_member_text(definition, "version");
    if (!name_read(definition, "publisher", &image->publisher, error) ||
        !name_read(definition, "offer", &image->offer, error) || !name_read(definition, "sku", &image->sku, error) ||
        !word_read(definition, "hyperVGeneration", generation_words, NULL, &generation, error) ||
        !word_read(definition, "architecture", architecture_words, "x64", &image->architecture, error) ||
        !word_read(definition, "osType", os_words, "Linux", &image->os_type, error) ||
        !word_read(definition, "securityType", security_words, "Standard", &image->security_type, error) ||
        !content_read(definition, image, error))
        return NULL;
    if (!version || !g_regex_match_simple("^(0|[1-9][0-9]{0,8})(\\.(0|[1-9][0-9]{0,8})){2}(-[A-Za-z0-9][A-Za-z0-9.-]{0,31})?$",
                                          version, G_REGEX_DOLLAR_ENDONLY, 0)) {
        member_fail(error, "version", version, "MAJOR.MINOR.PATCH, such as 1.0.0, or with a suffix, such as 1.0.0-rc1");
        return NULL;
    }
    image->version = g_strdup(version);
    image->generation = strcmp(generation, "V2") == 0 ? 2 : 1;
    return g_steal_pointer(&image);
}

json_t *
image_info_json(const ImageInfo *image)
{
    json_t *definition = json_object();
    json_set_text(definition, "publisher", image->publisher);
    json_set_text(definition, "offer", image->offer);
    json_set_text(definition, "sku", image->sku);
    json_set_text(definition, "version", image->version);
    json_set_text(definition, "hyperVGeneration", image->generation == 2 ? "V2" : "V1");
    json_set_text(definition, "architecture", image->architecture);
    json_set_text(definition, "osType", image->os_type);
    json_set_text(definition, "securityType", image->security_type);
    json_set_new(definition, "guestAgent", json_boolean(image->guest_agent));
    json_set_text(definition, "format", image_format_text(image->format));
    json_set_text(definition, "file", image->file);
    json_set_text(definition, "sha256", image->sha256);
    return definition;
}

ImageInfo *
image_info_copy(const ImageInfo *image)
{
    ImageInfo *copy = g_memdup2(image, sizeof *image);
    copy->publisher = g_strdup(image->publisher);
    copy->offer = g_strdup(image->offer);
    copy->sku = g_strdup(image->sku);
    copy->version = g_strdup(image->version);
    copy->architecture = g_strdup(image->architecture);
    copy->os_type = g_strdup(image->os_type);
    copy->security_type = g_strdup(image->security_type);
    copy->file = g_strdup(image->file);
    copy->sha256 = g_strdup(image->sha256);
    return copy;
}

void
image_info_free(ImageInfo *image)
{
    if (!image)
        return;
    g_free(image->publisher);
    g_free(image->offer);
    g_free(image->sku);
    g_free(image->version);
    g_free(image->architecture);
    g_free(image->os_type);
    g_free(image->security_type);
    g_free(image->file);
    g_free(image->sha256);
    g_free(image);
}

char *
image_info_urn(const ImageInfo *image)
{
    return g_strjoin(":", image->publisher, image->offer, image->sku, image->version, NULL);
}

gboolean
image_supports_trusted_launch(const ImageInfo *image)
{
    return image->generation == 2 && is_listed(trusted_launch_words, image->security_type);
}

gboolean
image_requires_trusted_launch(const ImageInfo *image)
{
    return g_ascii_strcasecmp(image->security_type, "TrustedLaunch") == 0;
}

/* One identifier of a suffix against another: numbers by worth and before words, words by their letters. */
static int
identifier_compare(const char *a, gsize length_a, const char *b, gsize length_b)
{
    gboolean number_a = strspn(a, "0123456789") >= length_a, number_b = strspn(b, "0123456789") >= length_b;
    if (number_a != number_b)
        return number_a ? -1 : 1;
    if (number_a) {
        guint64 x = g_ascii_strtoull(a, NULL, 10), y = g_ascii_strtoull(b, NULL, 10);
        if (x != y)
            return x < y ? -1 : 1;
    }
    int order = g_ascii_strncasecmp(a, b, MIN(length_a, length_b));
    return order ? order : (length_a > length_b) - (length_a < length_b);
}

static int
suffix_compare(const char *a, const char *b)
{
    while (*a && *b) {
        gsize length_a = strcspn(a, "."), length_b = strcspn(b, ".");
        int order = identifier_compare(a, length_a, b, length_b);
        if (order)
            return order;
        a += length_a + (a[length_a] == '.');
        b += length_b + (b[length_b] == '.');
    }
    return (*a != '\0') - (*b != '\0');
}

int
image_version_compare(const char *a, const char *b)
{
    for (int part = 0; part < 3; part++) {
        char *end_a, *end_b;
        guint64 x = g_ascii_strtoull(a, &end_a, 10), y = g_ascii_strtoull(b, &end_b, 10);
        if (x != y)
            return x < y ? -1 : 1;
        a = *end_a == '.' ? end_a + 1 : end_a;
        b = *end_b == '.' ? end_b + 1 : end_b;
    }
    if (*a != '-' || *b != '-')
        return (*b == '-') - (*a == '-');
    return suffix_compare(a + 1, b + 1);
}
