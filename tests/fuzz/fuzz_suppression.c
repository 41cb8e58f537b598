/* model/suppression.h: any JSON is a rule that reads the same again, or is refused. */
#include "model/suppression.h"

#include "base/json.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const SuppressedAlert alert = { ALERT_DEVIATION, "/subscriptions/s/virtualMachineScaleSets/web/0", "deviation" };
    g_autoptr(json_t) body = json_parse((const char *)data, size, NULL);
    if (!body)
        return 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(Suppression) suppression = suppression_read(body, &error);
    g_assert((suppression == NULL) == (error != NULL));
    if (!suppression)
        return 0;
    g_autoptr(Suppression) again = suppression_read(suppression->body, NULL);
    g_assert(again && json_equal(again->body, suppression->body));
    g_assert(suppression_matches(again, &alert, 1) == suppression_matches(suppression, &alert, 1));
    if (suppression_matches(suppression, &alert, 1))
        g_assert(suppression->enabled && !suppression_is_over(suppression, 1));
    return 0;
}
