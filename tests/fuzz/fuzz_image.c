/* model/image.h: a definition that is accepted is written back as one that reads the same. */
#include "model/image.h"

#include "base/json.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(json_t) definition = json_parse((const char *)data, size, NULL);
    if (!definition)
        return 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(ImageInfo) image = image_info_parse(definition, &error);
    g_assert((image == NULL) == (error != NULL));
    if (!image)
        return 0;
    g_autoptr(json_t) written = image_info_json(image);
    g_autoptr(ImageInfo) again = image_info_parse(written, NULL);
    g_assert(again);
    g_autoptr(json_t) rewritten = image_info_json(again);
    g_assert(json_equal(written, rewritten));
    g_assert(image_version_compare(image->version, again->version) == 0);
    g_assert(!image_requires_trusted_launch(image) || image->generation == 1 || image_supports_trusted_launch(image));
    return 0;
}
