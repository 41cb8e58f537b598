/* api/machine_list.h: which VMs there are as resources: the instances of Flexible sets, in pages. */
#pragma once

#include "api/call.h"

/* group NULL: of all. $filter may name one set: 'virtualMachineScaleSet/id' eq 'ID'. */
ApiResponse *machine_list_respond(Call *call, const char *group, GError **error);

/* Page token of an instance of a set: right after the set's own (set_token()), in the order of ids. */
char *machine_token(const StoreSet *set, guint instance);
