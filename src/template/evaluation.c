#include "template/evaluation.h"

#include "base/error.h"
#include "template/copy.h"
#include "template/formulas.h"
#include "template/functions.h"
#include "template/own_functions.h"
#include "template/resources.h"

#include <string.h>

#define DEPTH_MAX 256 /* of expressions, members and formulas in each other: what the stack has to hold */
#define PATH_PART 128 /* bytes of a member's name in a path */

Evaluation *
evaluation_new(const json_t *text, const TemplateScope *scope)
{
    Evaluation *evaluation = g_new0(Evaluation, 1);
    evaluation->text = text;
    evaluation->scope = scope;
    evaluation->budget = TEMPLATE_BUDGET;
    evaluation->path = g_string_new("template");
    evaluation->parameters = formulas_new();
    evaluation->variables = formulas_new();
    evaluation->own_functions = own_functions_new();
    return evaluation;
}

void
evaluation_free(Evaluation *evaluation)
{
    if (!evaluation)
        return;
    g_string_free(evaluation->path, TRUE);
    g_hash_table_unref(evaluation->parameters);
    g_hash_table_unref(evaluation->variables);
    g_hash_table_unref(evaluation->own_functions);
    resources_free(evaluation->resources);
    g_free(evaluation);
}

gboolean
evaluation_fail(const Evaluation *evaluation, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *where = copy_where(evaluation);
    return arm_fail(error, ARM_INVALID_TEMPLATE, evaluation->path->str, "%s%s", message, where);
}

/* ---- where ---- */

gsize
evaluation_enter(Evaluation *evaluation, const char *member)
{
    const gsize mark = evaluation->path->len;
    gsize length = strlen(member);
    if (length > PATH_PART)
        length = (gsize)(g_utf8_find_prev_char(member, member + PATH_PART) - member);
    if (mark > 0)
        g_string_append_c(evaluation->path, '.');
    g_string_append_len(evaluation->path, member, (gssize)length);
    return mark;
}

gsize
evaluation_enter_index(Evaluation *evaluation, size_t index)
{
    const gsize mark = evaluation->path->len;
    g_string_append_printf(evaluation->path, "[%zu]", index);
    return mark;
}

void
evaluation_leave(Evaluation *evaluation, gsize mark)
{
    g_string_truncate(evaluation->path, mark);
}

/* ---- calls and their members ---- */

static json_t *
no_member(const Evaluation *evaluation, const json_t *object, const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    const char *key;
    json_t *member;
    guint n = 0;
    json_object_foreach((json_t *)object, key, member)
    {
        if (n++ == 10)
            break;
        g_string_append_printf(known, "%s'%.40s'", known->len > 0 ? ", " : "", key);
    }
    evaluation_fail(evaluation, error, "The expression asks for the member '%.80s' of an object that has %s%s.", name,
                    n == 0 ? "none" : known->str, n > 10 ? ", …" : "");
    return NULL;
}

/* Borrowed. */
static json_t *
member_of(const Evaluation *evaluation, const json_t *value, const json_t *index, GError **error)
{
    if (json_is_object(value) && json_is_string(index)) {
        json_t *member = json_member(value, json_string_value(index));
        return member ? member : no_member(evaluation, value, json_string_value(index), error);
    }
    if (json_is_array(value) && json_is_integer(index)) {
        const json_int_t i = json_integer_value(index);
        if (i >= 0 && (size_t)i < json_array_size(value))
            return json_array_get(value, (size_t)i);
        evaluation_fail(evaluation, error, "The expression asks for element %" JSON_INTEGER_FORMAT " of an array of %zu.", i,
                        json_array_size(value));
        return NULL;
    }
    g_autofree char *got = kinds_text(kind_of(value)), *by = kinds_text(kind_of(index));
    evaluation_fail(evaluation, error,
                    "The expression takes %s by %s; accepted: a member of an object by its name, an element of an array by an "
                    "integer.",
                    got, by);
    return NULL;
}

static json_t *
follow(Evaluation *evaluation, json_t *value, const GPtrArray *members, GError **error)
{
    g_autoptr(json_t) at = value;
    for (guint i = 0; at && i < members->len; i++) {
        g_autoptr(json_t) index = evaluation_of(evaluation, g_ptr_array_index(members, i), error);
        json_t *member = index ? json_incref(member_of(evaluation, at, index, error)) : NULL;
        json_decref(at);
        at = member;
    }
    return g_steal_pointer(&at);
}

static void
decref_element(void *value)
{
    json_decref(value);
}

static json_t *
call(Evaluation *evaluation, const Expression *expression, GError **error)
{
    const Function *function = expression->function;
    if (function && function->lazy)
        return function->lazy(evaluation, expression->arguments, error);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(decref_element);
    for (guint i = 0; i < expression->arguments->len; i++) {
        json_t *value = evaluation_of(evaluation, g_ptr_array_index(expression->arguments, i), error);
        if (!value)
            return NULL;
        g_ptr_array_add(values, value);
    }
    const Arguments arguments = { (json_t **)values->pdata, values->len };
    if (function && !function_takes_kinds(function, &arguments, evaluation, error))
        return NULL;
    g_autoptr(json_t) result =
        function ? function->call(evaluation, &arguments, error) : own_function_call(evaluation, expression, &arguments, error);
    if (!result || !evaluation_charge(evaluation, result, error))
        return NULL;
    return g_steal_pointer(&result);
}

static gboolean
go_deeper(Evaluation *evaluation, GError **error)
{
    if (evaluation->depth == DEPTH_MAX)
        return evaluation_fail(evaluation, error, "Values and expressions are nested deeper than %d levels.", DEPTH_MAX);
    evaluation->depth++;
    return TRUE;
}

json_t *
evaluation_of(Evaluation *evaluation, const Expression *expression, GError **error)
{
    if (expression->literal)
        return json_incref(expression->literal);
    if (!go_deeper(evaluation, error))
        return NULL;
    json_t *value = call(evaluation, expression, error);
    if (value)
        value = follow(evaluation, value, expression->members, error);
    evaluation->depth--;
    return value;
}

/* ---- what may be asked for where ---- */

static gboolean
may_use(Evaluation *evaluation, TemplateUse use, GError **error)
{
    if (use == USE_REFERENCE && evaluation->place != PLACE_OUTPUTS)
        return evaluation_fail(evaluation, error,
                               "reference() is taken in outputs only: all resources of a template are made at once, and none "
                               "can be read while another is made.");
    if (use == USE_NEW && evaluation->place != PLACE_PARAMETERS)
        return evaluation_fail(evaluation, error,
                               "newGuid() and utcNow() are taken in default values of parameters only: elsewhere the same "
                               "parameters would not give the same again.");
    if (use == USE_VARIABLE && evaluation->place == PLACE_FUNCTIONS)
        return evaluation_fail(
            evaluation, error,
            "variables() is not taken in a function that the template declares: it has its own parameters alone.");
    if (use == USE_VARIABLE && evaluation->place == PLACE_PARAMETERS)
        return evaluation_fail(
            evaluation, error,
            "variables() is not taken in the default value of a parameter: variables are made of parameters.");
    return TRUE;
}

static gboolean
may_call(Evaluation *evaluation, const Expression *call, GError **error)
{
    const TemplateUse use = call->function->use;
    const Expression *first = call->arguments->len > 0 ? g_ptr_array_index(call->arguments, 0) : NULL;
    return may_use(evaluation, use, error) && (use != USE_COPY || copy_index_is_good(evaluation, call, error)) &&
           (!first || !json_is_string(first->literal) ||
            formula_may_be_used(evaluation, use, json_string_value(first->literal), error));
}

/* Also of branches that are not taken. */
static gboolean
look_through(Evaluation *evaluation, const Expression *expression, GError **error)
{
    if (expression->literal)
        return TRUE;
    if (!(expression->own ? own_function_may_be_called(evaluation, expression, error)
                          : may_call(evaluation, expression, error)))
        return FALSE;
    for (guint i = 0; i < expression->arguments->len; i++) {
        if (!look_through(evaluation, g_ptr_array_index(expression->arguments, i), error))
            return FALSE;
    }
    for (guint i = 0; i < expression->members->len; i++) {
        if (!look_through(evaluation, g_ptr_array_index(expression->members, i), error))
            return FALSE;
    }
    return TRUE;
}

/* ---- values of the template ---- */

static json_t *
string_value(Evaluation *evaluation, const char *text, GError **error)
{
    if (!expression_is(text))
        return json_string(expression_unescape(text));
    g_autoptr(Expression) expression = expression_parse(text, evaluation->path->str, error);
    if (!expression || !look_through(evaluation, expression, error))
        return NULL;
    return evaluation->look_only ? json_null() : evaluation_of(evaluation, expression, error);
}

static json_t *
array_value(Evaluation *evaluation, const json_t *array, GError **error)
{
    g_autoptr(json_t) made = json_array();
    const json_t *element;
    size_t i;
    json_array_foreach(array, i, element)
    {
        const gsize mark = evaluation_enter_index(evaluation, i);
        json_t *value = evaluation_value(evaluation, element, error);
        evaluation_leave(evaluation, mark);
        if (!value)
            return NULL;
        json_array_append_new(made, value);
    }
    return g_steal_pointer(&made);
}

static char *
member_name(Evaluation *evaluation, const char *name, GError **error)
{
    g_autoptr(json_t) value = string_value(evaluation, name, error);
    if (!value)
        return NULL;
    if (evaluation->look_only)
        return g_strdup(name);
    if (json_string_length(value) > 0)
        return g_strdup(json_string_value(value));
    evaluation_fail(evaluation, error, "The name of the member is an expression that gives no text.");
    return NULL;
}

static gboolean
fail_twin(const Evaluation *evaluation, const char *name, GError **error)
{
    return evaluation_fail(evaluation, error, "The object has the member '%.80s' twice.", name);
}

static gboolean
add_member(Evaluation *evaluation, json_t *object, const char *key, const json_t *value, GError **error)
{
    g_autofree char *name = member_name(evaluation, key, error);
    if (!name)
        return FALSE;
    if (json_object_get(object, name))
        return fail_twin(evaluation, name, error);
    json_t *made = evaluation_value(evaluation, value, error);
    return made && json_object_set_new(object, name, made) == 0;
}

/* ---- copies in an object ---- */

/* Of the data that the rest is there would be none. */
static gboolean
is_copies(const Evaluation *evaluation, const char *key, const json_t *value)
{
    return json_is_array(value) && (evaluation->place == PLACE_VARIABLES || evaluation->place == PLACE_RESOURCES) &&
           g_ascii_strcasecmp(key, "copy") == 0;
}

static gboolean
add_copy(Evaluation *evaluation, json_t *object, const json_t *copy, GError **error)
{
    if (!copy_check(evaluation, copy, error))
        return FALSE;
    if (json_object_get(object, copy_name(copy)))
        return fail_twin(evaluation, copy_name(copy), error);
    json_t *made = !evaluation->look_only                       ? copy_array(evaluation, copy, error)
                   : copy_look_through(evaluation, copy, error) ? json_null()
                                                                : NULL;
    return made && json_object_set_new(object, copy_name(copy), made) == 0;
}

static gboolean
add_copies(Evaluation *evaluation, json_t *object, const json_t *copies, GError **error)
{
    const json_t *copy;
    size_t i;
    json_array_foreach(copies, i, copy)
    {
        const gsize mark = evaluation_enter_index(evaluation, i);
        const gboolean added = add_copy(evaluation, object, copy, error);
        evaluation_leave(evaluation, mark);
        if (!added)
            return FALSE;
    }
    return TRUE;
}

static json_t *
object_value(Evaluation *evaluation, const json_t *object, GError **error)
{
    g_autoptr(json_t) made = json_object();
    gboolean named = FALSE;
    const char *key, *twin;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        const gsize mark = evaluation_enter(evaluation, key);
        const gboolean copies = is_copies(evaluation, key, value);
        const gboolean added =
            copies ? add_copies(evaluation, made, value, error) : add_member(evaluation, made, key, value, error);
        evaluation_leave(evaluation, mark);
        if (!added)
            return NULL;
        named = named || copies || key[0] == '[';
    }
    if (named && (twin = json_twin(made))) {
        fail_twin(evaluation, twin, error);
        return NULL;
    }
    return g_steal_pointer(&made);
}

json_t *
evaluation_value(Evaluation *evaluation, const json_t *value, GError **error)
{
    if (!go_deeper(evaluation, error))
        return NULL;
    json_t *made = json_is_string(value)   ? string_value(evaluation, json_string_value(value), error)
                   : json_is_array(value)  ? array_value(evaluation, value, error)
                   : json_is_object(value) ? object_value(evaluation, value, error)
                                           : json_incref((json_t *)value);
    evaluation->depth--;
    return made;
}

gboolean
evaluation_look_through(Evaluation *evaluation, const json_t *value, GError **error)
{
    const gboolean before = evaluation->look_only;
    evaluation->look_only = TRUE;
    g_autoptr(json_t) ignored = evaluation_value(evaluation, value, error);
    evaluation->look_only = before;
    return ignored != NULL;
}

char *
evaluation_text(Evaluation *evaluation, const json_t *value, const char *what, GError **error)
{
    g_autoptr(json_t) made = evaluation_value(evaluation, value, error);
    if (!made)
        return NULL;
    if (json_string_length(made) > 0)
        return g_strdup(json_string_value(made));
    g_autofree char *got = json_is_string(made) ? g_strdup("empty") : kinds_text(kind_of(made));
    evaluation_fail(evaluation, error, "'%s' has to be %s, a text, and is %s.", evaluation->path->str, what, got);
    return NULL;
}

gboolean
evaluation_boolean(Evaluation *evaluation, const json_t *value, gboolean *ret_value, GError **error)
{
    g_autoptr(json_t) made = evaluation_value(evaluation, value, error);
    if (!made)
        return FALSE;
    if (!json_is_boolean(made)) {
        g_autofree char *got = kinds_text(kind_of(made));
        return evaluation_fail(evaluation, error, "'%s' has to be a boolean, and is %s.", evaluation->path->str, got);
    }
    *ret_value = json_is_true(made);
    return TRUE;
}

gboolean
evaluation_integer(Evaluation *evaluation, const json_t *value, gint64 *ret_value, GError **error)
{
    g_autoptr(json_t) made = evaluation_value(evaluation, value, error);
    if (!made)
        return FALSE;
    *ret_value = json_integer_value(made);
    if (json_is_integer(made) || (json_is_string(made) && g_ascii_string_to_signed(json_string_value(made), 10, G_MININT64,
                                                                                   G_MAXINT64, ret_value, NULL)))
        return TRUE;
    g_autofree char *got = json_is_string(made) ? g_strdup("another text") : kinds_text(kind_of(made));
    return evaluation_fail(evaluation, error, "'%s' has to be an integer, and is %s.", evaluation->path->str, got);
}
