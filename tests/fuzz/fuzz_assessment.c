/* attest/assessment.h: what a guest answered, that answers what it likes. All of it is text that a terminal can be shown, and
 * every finding says why it is one. */
#include "attest/assessment.h"
#include "base/json.h"

#include "fuzz.h"

#include <string.h>

static void
findings_check(const json_t *list)
{
    size_t i;
    const json_t *one;
    g_assert(json_is_array(list) && json_array_size(list) <= ASSESSMENT_LINES_MAX);
    json_array_foreach(list, i, one)
    {
        const char *name = json_member_text(one, "name");
        g_assert(json_member_text(one, "kind") && json_member_text(one, "reason"));
        for (; name && *name; name++)
            g_assert(*name >= ' ' && *name <= '~');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) json = assessment_json(data, size, &error);
    g_assert((json == NULL) == (error != NULL));
    if (!json)
        return 0;
    g_autofree char *text = json_text(json);
    g_assert(g_utf8_validate(text, -1, NULL));
    findings_check(json_object_get(json, "refused"));
    findings_check(json_object_get(json, "lockedOut"));
    findings_check(json_object_get(json, "notSeen"));
    g_assert(json_array_size(json_object_get(json, "notSeen")) > 0);
    return 0;
}
