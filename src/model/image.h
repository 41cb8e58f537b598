/* model/image.h: a platform image's definition. Pure.
 * Shape of the definition file beside an image (images/build writes it; `testudo image import` sends it):
 * {"publisher","offer","sku","version","hyperVGeneration":"V1|V2","architecture":"x64|Arm64","osType":"Linux|Windows",
 *  "securityType":"Standard|TrustedLaunch|TrustedLaunchSupported|TrustedLaunchAndConfidentialVmSupported|ConfidentialVM…",
 *  "guestAgent":bool,"format":"qcow2|raw|vpc|vhdx","file":"NAME","sha256":"HEX"} */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum { IMAGE_QCOW2, IMAGE_RAW, IMAGE_VHD, IMAGE_VHDX, IMAGE_N_FORMATS } ImageFormat;
/* "qcow2", "raw", "vhd", "vhdx" in definitions ("vpc" is read as vhd); the driver's name differs for vhd ("vpc"). */
const char *image_format_text(ImageFormat format);
const char *image_format_qemu(ImageFormat format);
gboolean image_format_from_text(const char *text, ImageFormat *ret_format);

/* Are the programs that it boots by signed? Told from its file, and not by its definition. */
typedef enum { BOOT_CHAIN_UNKNOWN, BOOT_CHAIN_SIGNED, BOOT_CHAIN_UNSIGNED, BOOT_CHAIN_N } BootChain;
const char *boot_chain_text(BootChain chain); /* "Unknown", "Signed", "Unsigned" */
gboolean boot_chain_from_text(const char *text, BootChain *ret_chain);

typedef struct {
    char *publisher;
    char *offer;
    char *sku;
    char *version;       /* MAJOR.MINOR.PATCH[-SUFFIX] */
    guint generation;    /* 1 or 2 */
    char *architecture;  /* canonical: "x64", "Arm64" */
    char *os_type;       /* canonical: "Linux", "Windows" */
    char *security_type; /* canonical; feature SecurityType */
    gboolean guest_agent;
    ImageFormat format;
    char *file;           /* file name of the source, no folder; NULL in API bodies */
    char *sha256;         /* lower case; NULL where not known yet */
    guint64 virtual_size; /* bytes; 0 where not known yet */
    BootChain boot_chain;
} ImageInfo;

/* Parses a definition; every member checked, unknown members refused by name. */
ImageInfo *image_info_parse(const json_t *definition, GError **error);
json_t *image_info_json(const ImageInfo *image);
ImageInfo *image_info_copy(const ImageInfo *image);
void image_info_free(ImageInfo *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageInfo, image_info_free)

/* "Testudo:mini:gen2:1.0.0", newly allocated. */
char *image_info_urn(const ImageInfo *image);
gboolean image_supports_trusted_launch(const ImageInfo *image); /* V2 and one of the three features */
gboolean image_requires_trusted_launch(const ImageInfo *image); /* feature is exactly TrustedLaunch */

/* Orders versions by number, a version with a suffix before the same one without (Semantic Versioning 2.0.0, 11, but
 * letters count without regard to case). "latest" is the highest one without a suffix, where there is such a one. */
int image_version_compare(const char *a, const char *b);
