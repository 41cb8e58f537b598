/* template/own_functions.h: functions that the template declares itself, in namespaces: "[contoso.name('web')]". Internal to
 * the room. Source: Azure, "User-defined functions in ARM template". Such a one has its parameters, and the functions that
 * there are; no variables, no resources, and no other of its kind: so none calls itself. */
#pragma once

#include "template/functions.h"

/* The call that is in hand. */
typedef struct Frame {
    const struct OwnFunction *function;
    const Arguments *arguments; /* NULL: it is looked through */
} Frame;

GHashTable *own_functions_new(void);
/* Reads the template's into evaluation->own_functions, and looks them through. */
gboolean own_functions_read(Evaluation *evaluation, GError **error);

/* Before it is called: is it declared, and takes so many arguments? */
gboolean own_function_may_be_called(const Evaluation *evaluation, const Expression *call, GError **error);
/* Of one that may be. New reference. */
json_t *own_function_call(Evaluation *evaluation, const Expression *call, const Arguments *arguments, GError **error);

/* Within one: does it have this parameter? */
gboolean own_parameter_is_good(const Evaluation *evaluation, const char *name, GError **error);
/* Its value. New reference. */
json_t *own_parameter(const Evaluation *evaluation, const char *name, GError **error);
