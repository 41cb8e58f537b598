#include "template/expression.h"

#include "base/error.h"
#include "template/functions.h"
#include "template/template.h"

#include <string.h>

/* What is being read: between the outer brackets. */
typedef struct {
    const char *begin, *at, *end;
    const char *target;
    guint depth;
} Reader;

gboolean
expression_is(const char *text)
{
    const gsize length = strlen(text);
    return length >= 2 && text[0] == '[' && text[1] != '[' && text[length - 1] == ']';
}

const char *
expression_unescape(const char *text)
{
    return g_str_has_prefix(text, "[[") && g_str_has_suffix(text, "]") ? text + 1 : text;
}

void
expression_free(Expression *expression)
{
    if (!expression)
        return;
    json_decref(expression->literal);
    g_free(expression->own);
    g_clear_pointer(&expression->arguments, g_ptr_array_unref);
    g_clear_pointer(&expression->members, g_ptr_array_unref);
    g_free(expression);
}

static void
free_element(void *expression)
{
    expression_free(expression);
}

static Expression *
literal(json_t *value)
{
    Expression *expression = g_new0(Expression, 1);
    expression->literal = value;
    return expression;
}

/* ---- the characters ---- */

static char
peek(const Reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static void
skip_space(Reader *reader)
{
    while (reader->at < reader->end && g_ascii_isspace(*reader->at))
        reader->at++;
}

/* Positions are counted from the opening bracket, which is 1. */
static void *
unexpected(const Reader *reader, const char *wanted, GError **error)
{
    const long position = (long)(reader->at - reader->begin) + 2;
    if (reader->at < reader->end) {
        const char *next = g_utf8_find_next_char(reader->at, reader->end);
        const int length = (int)((next ? next : reader->end) - reader->at);
        arm_fail(error, ARM_INVALID_TEMPLATE, reader->target, "The expression has '%.*s' at byte %ld, where %s is expected.",
                 length, reader->at, position, wanted);
    } else {
        arm_fail(error, ARM_INVALID_TEMPLATE, reader->target, "The expression ends at byte %ld, where %s is expected.",
                 position, wanted);
    }
    return NULL;
}

static gboolean
is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '$';
}

static char *
read_word(Reader *reader)
{
    const char *begin = reader->at;
    while (reader->at < reader->end && is_word(*reader->at))
        reader->at++;
    return g_strndup(begin, (gsize)(reader->at - begin));
}

/* 'it''s': at the opening quote. */
static Expression *
read_text(Reader *reader, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (reader->at++; reader->at < reader->end; reader->at++) {
        if (*reader->at == '\'') {
            reader->at++;
            if (peek(reader) != '\'')
                return literal(json_stringn(text->str, text->len));
        }
        g_string_append_c(text, *reader->at);
    }
    return unexpected(reader, "a closing quote (')", error);
}

static Expression *
read_integer(Reader *reader, GError **error)
{
    const gboolean negative = peek(reader) == '-';
    gint64 value = 0;
    if (negative)
        reader->at++;
    if (!g_ascii_isdigit(peek(reader)))
        return unexpected(reader, "a digit", error);
    for (; g_ascii_isdigit(peek(reader)); reader->at++) {
        const gint64 digit = negative ? '0' - *reader->at : *reader->at - '0';
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
            arm_fail(error, ARM_INVALID_TEMPLATE, reader->target,
                     "The expression has an integer that is too large; accepted: %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ".",
                     G_MININT64, G_MAXINT64);
            return NULL;
        }
    }
    if (peek(reader) == '.' || is_word(peek(reader)))
        return unexpected(reader, "the end of an integer (numbers with a fraction are not taken)", error);
    return literal(json_integer(value));
}

/* ---- calls ---- */

static Expression *read_expression(Reader *reader, GError **error);

/* From behind '(' to behind ')'. */
static gboolean
read_arguments(Reader *reader, GPtrArray *arguments, GError **error)
{
    skip_space(reader);
    if (peek(reader) == ')') {
        reader->at++;
        return TRUE;
    }
    for (;;) {
        Expression *argument = read_expression(reader, error);
        if (!argument)
            return FALSE;
        g_ptr_array_add(arguments, argument);
        const char mark = peek(reader);
        if (mark != ',' && mark != ')')
            return unexpected(reader, "',' or ')'", error) != NULL;
        reader->at++;
        if (mark == ')')
            return TRUE;
    }
}

static Expression *
read_index(Reader *reader, GError **error)
{
    reader->at++;
    g_autoptr(Expression) index = read_expression(reader, error);
    if (!index)
        return NULL;
    if (peek(reader) != ']')
        return unexpected(reader, "']'", error);
    reader->at++;
    return g_steal_pointer(&index);
}

static Expression *
read_member(Reader *reader, GError **error)
{
    reader->at++;
    if (!is_word(peek(reader)))
        return unexpected(reader, "the name of a member", error);
    g_autofree char *name = read_word(reader);
    return literal(json_string(name));
}

static gboolean
read_members(Reader *reader, GPtrArray *members, GError **error)
{
    for (skip_space(reader); peek(reader) == '.' || peek(reader) == '['; skip_space(reader)) {
        Expression *member = peek(reader) == '.' ? read_member(reader, error) : read_index(reader, error);
        if (!member)
            return FALSE;
        g_ptr_array_add(members, member);
        if (members->len > TEMPLATE_NESTING_MAX)
            return arm_fail(error, ARM_INVALID_TEMPLATE, reader->target,
                            "The expression asks for more than %d members in a row.", TEMPLATE_NESTING_MAX);
    }
    return TRUE;
}

/* "concat", or "contoso.name". */
static char *
read_name(Reader *reader)
{
    char *name = read_word(reader);
    if (peek(reader) != '.' || reader->at + 1 == reader->end || !is_word(reader->at[1]))
        return name;
    reader->at++;
    g_autofree char *namespace_ = name, *of_it = read_word(reader);
    return g_strconcat(namespace_, ".", of_it, NULL);
}

static Expression *
read_call(Reader *reader, GError **error)
{
    g_autofree char *name = read_name(reader);
    skip_space(reader);
    if (peek(reader) != '(')
        return unexpected(reader, "'(' behind the name of a function", error);
    reader->at++;
    g_autoptr(Expression) call = g_new0(Expression, 1);
    if (strchr(name, '.'))
        call->own = g_steal_pointer(&name);
    else
        call->function = function_find(name);
    if (!call->own && !call->function) {
        g_auto(GStrv) known = template_functions();
        g_autofree char *list = g_strjoinv(", ", known);
        arm_fail(error, ARM_INVALID_TEMPLATE, reader->target, "There is no function '%.60s'; those that are known: %s.", name,
                 list);
        return NULL;
    }
    call->arguments = g_ptr_array_new_with_free_func(free_element);
    call->members = g_ptr_array_new_with_free_func(free_element);
    if (!read_arguments(reader, call->arguments, error) ||
        (call->function && !function_takes_count(call->function, call->arguments->len, reader->target, error)) ||
        !read_members(reader, call->members, error))
        return NULL;
    return g_steal_pointer(&call);
}

static Expression *
read_one(Reader *reader, GError **error)
{
    if (peek(reader) == '\'')
        return read_text(reader, error);
    if (peek(reader) == '-' || g_ascii_isdigit(peek(reader)))
        return read_integer(reader, error);
    if (is_word(peek(reader)))
        return read_call(reader, error);
    return unexpected(reader, "a function, a text in single quotes or an integer", error);
}

/* With the space on both its sides. */
static Expression *
read_expression(Reader *reader, GError **error)
{
    if (++reader->depth > TEMPLATE_NESTING_MAX) {
        arm_fail(error, ARM_INVALID_TEMPLATE, reader->target, "The expression is nested deeper than %d levels.",
                 TEMPLATE_NESTING_MAX);
        return NULL;
    }
    skip_space(reader);
    Expression *expression = read_one(reader, error);
    skip_space(reader);
    reader->depth--;
    return expression;
}

Expression *
expression_parse(const char *text, const char *target, GError **error)
{
    const gsize length = strlen(text);
    if (length > TEMPLATE_EXPRESSION_MAX) {
        arm_fail(error, ARM_INVALID_TEMPLATE, target, "The expression has %zu characters; accepted: at most %d.", length,
                 TEMPLATE_EXPRESSION_MAX);
        return NULL;
    }
    Reader reader = { text + 1, text + 1, text + length - 1, target, 0 };
    g_autoptr(Expression) expression = read_expression(&reader, error);
    if (!expression)
        return NULL;
    if (reader.at < reader.end)
        return unexpected(&reader, "the end of the expression", error);
    return g_steal_pointer(&expression);
}
