/* host/qemu/run_file.h: from a folder that a hostile process may write to. */
#include "host/qemu/run_file.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RunFile) run = run_file_parse((const char *)data, size, &error);
    g_assert((run == NULL) == (error != NULL));
    if (run)
        g_assert(run->spec && run->spec->key && run->qemu >= 0 && run->swtpm >= 0);
    return 0;
}
