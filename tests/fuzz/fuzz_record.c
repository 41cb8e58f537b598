/* attest/record.h: a change record from somewhere: whatever it is, there is a verdict with a reason, and without a CA it never
 * holds. What a terminal is shown of it is UTF-8. */
#include "attest/record.h"
#include "base/json.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RecordCheck check = RECORD_N;
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(json_t) report = record_verify(text, strlen(text), /* ca= */ NULL, /* crls= */ NULL, /* now= */ 0, &check);
    g_assert(check < RECORD_N && check != RECORD_HOLDS && check != RECORD_OTHER_CA);
    g_assert(json_member_text(report, "verdict") && json_member_text(report, "reason"));
    g_autofree char *shown = json_text(report);
    g_assert(g_utf8_validate(shown, -1, NULL));
    g_assert(check == RECORD_MALFORMED || record_is(text, strlen(text)));
    return 0;
}
