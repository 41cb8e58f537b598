#include "cli/hint.h"

#include <glib.h>
#include <string.h>

const char *
hint_command(const char *sentence)
{
    static const struct {
        const char *request, *command;
    } hints[] = {
        { "POST to its osRollingUpgrade", "testudo vmss rolling-upgrade start" },
        { "GET …/changeRecords", "testudo vmss change-record list" },
        { "GET …/revisions", "testudo vmss revisions" },
        { "named in manualupgrade", "testudo vmss update-instances" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(hints); i++) {
        if (strstr(sentence, hints[i].request))
            return hints[i].command;
    }
    return NULL;
}
