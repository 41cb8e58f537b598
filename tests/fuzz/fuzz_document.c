/* model/document.h: whatever a client sends, in one request after the other.
 * The input is one body, or an array of bodies that are sent to the same scale set in turn. */
#include "model/document.h"

#include "base/json.h"
#include "fuzz.h"
#include "model/change.h"
#include "model/model.h"

#define BODIES_MAX 4

static const DocumentContext context = { "$1$fuzzfuzz$" };

static Model *
must_decode(const json_t *document)
{
    GError *error = NULL;
    Model *model = model_decode(document, "set", &error);
    g_assert_no_error(error);
    return model;
}

/* What is given back can be sent back as it is, and that changes nothing. */
static void
round_trip_holds(const json_t *document)
{
    GError *error = NULL;
    g_autoptr(json_t) given = document_public(document, "Linux");
    g_autoptr(json_t) merged = document_merge(document, given, &context, &error);
    g_assert_no_error(error);
    g_autoptr(json_t) given_again = document_public(merged, "Linux");
    json_t *image = json_path(given, "properties.virtualMachineProfile.storageProfile.imageReference");
    json_object_del(image, "exactVersion");
    g_assert(json_equal(given, given_again));
    g_autoptr(Model) before = must_decode(document);
    g_autoptr(Model) after = must_decode(merged);
    Change change = change_between(before, after);
    g_assert(change.kind == CHANGE_NOTHING || change.new_os_disk);
}

static void
empty_body_holds(const json_t *document)
{
    g_autoptr(json_t) nothing = json_object();
    g_autoptr(json_t) same = document_merge(document, nothing, &context, NULL);
    g_assert(json_equal(document, same));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(json_t) input = json_parse((const char *)data, size, NULL);
    g_autoptr(json_t) document = NULL;
    size_t n = json_is_array(input) ? MIN(json_array_size(input), BODIES_MAX) : 1;

    for (size_t i = 0; input && i < n; i++) {
        const json_t *body = json_is_array(input) ? json_array_get(input, i) : input;
        g_autoptr(GError) error = NULL;
        json_t *merged = document_merge(document, body, &context, &error);
        g_assert((merged == NULL) == (error != NULL));
        if (!merged)
            continue;
        json_decref(document);
        document = merged;
        document_body_names_image(body);
        empty_body_holds(document);
        round_trip_holds(document);
    }
    return 0;
}
