/* attest/report.h: a judgement as JSON, for files, the API and the command line alike. Pure.
 * {"verdict", "reason", "component": {"pcr", "event", "name", "kind", "expected", "seen", "expectedText", "seenText",
 * "acceptedBy"}, "components": [the same, in log order]}; reason and component are null where there is none, the two texts left
 * out. acceptedBy, a policy's word, stands where that accepts the difference; such a one is never the component. */
#pragma once

#include "attest/verdict.h"

#include <jansson.h>

/* New references. */
json_t *report_json(const Judgement *judgement);
json_t *report_components(const Judgement *judgement);
