/* cli/vmss.h: what the vmss commands share. */
#pragma once

#include "cli/cli.h"

#define VMSS_PROFILE "properties.virtualMachineProfile"

extern const Column vmss_columns[];

/* The set of --resource-group and --name; NULL with *error untouched where there is none. */
json_t *vmss_read(Cli *cli, GError **error);

/* Bodies that the options ask for. model: the set as it is, NULL for none. */
json_t *vmss_create_body(Cli *cli, const json_t *model, GError **error);
json_t *vmss_update_body(Cli *cli, const json_t *model, GError **error);

/* The daemon's answer about what a body would do; NULL sets *error. */
json_t *what_if_ask(Cli *cli, const json_t *body, GError **error);
/* Shows it; the exit status says whether the daemon would accept. */
void what_if_show(Cli *cli, const json_t *answer);
/* Asks before instances lose something by being brought to the set's model. ids: NULL for all. */
gboolean what_if_confirm(Cli *cli, const char *const *ids, GError **error);

/* The same before a change of the model that instances follow by themselves; `body` is what is asked
 * about. */
gboolean what_if_confirm_change(Cli *cli, const json_t *body, const char *ask, GError **error);

/* A file's content where `text` names a file (or begins with '@'), else the text itself; newly
 * allocated. */
char *text_or_file(const char *text, const char *option, GError **error);

/* After a change of the model, where instances are not on it yet: says on standard error what brings them there. */
void vmss_outdated_hint(Cli *cli);

/* The latest rolling upgrade of the set; NULL where there was none, or it cannot be asked. */
json_t *vmss_rolling_read(Cli *cli);
gboolean vmss_rolling_is_under_way(const json_t *latest); /* NULL: FALSE */
int vmss_rolling_percent(const json_t *latest);           /* of its instances; -1: not known */
/* "1 failed: 2 (why)", by what is wrong with the instances now; NULL where none failed. Newly allocated. */
char *vmss_rolling_failures(Cli *cli, const json_t *latest);

/* {"instanceIds":[…]} of --instance-ids; NULL where it is not given. */
json_t *vmss_ids_body(const Cli *cli);
/* "instance 3", "3 instances", "all instances"; newly allocated. */
char *vmss_ids_text(const Cli *cli);

/* An instance view; the first column, its instance id, tells several apart. */
extern const Column vmss_view_columns[];
/* Its column "Reason" shows, where health has none, that the guest has notice of its end. For tables alone. */
void vmss_view_reason_add(json_t *view);

/* For who waits for a deletion: until when guests have notice of it (Telling). */
char *vmss_notice_so_far(Cli *cli);
char *vm_notice_so_far(Cli *cli); /* of a VM of a Flexible set */

/* The VM of --resource-group and --name; newly allocated. */
char *vm_path(const Cli *cli, const char *suffix);
