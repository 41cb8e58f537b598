/* api/target.h: the request line: path and query, as texts. Pure. */
#pragma once

#include <glib.h>

typedef struct {
    char **segments;   /* of the path, percent-decoded; empty ones are left out, so a trailing slash is fine */
    GHashTable *query; /* folded name -> value, decoded */
} Target;

/* text: percent-encoded. *error says what is wrong with it; what was read so far is to be cleared all the same. */
gboolean target_parse(const char *text, Target *ret_target, GError **error);
void target_clear(Target *target);

/* Does the query hold only what `accepted` names? Words separated by spaces: "$filter" takes any text, "$expand=a,b" only the
 * values after the sign (several of them where the client separates them by commas), without regard to case. api-version is
 * always accepted. NULL: nothing else is. */
gboolean target_check_query(const Target *target, const char *accepted, GError **error);
