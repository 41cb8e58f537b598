/* testudo-guest inside a guest. */
#include "host/qemu/machine.h"

typedef struct {
    HostExecDone done;
    void *data;
} Run;

static gboolean
run_fails(gpointer data)
{
    g_autofree Run *run = data;
    g_autoptr(GError) error = NULL;
    arm_fail(&error, ARM_NOT_SUPPORTED, NULL, "This testudod was built without testudo-guest.");
    run->done(-1, "", 0, "", 0, error, run->data);
    return G_SOURCE_REMOVE;
}

void
qemu_guest_run(Host *host, const char *key G_GNUC_UNUSED, const char *const *argv G_GNUC_UNUSED,
               gint64 timeout_usec G_GNUC_UNUSED, HostExecDone done, void *data)
{
    Run *run = g_new0(Run, 1);
    *run = (Run){ done, data };
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, run_fails, run, NULL);
    g_source_attach(source, ((Qemu *)host)->context);
}
