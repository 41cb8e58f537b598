/* template/ids.h: ids of resources, from types and names. Internal to the room. */
#pragma once

#include "template/evaluation.h"

/* A type, "Microsoft.Compute/virtualMachineScaleSets/extensions", and its names, as many as it has parts behind the namespace,
 * to
 * "/providers/Microsoft.Compute/virtualMachineScaleSets/a/extensions/b". NULL sets *error. */
char *provider_path(const Evaluation *evaluation, const char *type, char *const *names, guint n_names, GError **error);

/* The id in canonical spelling of its fixed words; NULL: it is none of a resource in a group. */
char *id_canonical(const char *text);

/* No part of an id: empty, too long, or with a character that no name has. */
gboolean id_part_is_good(const char *text);
