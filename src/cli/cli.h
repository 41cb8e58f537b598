/* cli/cli.h: what every command works with. */
#pragma once

#include "cli/args.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/progress.h"

/* Exit statuses (man testudo, EXIT STATUS). */
typedef enum {
    CLI_DONE,
    CLI_FAILED,       /* refused or failed */
    CLI_USAGE,        /* the command line is wrong; nothing was sent */
    CLI_NOT_THERE,    /* what was asked for does not exist */
    CLI_GUEST_FAILED, /* run-command: the script ran and ended with another status than 0 */
} CliStatus;

struct Cli {
    const Command *command;
    Args *args;
    Client *client;
    OutputFormat format;
    CliStatus status; /* of a command that did what it was asked */
};

/* ---- paths; newly allocated. `suffix` begins with '/', '?' or is "" ---- */
char *cli_subscription_path(const Cli *cli, const char *suffix);
char *cli_group_path(const Cli *cli, const char *group, const char *suffix);
char *cli_set_path(const Cli *cli, const char *suffix); /* of --resource-group, and --vmss-name or --name */
const char *cli_set_name(const Cli *cli);               /* borrowed */
/* The same with what --acknowledge-data-loss says, for what may lock a volume out. */
char *cli_acknowledged_path(const Cli *cli, const char *suffix);
char *cli_instance_path(const Cli *cli, const char *instance, const char *suffix);

/* ---- requests ---- */

gboolean cli_show(Cli *cli, const char *path, const Column *columns, GError **error);
/* Sends, and shows the answer. body may be NULL. */
gboolean cli_send_show(Cli *cli, const char *method, const char *path, const json_t *body, const Column *columns,
                       GError **error);
gboolean cli_show_list(Cli *cli, const char *path, const Column *columns, GError **error);

/* What is said while an operation is waited for. */
typedef struct {
    const char *what;              /* "Starting 2 instances" */
    char *(*so_far)(Cli *cli);     /* asked now and then: what it waits for just now, newly allocated, or NULL; may be NULL */
    char *(*afterwards)(Cli *cli); /* asked when it succeeded: what is said beside "done"; as above */
} Telling;

/* Sends, and waits for the operation's end unless --no-wait. The reply's body is handed out where ret_body is not NULL (NULL
 * where there was none). */
gboolean cli_change_tell(Cli *cli, const char *method, const char *path, const json_t *body, const Telling *telling,
                         json_t **ret_body, GError **error);
/* The same, with nothing to tell but what it is. */
gboolean cli_change(Cli *cli, const char *method, const char *path, const json_t *body, const char *what, json_t **ret_body,
                    GError **error);
/* The same, and shows the reply's body. */
gboolean cli_change_show(Cli *cli, const char *method, const char *path, const json_t *body, const char *what,
                         const Column *columns, GError **error);

/* DELETE in the same way. The daemon takes what is not there for deleted; a name that was mistyped is an error all the same:
 * "There was no THING." */
gboolean cli_delete(Cli *cli, const char *path, const char *thing, const Telling *telling, GError **error);

/* Asks on the terminal; --yes answers. Without a terminal and without --yes: an error. */
gboolean cli_confirm(const Cli *cli, const char *question, GError **error);

/* KEY=VALUE words as an object; NULL sets *error. */
json_t *cli_tags(const Cli *cli, GError **error);

/* The daemon that options or the environment (TESTUDO_STATE_DIR, TESTUDO_SERVER, …) name. The texts
 * of `chosen` may be NULL; socket_path is the state folder here. They are borrowed for as long as
 * the client lives. */
Client *cli_client_new(const ClientConfig *chosen);

/* ---- help and completion ---- */
void help_overview(void);
gboolean help_group(const char *const *words); /* FALSE: no command begins with these words */
void help_command(const Command *command);
void complete_print(const char *const *words);

/* Every image that --publisher, --offer and --sku let through, each with "urn"; NULL sets *error.
 */
json_t *image_list_read(Cli *cli, GError **error);

/* ---- commands ---- */
gboolean run_account_show(Cli *cli, GError **error);
gboolean run_account_locations(Cli *cli, GError **error);
gboolean run_host_show(Cli *cli, GError **error);
gboolean run_portal(Cli *cli, GError **error);
gboolean run_activity_log(Cli *cli, GError **error);
gboolean run_attest_eventlog(Cli *cli, GError **error);
gboolean run_attest_show(Cli *cli, GError **error);
gboolean run_attest_history(Cli *cli, GError **error);
gboolean run_attest_now(Cli *cli, GError **error);
gboolean run_attest_approve(Cli *cli, GError **error);
gboolean run_attest_withdraw(Cli *cli, GError **error);
gboolean run_attest_baseline_list(Cli *cli, GError **error);
gboolean run_attest_baseline_show(Cli *cli, GError **error);
gboolean run_attest_baseline_export(Cli *cli, GError **error);
gboolean run_ca_show(Cli *cli, GError **error);
gboolean run_ca_chain(Cli *cli, GError **error);
gboolean run_ca_crl(Cli *cli, GError **error);
gboolean run_ca_revoke(Cli *cli, GError **error);
gboolean run_ca_renew(Cli *cli, GError **error);
gboolean run_attest_token(Cli *cli, GError **error);
gboolean run_attest_verify_token(Cli *cli, GError **error);
gboolean run_attest_token_key_list(Cli *cli, GError **error);
gboolean run_attest_token_key_rotate(Cli *cli, GError **error);
gboolean run_attest_baseline_compute(Cli *cli, GError **error);
gboolean run_attest_verify_file(Cli *cli, GError **error);
gboolean run_feature_list(Cli *cli, GError **error);
gboolean run_feature_show(Cli *cli, GError **error);
gboolean run_feature_register(Cli *cli, GError **error);
gboolean run_feature_unregister(Cli *cli, GError **error);
gboolean run_group_create(Cli *cli, GError **error);
gboolean run_group_show(Cli *cli, GError **error);
gboolean run_group_list(Cli *cli, GError **error);
gboolean run_group_delete(Cli *cli, GError **error);
gboolean run_group_exists(Cli *cli, GError **error);
gboolean run_image_import(Cli *cli, GError **error);
gboolean run_image_list(Cli *cli, GError **error);
gboolean run_image_show(Cli *cli, GError **error);
gboolean run_image_delete(Cli *cli, GError **error);
gboolean run_vm_list(Cli *cli, GError **error);
gboolean run_vm_show(Cli *cli, GError **error);
gboolean run_vm_instance_view(Cli *cli, GError **error);
gboolean run_vm_start(Cli *cli, GError **error);
gboolean run_vm_stop(Cli *cli, GError **error);
gboolean run_vm_restart(Cli *cli, GError **error);
gboolean run_vm_deallocate(Cli *cli, GError **error);
gboolean run_vm_redeploy(Cli *cli, GError **error);
gboolean run_vm_reimage(Cli *cli, GError **error);
gboolean run_vm_delete(Cli *cli, GError **error);
gboolean run_vm_sizes(Cli *cli, GError **error);
gboolean run_vm_skus(Cli *cli, GError **error);
gboolean run_vm_usage(Cli *cli, GError **error);
gboolean run_vmss_create(Cli *cli, GError **error);
gboolean run_vmss_show(Cli *cli, GError **error);
gboolean run_vmss_list(Cli *cli, GError **error);
gboolean run_vmss_update(Cli *cli, GError **error);
gboolean run_disk_list(Cli *cli, GError **error);
gboolean run_disk_show(Cli *cli, GError **error);
gboolean run_disk_delete(Cli *cli, GError **error);
gboolean run_vmss_disk_attach(Cli *cli, GError **error);
gboolean run_vmss_disk_detach(Cli *cli, GError **error);
gboolean run_vmss_extension_set(Cli *cli, GError **error);
gboolean run_vmss_extension_list(Cli *cli, GError **error);
gboolean run_vmss_extension_show(Cli *cli, GError **error);
gboolean run_vmss_extension_delete(Cli *cli, GError **error);
gboolean run_change_record_list(Cli *cli, GError **error);
gboolean run_change_record_show(Cli *cli, GError **error);
gboolean run_change_record_export(Cli *cli, GError **error);
gboolean run_vmss_revisions(Cli *cli, GError **error);
gboolean run_vmss_rolling_start(Cli *cli, GError **error);
gboolean run_vmss_rolling_latest(Cli *cli, GError **error);
gboolean run_vmss_rolling_cancel(Cli *cli, GError **error);
gboolean run_vmss_rolling_history(Cli *cli, GError **error);
gboolean run_vmss_service_state(Cli *cli, GError **error);
gboolean run_vmss_rollback(Cli *cli, GError **error);
gboolean run_vmss_scale(Cli *cli, GError **error);
gboolean run_vmss_delete(Cli *cli, GError **error);
gboolean run_vmss_wait(Cli *cli, GError **error);
gboolean run_vmss_skus(Cli *cli, GError **error);
gboolean run_vmss_list_instances(Cli *cli, GError **error);
gboolean run_vmss_instance_view(Cli *cli, GError **error);
gboolean run_vmss_update_instances(Cli *cli, GError **error);
gboolean run_vmss_start(Cli *cli, GError **error);
gboolean run_vmss_stop(Cli *cli, GError **error);
gboolean run_vmss_restart(Cli *cli, GError **error);
gboolean run_vmss_deallocate(Cli *cli, GError **error);
gboolean run_vmss_reimage(Cli *cli, GError **error);
gboolean run_alert_list(Cli *cli, GError **error);
gboolean run_alert_show(Cli *cli, GError **error);
gboolean run_alert_dismiss(Cli *cli, GError **error);
gboolean run_alert_resolve(Cli *cli, GError **error);
gboolean run_alert_activate(Cli *cli, GError **error);
gboolean run_assessment_list(Cli *cli, GError **error);
gboolean run_suppression_rule_list(Cli *cli, GError **error);
gboolean run_suppression_rule_show(Cli *cli, GError **error);
gboolean run_suppression_rule_update(Cli *cli, GError **error);
gboolean run_suppression_rule_delete(Cli *cli, GError **error);
gboolean run_suppression_rule_upsert_scope(Cli *cli, GError **error);
gboolean run_suppression_rule_delete_scope(Cli *cli, GError **error);
gboolean run_resource_health_show(Cli *cli, GError **error);
gboolean run_vmss_quarantine_list(Cli *cli, GError **error);
gboolean run_vmss_quarantine_release(Cli *cli, GError **error);
gboolean run_vmss_quarantine_delete(Cli *cli, GError **error);
gboolean run_vmss_delete_instances(Cli *cli, GError **error);
gboolean run_vmss_assess(Cli *cli, GError **error);
gboolean run_vmss_connection_info(Cli *cli, GError **error);
gboolean run_vmss_run_command(Cli *cli, GError **error);
gboolean run_vmss_boot_log(Cli *cli, GError **error);
gboolean run_vmss_console(Cli *cli, GError **error);
gboolean run_vmss_screenshot(Cli *cli, GError **error);
