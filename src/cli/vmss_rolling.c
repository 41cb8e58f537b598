/* vmss rolling-upgrade start, get-latest, cancel, history. */
#include "cli/vmss.h"

static const Column latest_columns[] = {
    { "Status", "properties.runningStatus.code" },
    { "Batch", "properties.testudo.batch" },
    { "Successful", "properties.progress.successfulInstanceCount" },
    { "Failed", "properties.progress.failedInstanceCount" },
    { "InProgress", "properties.progress.inProgressInstanceCount" },
    { "Pending", "properties.progress.pendingInstanceCount" },
    { "Started", "properties.runningStatus.startTime" },
    { "Error", "properties.error.message|-" },
    { "Warning", "properties.testudo.warning|-" },
    { 0 },
};

gboolean
run_vmss_rolling_start(Cli *cli, GError **error)
{
    g_autofree char *path = cli_acknowledged_path(cli, "/osRollingUpgrade");
    g_autofree char *what = g_strdup_printf("Rolling upgrade of %s", cli_set_name(cli));
    return cli_change(cli, "POST", path, NULL, what, NULL, error);
}

gboolean
run_vmss_rolling_latest(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "/rollingUpgrades/latest");
    return cli_show(cli, path, latest_columns, error);
}

gboolean
run_vmss_rolling_history(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "/osUpgradeHistory");
    return cli_show_list(cli, path, latest_columns, error);
}

gboolean
run_vmss_rolling_cancel(Cli *cli, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "/rollingUpgrades/cancel");
    g_autofree char *what = g_strdup_printf("Canceling the rolling upgrade of %s", cli_set_name(cli));
    return cli_change(cli, "POST", path, NULL, what, NULL, error);
}
