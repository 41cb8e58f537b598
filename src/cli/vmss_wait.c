/* vmss wait: until the set is as it is asked to be; for what was begun with --no-wait. */
#include "cli/vmss.h"

#include <string.h>

#define TIMEOUT_DEFAULT 3600
#define INTERVAL_USEC   (500 * 1000)

typedef enum { WAIT_DONE, WAIT_ON, WAIT_FAILED } Verdict;

/* set: NULL where there is none. */
static Verdict
judge(const Args *args, const json_t *set)
{
    const char *state = json_member_text(json_object_get(set, "properties"), "provisioningState");
    if (args_flag(args, "deleted"))
        return set ? WAIT_ON : WAIT_DONE;
    if (args_flag(args, "exists"))
        return set ? WAIT_DONE : WAIT_ON;
    if (g_strcmp0(state, "Failed") == 0 || g_strcmp0(state, "Canceled") == 0)
        return WAIT_FAILED;
    return g_strcmp0(state, "Succeeded") == 0 ? WAIT_DONE : WAIT_ON;
}

static gboolean
one_condition(const Args *args, const char **ret_name, GError **error)
{
    static const char *const names[] = { "created", "updated", "deleted", "exists" };
    guint given = 0;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (args_flag(args, names[i])) {
            *ret_name = names[i];
            given++;
        }
    }
    return given == 1 ||
           arm_fail(error, ARM_INVALID_PARAMETER, NULL, "Say one of --created, --updated, --deleted and --exists.");
}

static gboolean
wait_loop(Cli *cli, const char *condition, gint64 until, Progress *progress, GError **error)
{
    for (;;) {
        GError *problem = NULL;
        g_autoptr(json_t) set = vmss_read(cli, &problem);
        if (problem) {
            g_propagate_error(error, problem);
            return FALSE;
        }
        switch (judge(cli->args, set)) {
        case WAIT_DONE:
            return TRUE;
        case WAIT_FAILED:
            return arm_fail(error, ARM_CONFLICT, NULL,
                            "The last change of the scale set failed; 'testudo monitor activity-log list' says "
                            "how, 'testudo vmss get-instance-view --instance-id \"*\"' where.");
        case WAIT_ON:
            break;
        }
        if (g_get_monotonic_time() >= until)
            return arm_fail(error, ARM_CONFLICT, "timeout", "The time ended before the scale set was %s.",
                            strcmp(condition, "exists") == 0 ? "there" : condition);
        progress_step(-1, progress);
        g_usleep(INTERVAL_USEC);
    }
}

gboolean
run_vmss_wait(Cli *cli, GError **error)
{
    const char *condition = NULL;
    guint seconds = TIMEOUT_DEFAULT;
    if (!one_condition(cli->args, &condition, error))
        return FALSE;
    args_number(cli->args, "timeout", &seconds);
    g_autofree char *what = g_strdup_printf("Waiting for scale set %s", args_text(cli->args, "name"));
    gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    Progress progress = progress_begin(what);
    gboolean succeeded = wait_loop(cli, condition, until, &progress, error);
    progress_end(&progress, succeeded);
    return succeeded;
}
