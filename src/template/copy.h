/* template/copy.h: "copy", which makes several of a resource, or an array of an input: for properties, variables and outputs.
 * Internal to the room. Source: Azure, "Resource iteration", "Property iteration", "Variable iteration" and "Output iteration
 * in ARM templates". */
#pragma once

#include "template/evaluation.h"

#define COPY_MAX 800 /* as Azure */

/* One that is gone round, on the stack of who does so. */
typedef struct Loop {
    const char *name;         /* borrowed; NULL: an output's */
    gboolean nameless;        /* copyIndex() without a name may mean it: a resource's and an output's */
    gint64 index;             /* from 0 */
    const struct Loop *outer; /* the one around it, or NULL */
} Loop;

/* A resource's: its name, and how many there are to be; at the path of the resource. Those that would have to wait for each
 * other are refused. */
gboolean copy_of_resource(Evaluation *evaluation, const json_t *copy, const char **ret_name, guint *ret_count, GError **error);

/* An element of a list of copies, {"name", "count", "input"}, at its path: is it well made? */
gboolean copy_check(Evaluation *evaluation, const json_t *copy, GError **error);
/* Has it count and input, and nothing else? */
gboolean copy_of_output_check(Evaluation *evaluation, const json_t *copy, GError **error);
/* The name of one that is well made; NULL of an output's. Borrowed. */
const char *copy_name(const json_t *copy);

/* What one that is well made gives, at its path: an array with its input as often as it says. */
json_t *copy_array(Evaluation *evaluation, const json_t *copy, GError **error);
gboolean copy_look_through(Evaluation *evaluation, const json_t *copy, GError **error);

/* Before it is evaluated: does a call of copyIndex() mean a loop that is there? */
gboolean copy_index_is_good(const Evaluation *evaluation, const Expression *call, GError **error);
/* name: NULL where the call has none. */
gboolean copy_index(const Evaluation *evaluation, const char *name, gint64 *ret_index, GError **error);

/* " It is so where copyIndex('disks') is 1."; empty where nothing is gone round. Newly allocated. */
char *copy_where(const Evaluation *evaluation);
