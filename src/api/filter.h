/* api/filter.h: OData's $filter, as far as clients of this API use it: FIELD eq VALUE, or ge and le
 * where the field says so, several of them joined by "and". Pure.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#define FILTER_MAX_FIELDS 9

/* values[i]: what fields[i] is compared with, NULL where the filter does not name it. */
typedef struct {
    char *values[FILTER_MAX_FIELDS];
} Filter;

/* text: decoded; NULL or empty: no filter. fields: NULL-terminated, at most FILTER_MAX_FIELDS, matched without regard to case:
 * "name", or "name ge" where it is compared by that instead of eq.
 * A VALUE is 'text' with '' for a quote, or a bare word; so may FIELD be. Anything else is refused with what would be accepted.
 */
gboolean filter_parse(const char *text, const char *const *fields, Filter *ret_filter, GError **error);
void filter_clear(Filter *filter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Filter, filter_clear)

/* wanted: from a filter; NULL matches everything. */
gboolean filter_matches(const char *wanted, const char *value);

/* tagName and tagValue of a filter, either of them NULL where it is not named. A value needs a name. */
gboolean filter_tags_check(const char *name, const char *value, GError **error);
/* tags: a JSON object or NULL. Names without regard to case, values with. */
gboolean filter_tags_match(const char *name, const char *value, const json_t *tags);
