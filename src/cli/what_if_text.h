/* cli/what_if_text.h: the daemon's answer about a change, in words. Pure. */
#pragma once

#include "base/json.h"

/* The whole answer for people, several lines; newly allocated. */
char *what_if_text(const json_t *answer);

/* The warnings that are none of what an instance loses, a line each; NULL where there are none. Newly allocated. */
char *what_if_warnings(const json_t *answer);

/* The question before instances lose something, which ends with `ask` ("Update?"); NULL where none
 * of the wanted ones loses anything. ids: NULL or "*" among them is all. Newly allocated. */
char *what_if_question(const json_t *answer, const char *const *ids, const char *ask);
