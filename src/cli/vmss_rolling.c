/* vmss rolling-upgrade start, get-latest, cancel, history. */
#include "cli/vmss.h"

#include <string.h>

/* So many instances are named; the rest are counted. */
#define NAMED_MAX 10

/* clang-format off */
#define HISTORY_COLUMNS \
    { "Status", "properties.runningStatus.code" }, \
    { "Batch", "properties.testudo.batch" }, \
    { "Successful", "properties.progress.successfulInstanceCount" }, \
    { "Failed", "properties.progress.failedInstanceCount" }, \
    { "InProgress", "properties.progress.inProgressInstanceCount" }, \
    { "Pending", "properties.progress.pendingInstanceCount" }, \
    { "Started", "properties.runningStatus.startTime" }, \
    { "Error", "properties.error.message|-" }, \
    { "Warning", "properties.testudo.warning|-" }
/* clang-format on */

json_t *
vmss_rolling_read(Cli *cli)
{
    g_autofree char *path = cli_set_path(cli, "/rollingUpgrades/latest");
    g_auto(Reply) reply = { 0 };
    return client_send(cli->client, "GET", path, NULL, &reply, NULL) ? g_steal_pointer(&reply.body) : NULL;
}

gboolean
vmss_rolling_is_under_way(const json_t *latest)
{
    return g_strcmp0(json_string_value(json_path(latest, "properties.runningStatus.code")), "RollingForward") == 0;
}

int
vmss_rolling_percent(const json_t *latest)
{
    static const char *const counts[] = { "successfulInstanceCount", "failedInstanceCount", "inProgressInstanceCount",
                                          "pendingInstanceCount" };
    const json_t *progress = json_path(latest, "properties.progress");
    json_int_t all = 0, ended = 0;
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
        json_int_t count = json_integer_value(json_object_get(progress, counts[i]));
        all += count;
        ended += i < 2 ? count : 0;
    }
    return all > 0 ? (int)(100 * ended / all) : -1;
}

/* Why an instance is not what it should be; NULL where nothing is wrong with it. Borrowed. */
static const char *
failure_of(const json_t *instance)
{
    const json_t *health = json_path(instance, "properties.instanceView.vmHealth.status"), *status;
    const char *message = json_member_text(health, "message");
    size_t i;
    json_array_foreach(json_path(instance, "properties.instanceView.statuses"), i, status)
    {
        const char *code = json_member_text(status, "code"), *why = json_member_text(status, "message");
        if (code && g_str_has_prefix(code, "ProvisioningState/failed"))
            return why ? why : "it failed";
    }
    if (g_strcmp0(json_member_text(health, "code"), "HealthState/unhealthy") != 0)
        return NULL;
    return message ? message : "unhealthy";
}

char *
vmss_rolling_failures(Cli *cli, const json_t *latest)
{
    int failed = (int)json_integer_value(json_path(latest, "properties.progress.failedInstanceCount"));
    if (failed == 0)
        return NULL;
    g_autofree char *path = cli_set_path(cli, "/virtualMachines?$expand=instanceView");
    g_autoptr(json_t) instances = client_list(cli->client, path, NULL);
    GString *text = g_string_new(NULL);
    guint named = 0;
    size_t i;
    const json_t *instance;
    json_array_foreach(instances, i, instance)
    {
        const char *why = failure_of(instance);
        if (!why || named++ >= NAMED_MAX)
            continue;
        gsize length = strlen(why);
        if (length > 0 && why[length - 1] == '.')
            length--;
        g_string_append_printf(text, "%s%s (%.*s)", named > 1 ? ", " : ": ", json_member_text(instance, "instanceId"),
                               (int)length, why);
    }
    if (named > NAMED_MAX)
        g_string_append_printf(text, " and %u more", named - NAMED_MAX);
    g_autofree char *count = g_strdup_printf("%d failed", failed);
    g_string_prepend(text, count);
    return g_string_free(text, FALSE);
}

static char *
failures_tell(Cli *cli)
{
    g_autoptr(json_t) latest = vmss_rolling_read(cli);
    return vmss_rolling_failures(cli, latest);
}

gboolean
run_vmss_rolling_start(Cli *cli, GError **error)
{
    if (!what_if_confirm(cli, /* ids= */ NULL, error))
        return FALSE;
    g_autofree char *path = cli_acknowledged_path(cli, "/osRollingUpgrade");
    g_autofree char *what = g_strdup_printf("Rolling upgrade of %s", cli_set_name(cli));
    return cli_change_tell(cli, "POST", path, NULL, &(Telling){ .what = what, .afterwards = failures_tell }, NULL, error);
}

gboolean
run_vmss_rolling_latest(Cli *cli, GError **error)
{
    static const Column columns[] = { HISTORY_COLUMNS, { "FailedInstances", "failedInstances|-" }, { 0 } };
    g_autofree char *path = cli_set_path(cli, "/rollingUpgrades/latest");
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV) {
        g_autofree char *failures = vmss_rolling_failures(cli, reply.body);
        json_set_text(reply.body, "failedInstances", failures);
    }
    output_print(reply.body, columns, cli->format);
    return TRUE;
}

gboolean
run_vmss_rolling_history(Cli *cli, GError **error)
{
    static const Column columns[] = { HISTORY_COLUMNS, { 0 } };
    g_autofree char *path = cli_set_path(cli, "/osUpgradeHistory");
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_vmss_rolling_cancel(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "/rollingUpgrades/cancel");
    g_autofree char *what = g_strdup_printf("Canceling the rolling upgrade of %s", cli_set_name(cli));
    return cli_change(cli, "POST", path, NULL, what, NULL, error);
}
