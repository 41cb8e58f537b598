/* template/evaluation.h: one evaluation of a template: where it is, what it may still make, which parameters and variables are
 * known by now. Internal to the room. */
#pragma once

#include "template/expression.h"
#include "template/template.h"

/* What a function reads that is not there everywhere. */
typedef enum {
    USE_NOTHING,
    USE_PARAMETER,
    USE_VARIABLE,
    USE_REFERENCE,
    USE_COPY, /* the loops that are gone round */
    USE_NEW,  /* what is another one each time */
} TemplateUse;

typedef enum {
    PLACE_FUNCTIONS,  /* what functions of the template's own give */
    PLACE_PARAMETERS, /* default values */
    PLACE_VARIABLES,
    PLACE_RESOURCES,
    PLACE_OUTPUTS,
} TemplatePlace;

typedef struct Evaluation {
    const json_t *text;
    const TemplateScope *scope;
    TemplatePlace place;
    GString *path;                      /* JSON path of what is evaluated */
    gsize budget;                       /* what is left of it */
    guint depth;                        /* levels that are in hand */
    guint n_guids;                      /* that newGuid() made */
    gboolean look_only;                 /* expressions are parsed and looked through, not evaluated */
    GHashTable *parameters, *variables; /* folded name to Formula */
    GHashTable *own_functions;          /* folded name to OwnFunction; own_functions.h */
    const struct Frame *frame;          /* the call of such a one that is in hand, or NULL */
    struct Formula *formula;            /* in hand, or NULL */
    const char *secret;                 /* the secure parameter that was used last, or NULL */
    const char *output;                 /* the output that is in hand, or NULL */
    const struct Loop *loop;            /* the innermost that is gone round, or NULL; copy.h */
    struct Resources *resources;        /* resources.h; NULL: not declared yet */
    TemplateReference lookup;
    void *lookup_data;
} Evaluation;

Evaluation *evaluation_new(const json_t *text, const TemplateScope *scope);
void evaluation_free(Evaluation *evaluation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Evaluation, evaluation_free)

/* Any JSON of the template with its expressions evaluated. New reference. */
json_t *evaluation_value(Evaluation *evaluation, const json_t *value, GError **error);
/* It is read, and not evaluated. FALSE sets *error: what is wrong with it whatever would come of it. */
gboolean evaluation_look_through(Evaluation *evaluation, const json_t *value, GError **error);
/* The same of what has to be a text. NULL sets *error, which says what `what` ("a name") has to be. */
char *evaluation_text(Evaluation *evaluation, const json_t *value, const char *what, GError **error);
gboolean evaluation_boolean(Evaluation *evaluation, const json_t *value, gboolean *ret_value, GError **error);
/* Also of a text that is one, "3", as Azure's loops take it. */
gboolean evaluation_integer(Evaluation *evaluation, const json_t *value, gint64 *ret_value, GError **error);
/* The value of a tree. New reference. */
json_t *evaluation_of(Evaluation *evaluation, const Expression *expression, GError **error);

/* Takes a value's deep size out of the budget. */
gboolean evaluation_charge(Evaluation *evaluation, const json_t *value, GError **error);
/* The same of what is read each time that a loop goes round, however deep it is: else little text would make much, or take
 * long.
 */
gboolean evaluation_charge_round(Evaluation *evaluation, const json_t *text, GError **error);
/* Is there room for `bytes` and `values`? For what would be large while it is made. */
gboolean evaluation_fits(const Evaluation *evaluation, gsize bytes, gsize values, GError **error);
/* Levels of a value, at most `most`? */
gboolean evaluation_depth_fits(const json_t *value, guint most);

/* ARM_INVALID_TEMPLATE at the present path. Always FALSE. */
gboolean evaluation_fail(const Evaluation *evaluation, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Goes to a member or an element; the mark that is given back leads out again. */
gsize evaluation_enter(Evaluation *evaluation, const char *member);
gsize evaluation_enter_index(Evaluation *evaluation, size_t index);
void evaluation_leave(Evaluation *evaluation, gsize mark);
