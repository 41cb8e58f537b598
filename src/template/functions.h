/* template/functions.h: the functions of expressions as tables of rows, by what they are about. Internal to the room.
 * A row says how many arguments of which kinds are taken; a handler sees no others. */
#pragma once

#include "template/evaluation.h"
#include "template/kinds.h"

#define FUNCTION_MANY G_MAXUINT

typedef struct {
    json_t **values; /* borrowed */
    guint n;
} Arguments;

struct Function {
    const char *name;
    guint min, max;
    Kinds takes[4];  /* of the first arguments; the last that is said holds for those behind it */
    TemplateUse use; /* what it is to the places where not everything is there */
    json_t *(*call)(Evaluation *evaluation, const Arguments *arguments, GError **error); /* new reference */
    json_t *(*lazy)(Evaluation *evaluation, const GPtrArray *arguments, GError **error); /* in place of call: of Expression */
};

/* Each ends with a row without name. */
extern const Function functions_scope[], functions_text[], functions_unique[], functions_encode[], functions_array[],
    functions_object[], functions_number[], functions_date[], functions_logic[];

/* Without regard to case; NULL: there is none. */
const Function *function_find(const char *name);
gboolean function_takes_count(const Function *function, guint n, const char *target, GError **error);
gboolean function_takes_kinds(const Function *function, const Arguments *arguments, const Evaluation *evaluation,
                              GError **error);

/* For handlers. */
const char *argument_text(const Arguments *arguments, guint i);
gint64 argument_integer(const Arguments *arguments, guint i);
/* A text, an integer or a boolean as concat() and format() write it: "True". */
void append_scalar(GString *text, const json_t *value);
/* Frees text. */
json_t *text_result(GString *text);
