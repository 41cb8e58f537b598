/* vmss wait: until the set is as it is asked to be; for what was begun with --no-wait. */
#include "cli/vmss.h"

#include <string.h>

#define TIMEOUT_DEFAULT 3600
#define INTERVAL_USEC   (500 * 1000)

typedef enum { WAIT_DONE, WAIT_ON, WAIT_FAILED } Verdict;

typedef struct {
    Cli *cli;
    const char *condition;
    Progress progress;
    gboolean rolled;  /* a rolling upgrade was seen under way */
    int percent;      /* of it; -1: not known */
    char *afterwards; /* what is to be said of the end, or why it failed; NULL: nothing */
} Waiting;

static void
waiting_clear(Waiting *waiting)
{
    g_free(waiting->afterwards);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Waiting, waiting_clear)

/* *ret_set: NULL where there is none and that is no error: it is waited for to come, or to go. A group that is not there
 * does not come by itself. */
static gboolean
set_read(Waiting *waiting, json_t **ret_set, GError **error)
{
    g_autofree char *path = cli_set_path(waiting->cli, "");
    g_auto(Reply) reply = { 0 };
    g_autoptr(GError) problem = NULL;
    const ClientWatch watch = { .lost = progress_lost, .back = progress_back, .data = &waiting->progress };
    const gboolean there = client_get_patiently(waiting->cli->client, path, &watch, &reply, &problem);
    const gboolean gone = !there && client_status(waiting->cli->client) == 404;
    const gboolean is_end = strcmp(waiting->condition, "deleted") == 0;
    const gboolean may_come = g_error_matches(problem, ARM_ERROR, ARM_RESOURCE_NOT_FOUND) &&
                              (strcmp(waiting->condition, "created") == 0 || strcmp(waiting->condition, "exists") == 0);
    if (!there && !(gone && (is_end || may_come))) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    *ret_set = there ? g_steal_pointer(&reply.body) : NULL;
    return TRUE;
}

/* What was begun for single instances is no change of the set. */
static gboolean
instances_are_on_their_way(Cli *cli)
{
    g_autofree char *path = cli_set_path(cli, "/instanceView");
    g_auto(Reply) view = { 0 };
    size_t i;
    const json_t *status;
    /* Not known is not at its end: where the daemon is gone, the next look at the set says so. */
    if (!client_send(cli->client, "GET", path, NULL, &view, NULL))
        return TRUE;
    json_array_foreach(json_path(view.body, "virtualMachine.statusesSummary"), i, status)
    {
        const char *code = json_member_text(status, "code");
        if (g_strcmp0(code, "ProvisioningState/creating") == 0 || g_strcmp0(code, "ProvisioningState/updating") == 0 ||
            g_strcmp0(code, "ProvisioningState/deleting") == 0)
            return TRUE;
    }
    return FALSE;
}

static Verdict
judge_rolling(Waiting *waiting)
{
    g_autoptr(json_t) latest = vmss_rolling_read(waiting->cli);
    if (!latest && client_status(waiting->cli->client) != 404)
        return WAIT_ON;
    waiting->percent = vmss_rolling_percent(latest);
    if (vmss_rolling_is_under_way(latest)) {
        waiting->rolled = TRUE;
        return WAIT_ON;
    }
    if (instances_are_on_their_way(waiting->cli))
        return WAIT_ON;
    if (!waiting->rolled)
        return WAIT_DONE;
    const char *code = json_string_value(json_path(latest, "properties.runningStatus.code"));
    const char *message = json_string_value(json_path(latest, "properties.error.message"));
    if (g_strcmp0(code, "Completed") == 0) {
        waiting->afterwards = vmss_rolling_failures(waiting->cli, latest);
        return WAIT_DONE;
    }
    waiting->afterwards = g_strdup_printf("The rolling upgrade ended as %s.%s%s", code ? code : "unknown", message ? " " : "",
                                          message ? message : "");
    return WAIT_FAILED;
}

/* set: NULL where there is none. */
static Verdict
judge(Waiting *waiting, const json_t *set)
{
    const char *state = json_member_text(json_object_get(set, "properties"), "provisioningState");
    if (strcmp(waiting->condition, "deleted") == 0)
        return set ? WAIT_ON : WAIT_DONE;
    if (strcmp(waiting->condition, "exists") == 0)
        return set ? WAIT_DONE : WAIT_ON;
    if (g_strcmp0(state, "Failed") == 0 || g_strcmp0(state, "Canceled") == 0)
        return WAIT_FAILED;
    if (g_strcmp0(state, "Succeeded") != 0)
        return WAIT_ON;
    return strcmp(waiting->condition, "updated") == 0 ? judge_rolling(waiting) : WAIT_DONE;
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
failure_tell(const Waiting *waiting, GError **error)
{
    const char *group = args_text(waiting->cli->args, "resource-group"), *name = cli_set_name(waiting->cli);
    if (waiting->afterwards)
        return arm_fail(error, ARM_CONFLICT, NULL,
                        "%s 'testudo vmss get-instance-view -g %s -n %s --instance-id \"*\"' says where.", waiting->afterwards,
                        group, name);
    return arm_fail(error, ARM_CONFLICT, NULL,
                    "The last change of the scale set failed; 'testudo monitor activity-log list -g %s' says how, "
                    "'testudo vmss get-instance-view -g %s -n %s --instance-id \"*\"' where.",
                    group, group, name);
}

static gboolean
wait_loop(Waiting *waiting, gint64 until, GError **error)
{
    for (;;) {
        g_autoptr(json_t) set = NULL;
        if (!set_read(waiting, &set, error))
            return FALSE;
        switch (judge(waiting, set)) {
        case WAIT_DONE:
            return TRUE;
        case WAIT_FAILED:
            return failure_tell(waiting, error);
        case WAIT_ON:
            break;
        }
        if (g_get_monotonic_time() >= until)
            return arm_fail(error, ARM_CONFLICT, "timeout", "The time ended before the scale set was %s.",
                            strcmp(waiting->condition, "exists") == 0 ? "there" : waiting->condition);
        progress_step(waiting->percent, &waiting->progress);
        g_usleep(INTERVAL_USEC);
    }
}

gboolean
run_vmss_wait(Cli *cli, GError **error)
{
    g_auto(Waiting) waiting = { .cli = cli, .percent = -1 };
    guint seconds = TIMEOUT_DEFAULT;
    if (!one_condition(cli->args, &waiting.condition, error))
        return FALSE;
    args_number(cli->args, "timeout", &seconds);
    g_autofree char *what = g_strdup_printf("Waiting for scale set %s", args_text(cli->args, "name"));
    gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    waiting.progress = progress_begin(what);
    gboolean succeeded = wait_loop(&waiting, until, error);
    const gboolean lost = !succeeded && client_status(cli->client) == 0;
    progress_end(&waiting.progress,
                 succeeded ? PROGRESS_DONE
                 : lost    ? PROGRESS_LOST
                           : PROGRESS_FAILED,
                 succeeded ? waiting.afterwards : NULL);
    return succeeded;
}
