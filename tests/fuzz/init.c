/* What libFuzzer and the replay have in common: a complaint of GLib's is a finding. */
#include "init.h"

#include <glib.h>

int
LLVMFuzzerInitialize(int *argc, char ***argv) /* NOLINT(readability-non-const-parameter): libFuzzer's form */
{
    (void)argc;
    (void)argv;
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    return 0;
}
