/* template/formulas.h: parameters and variables: values that are made when they are first asked for, once. Internal to the
 * room. */
#pragma once

#include "template/evaluation.h"

typedef enum { FORMULA_UNSEEN, FORMULA_IN_HAND, FORMULA_KNOWN } FormulaState;

typedef struct Formula {
    char *name;      /* as it is declared */
    TemplateUse use; /* USE_PARAMETER, USE_VARIABLE */
    FormulaState state;
    json_t *value;      /* known: NULL only for a secure parameter that is not kept */
    const char *secret; /* the secure parameter that its value was made with, or NULL; borrowed */
    const json_t *text; /* of a variable: what it is made of; of a parameter: its declaration. Borrowed */
    const json_t *sent; /* of a parameter: the value that came; NULL: none. Borrowed */
    gboolean secure;    /* of a parameter */
    gboolean copied;    /* of a variable: its text is a copy, this one of the list */
    size_t place;
    struct Formula *outer; /* in hand: the one that asks for it, or NULL */
} Formula;

/* Folded name to Formula. */
GHashTable *formulas_new(void);
Formula *formula_add(GHashTable *formulas, TemplateUse use, const char *name, const json_t *text);
Formula *formula_find(const Evaluation *evaluation, TemplateUse use, const char *name);

/* Its value, borrowed; made now where it was not. */
json_t *formula_value(Evaluation *evaluation, Formula *formula, GError **error);
/* The same of the parameter or variable with this name; one that is not declared is an error that lists those that are. */
json_t *formula_value_by_name(Evaluation *evaluation, TemplateUse use, const char *name, GError **error);

/* Before anything is evaluated: is it declared, and no secret of an output? TRUE for other uses. */
gboolean formula_may_be_used(const Evaluation *evaluation, TemplateUse use, const char *name, GError **error);

/* Reads the template's variables; they are evaluated as they are asked for, or all at once. */
gboolean variables_read(Evaluation *evaluation, GError **error);
gboolean variables_evaluate(Evaluation *evaluation, GError **error);
