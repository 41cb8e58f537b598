/* template/outputs.h: what a deployment gives back. Internal to the room. */
#pragma once

#include "template/evaluation.h"

/* Are they well made, as far as can be seen before there are resources? */
gboolean outputs_look_through(Evaluation *evaluation, GError **error);
/* {"name": {"type", "value"}}. */
json_t *outputs_evaluate(Evaluation *evaluation, GError **error);
