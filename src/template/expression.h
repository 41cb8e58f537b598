/* template/expression.h: the text of an expression, "[concat('a', variables('b').c[0])]", to a tree. Internal to the room.
 * Functions are looked up and their arguments counted here, so that a branch that is never taken is checked too; those that the
 * template declares when the tree is looked through. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct Function Function;

typedef struct Expression {
    json_t *literal;          /* a text or an integer; NULL: a call */
    const Function *function; /* of a call of one that there is */
    char *own;                /* of a call of one that the template declares: "contoso.name" */
    GPtrArray *arguments;     /* of Expression */
    GPtrArray *members;       /* of Expression: each a member or an index of what the one before gave */
} Expression;

/* Begins with '[' and not with '[[', and ends with ']'. */
gboolean expression_is(const char *text);
/* A text that is no expression, as it is meant: "[[x]" is "[x]". Borrowed. */
const char *expression_unescape(const char *text);

/* text: one that is an expression. target: its place, for the error. */
Expression *expression_parse(const char *text, const char *target, GError **error);
void expression_free(Expression *expression);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Expression, expression_free)
