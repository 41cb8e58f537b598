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

/* In mode Manual a change of the model alone moves no instance: says on standard error what does. */
void vmss_outdated_hint(Cli *cli);

/* {"instanceIds":[…]} of --instance-ids; NULL where it is not given. */
json_t *vmss_ids_body(const Cli *cli);
/* "instance 3", "3 instances", "all instances"; newly allocated. */
char *vmss_ids_text(const Cli *cli);

/* An instance view; the first column, its instance id, tells several apart. */
extern const Column vmss_view_columns[];
