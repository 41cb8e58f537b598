/* template/parameters.h: what a template declares as its parameters, and the values that came for them. Internal to the room.
 */
#pragma once

#include "template/formulas.h"

/* Looks at the declarations and reads them into evaluation->parameters; the values that came too (sent may be NULL). Violations
 * of declarations end it with *error; those of values are put into `violations`, unless it is NULL: then they do not matter. */
gboolean parameters_read(Evaluation *evaluation, const json_t *sent, GPtrArray *violations, GError **error);
/* Evaluates those that are left: with all violations in one error. */
gboolean parameters_evaluate(Evaluation *evaluation, GPtrArray *violations, GError **error);
/* {"name": {"type", "value"}}, of parameters that are evaluated. */
json_t *parameters_shown(const Evaluation *evaluation);

/* For formulas.c: the value that came or else the default, checked. New reference. */
json_t *parameter_make(Evaluation *evaluation, Formula *formula, GError **error);
