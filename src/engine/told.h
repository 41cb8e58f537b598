/* engine/told.h: what the engine tells in the activity log, beside the beginnings and ends of its operations, and of what. */
#pragma once

#include "engine/pass.h"
#include "engine/sets.h"

/* ARM ids; newly allocated. */
char *engine_set_resource(const SetTracked *set);
char *engine_instance_resource(const SetTracked *set, guint id);

/* An event of level Warning. correlation: id of the operation that it belongs to, or NULL. */
gboolean engine_warn(const Pass *pass, OperationKind kind, const char *status, const char *resource_id, const char *correlation,
                     const char *message, GError **error);
