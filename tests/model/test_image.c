/* Image definitions: what is read, what is refused by name, what an image may run as, and the order of versions. */
#include "bodies.h"

#include "base/error.h"
#include "model/image.h"

#include <string.h>

#define NAMES "'publisher': 'Testudo', 'offer': 'mini', 'sku': 'gen2', 'version': '1.0.0'"
#define SMALL NAMES ", 'hyperVGeneration': 'V2', 'format': 'qcow2'"

static void
test_accepted(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) small = body_of("{" SMALL "}");
    g_autoptr(ImageInfo) image = image_info_parse(small, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(image->generation, ==, 2);
    g_assert_cmpstr(image->architecture, ==, "x64");
    g_assert_cmpstr(image->os_type, ==, "Linux");
    g_assert_cmpstr(image->security_type, ==, "Standard");
    g_assert_false(image->guest_agent);
    g_assert_null(image->sha256);
    g_autofree char *urn = image_info_urn(image);
    g_assert_cmpstr(urn, ==, "Testudo:mini:gen2:1.0.0");
}

static void
test_written_and_read_again(void)
{
    g_autoptr(json_t) full =
        body_of("{" NAMES ", 'hyperVGeneration': 'v2', 'architecture': 'ARM64', 'osType': 'windows', 'securityType': "
                "'trustedlaunchsupported', 'guestAgent': true, 'format': 'VPC', 'file': 'a.vhd', 'sha256': "
                "'ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789'}");
    g_autoptr(ImageInfo) image = image_info_parse(full, NULL);
    g_autoptr(ImageInfo) copy = image_info_copy(image);
    g_autoptr(json_t) written = image_info_json(copy);
    g_autofree char *text = text_at(written, "securityType");
    g_autofree char *hash = text_at(written, "sha256");
    g_assert_cmpstr(copy->architecture, ==, "Arm64");
    g_assert_cmpint(copy->format, ==, IMAGE_VHD);
    g_assert_cmpstr(image_format_qemu(copy->format), ==, "vpc");
    g_assert_cmpstr(text, ==, "'TrustedLaunchSupported'");
    g_assert_cmpstr(hash, ==, "'abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789'");
    g_autoptr(ImageInfo) again = image_info_parse(written, NULL);
    g_autoptr(json_t) rewritten = image_info_json(again);
    g_assert_true(json_equal(written, rewritten));
}

static void
test_refused(void)
{
    /* clang-format off */
    static const struct {
        const char *definition, *target, *words;
    } cases[] = {
        { "[]", NULL, "object" },
        { "{" SMALL ", 'colour': 1}", "colour", "publisher" },
        { "{'offer': 'o'}", "publisher", "no 'publisher'" },
        { "{'publisher': '../x', 'offer': 'o'}", "publisher", "../x" },
        { "{" NAMES ", 'format': 'qcow2'}", "hyperVGeneration", "V1, V2" },
        { "{" NAMES ", 'hyperVGeneration': 'V3', 'format': 'qcow2'}", "hyperVGeneration", "V3|V1, V2" },
        { "{" NAMES ", 'hyperVGeneration': 'V2'}", "format", "never guessed" },
        { "{" NAMES ", 'hyperVGeneration': 'V2', 'format': 'vmdk'}", "format", "vmdk|qcow2" },
        { "{" SMALL ", 'securityType': 'Trusty'}", "securityType", "TrustedLaunchSupported" },
        { "{" SMALL ", 'architecture': 'x86'}", "architecture", "Arm64" },
        { "{" SMALL ", 'osType': 'BSD'}", "osType", "Linux" },
        { "{" SMALL ", 'guestAgent': 'yes'}", "guestAgent", "true or false" },
        { "{" SMALL ", 'sha256': 'abc'}", "sha256", "64" },
        { "{" SMALL ", 'file': '../a'}", "file", "without a folder" },
        { "{" SMALL ", 'file': ''}", "file", "without a folder" },
        { "{'publisher': 'T', 'offer': 'm', 'sku': 's', 'version': 'latest', 'hyperVGeneration': 'V2', 'format': 'raw'}", "version", "latest|MAJOR" },
        { "{'publisher': 'T', 'offer': 'm', 'sku': 's', 'version': '1.0', 'hyperVGeneration': 'V2', 'format': 'raw'}", "version", "MAJOR" },
        { "{'publisher': 'T', 'offer': 'm', 'sku': 's', 'version': '01.0.0', 'hyperVGeneration': 'V2', 'format': 'raw'}", "version", "MAJOR" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) definition = body_of(cases[i].definition);
        g_test_message("%s", cases[i].definition);
        g_assert_null(image_info_parse(definition, &error));
        g_assert_cmpstr(arm_error_target(error), ==, cases[i].target);
        assert_error_says(error, error->code, cases[i].target, cases[i].words);
    }
}

static void
test_trusted_launch(void)
{
    /* clang-format off */
    static const struct {
        guint generation;
        const char *type;
        gboolean supports, requires;
    } cases[] = {
        { 2, "Standard", FALSE, FALSE }, { 2, "TrustedLaunchSupported", TRUE, FALSE }, { 2, "TrustedLaunch", TRUE, TRUE },
        { 2, "TrustedLaunchAndConfidentialVmSupported", TRUE, FALSE }, { 2, "ConfidentialVM", FALSE, FALSE },
        { 2, "ConfidentialVMSupported", FALSE, FALSE }, { 1, "TrustedLaunchSupported", FALSE, FALSE },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        ImageInfo image = { .generation = cases[i].generation, .security_type = (char *)cases[i].type };
        g_assert_cmpint(image_supports_trusted_launch(&image), ==, cases[i].supports);
        g_assert_cmpint(image_requires_trusted_launch(&image), ==, cases[i].requires);
    }
}

static void
test_version_order(void)
{
    /* Ascending. Semantic Versioning 2.0.0, 11: numbers by worth, a pre-release before its release. */
    static const char *const ascending[] = {
        "0.0.1",         "0.9.0",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
        "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",        "1.0.1",         "1.2.0-unhealthy",  "1.2.0",      "1.10.0",
        "2.0.0",         "10.0.0",     "20260101.0.0",
    };
    for (guint i = 0; i < G_N_ELEMENTS(ascending); i++) {
        for (guint k = 0; k < G_N_ELEMENTS(ascending); k++) {
            int order = image_version_compare(ascending[i], ascending[k]);
            g_test_message("%s %s", ascending[i], ascending[k]);
            g_assert_cmpint((order > 0) - (order < 0), ==, (i > k) - (i < k));
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/image/accepted", test_accepted);
    g_test_add_func("/image/written-and-read-again", test_written_and_read_again);
    g_test_add_func("/image/refused", test_refused);
    g_test_add_func("/image/trusted-launch", test_trusted_launch);
    g_test_add_func("/image/version-order", test_version_order);
    return g_test_run();
}
