#include "guest/guest.h"

#include <string.h>

static const struct {
    const char *name;
    int (*run)(char **argv);
} commands[] = {
    { "health", health_main }, { "terminate-notice", notice_main }, { "terminate-ack", ack_main }, { "approve", approve_main },
    { "quote", quote_main },   { "eventlog", eventlog_main },       { "activate", activate_main }, { "token", token_main },
    { "assess", assess_main },
};

int
main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argv + 1);
    }
    return say_usage("health | terminate-notice | terminate-ack | approve | quote | eventlog | activate | token | assess …");
}
