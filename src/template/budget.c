#include "template/evaluation.h"

#include <string.h>

#define NODE_SIZE 32 /* what a value counts besides its text */

typedef enum { FITS, TOO_LARGE, TOO_DEEP } Fit;

/* Takes the value's size out of *left. A walk ends where the budget does, so it costs no more than that. */
static Fit
measure(const json_t *value, guint levels, gsize *left)
{
    const gsize size = NODE_SIZE + json_string_length(value);
    const char *name;
    json_t *member;
    size_t i;
    Fit fit = FITS;
    if (size > *left)
        return TOO_LARGE;
    *left -= size;
    if (json_is_array(value) || json_is_object(value)) {
        if (levels == 0)
            return TOO_DEEP;
    }
    json_array_foreach(value, i, member)
    {
        if ((fit = measure(member, levels - 1, left)) != FITS)
            return fit;
    }
    json_object_foreach((json_t *)value, name, member)
    {
        const gsize length = strlen(name);
        if (length > *left)
            return TOO_LARGE;
        *left -= length;
        if ((fit = measure(member, levels - 1, left)) != FITS)
            return fit;
    }
    return FITS;
}

static gboolean
fail_too_large(const Evaluation *evaluation, GError **error)
{
    return evaluation_fail(
        evaluation, error,
        "The template's expressions and copies make more than %u bytes of values together (each value counts as %d more "
        "than its text), which is as much as one template may.",
        TEMPLATE_BUDGET, NODE_SIZE);
}

gboolean
evaluation_charge(Evaluation *evaluation, const json_t *value, GError **error)
{
    switch (measure(value, TEMPLATE_VALUE_DEPTH_MAX, &evaluation->budget)) {
    case TOO_LARGE:
        return fail_too_large(evaluation, error);
    case TOO_DEEP:
        return evaluation_fail(evaluation, error, "The expression makes a value that is nested deeper than %d levels.",
                               TEMPLATE_VALUE_DEPTH_MAX);
    default:
        return TRUE;
    }
}

gboolean
evaluation_charge_round(Evaluation *evaluation, const json_t *text, GError **error)
{
    return measure(text, G_MAXUINT, &evaluation->budget) == FITS || fail_too_large(evaluation, error);
}

gboolean
evaluation_fits(const Evaluation *evaluation, gsize bytes, gsize values, GError **error)
{
    gsize size;
    if (!__builtin_mul_overflow(values, NODE_SIZE, &size) && !__builtin_add_overflow(size, bytes, &size) &&
        size <= evaluation->budget)
        return TRUE;
    return fail_too_large(evaluation, error);
}

gboolean
evaluation_depth_fits(const json_t *value, guint most)
{
    gsize all = G_MAXSIZE;
    return measure(value, most, &all) == FITS;
}
