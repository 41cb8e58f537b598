#include "rollout/terminate.h"

#include "base/guest_wire.h"
#include "base/time_text.h"

#include <string.h>

char **
terminate_notice_arguments(const char *event, UnixTime not_before, const char *resource)
{
    g_autofree char *time = time_to_text(not_before);
    const char *const argv[] = { "terminate-notice", event, time, resource, NULL };
    return g_strdupv((char **)argv);
}

char **
terminate_ack_arguments(const char *event)
{
    const char *const argv[] = { "terminate-ack", event, NULL };
    return g_strdupv((char **)argv);
}

TerminateAnswer
terminate_answer_parse(int exit_code, const char *out, gsize length)
{
    static const struct {
        const char *line;
        TerminateAnswer answer;
    } lines[] = {
        { WIRE_NOTICED "\n", TERMINATE_WAITING },
        { WIRE_WAITING "\n", TERMINATE_WAITING },
        { WIRE_APPROVED "\n", TERMINATE_APPROVED },
    };
    for (guint i = 0; exit_code == 0 && i < G_N_ELEMENTS(lines); i++) {
        if (length == strlen(lines[i].line) && memcmp(out, lines[i].line, length) == 0)
            return lines[i].answer;
    }
    return TERMINATE_UNKNOWN;
}
