/* api/suppression_rules.h: suppression rules as they look on the wire. */
#pragma once

#include "store/suppressions.h"

#include <jansson.h>

/* The ARM id; newly allocated. */
char *suppression_rule_id(const char *subscription, const char *name);
