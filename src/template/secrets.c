/* What of a template is secret, and is neither kept nor told. */
#include "template/expression.h"
#include "template/template.h"
#include "template/value_type.h"

#include <string.h>

#define HIDDEN "***"
/* A shorter one is none to guess, and what is hidden of a sentence would tell its letters. */
#define SECRET_MIN 4u
/* Messages quote a value's beginning: so much of it is taken for the whole. */
#define BEGINNING 8u

/* What is not known to be no secret is one. */
static gboolean
is_secret(const json_t *declaration)
{
    ValueType type;
    const char *text = json_member_text(declaration, "type");
    return !text || !value_type_from_text(text, &type) || value_type_is_secure(type);
}

static void
remove_member(json_t *object, const char *member)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, name, value)
    {
        if (g_ascii_strcasecmp(name, member) == 0)
            json_object_del(object, name);
    }
}

json_t *
template_parameters_without_secrets(const Template *made)
{
    json_t *kept = json_object();
    const char *name;
    json_t *shown;
    json_object_foreach(made->parameters, name, shown)
    {
        json_t *value = json_object_get(shown, "value");
        if (value)
            json_object_set_new(kept, name, json_pack("{s:o}", "value", json_deep_copy(value)));
    }
    return kept;
}

json_t *
template_without_secrets(const json_t *text)
{
    json_t *copy = json_deep_copy(text), *declared = json_member(copy, "parameters"), *declaration;
    const char *name;
    json_object_foreach(declared, name, declaration)
    {
        if (is_secret(declaration))
            remove_member(declaration, "defaultValue");
    }
    return copy;
}

static gboolean
is_named(const char *name, const char *const *names)
{
    while (*names && g_ascii_strcasecmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static gboolean
is_literal(const json_t *value)
{
    return !json_is_array(value) && !json_is_object(value) &&
           !(json_is_string(value) && expression_is(json_string_value(value)));
}

/* within: of one that is named. */
static void
literals_remove(json_t *value, const char *const *names, gboolean within)
{
    const char *name;
    json_t *member;
    void *next;
    for (size_t i = json_array_size(value); i > 0; i--) {
        if (within && is_literal(json_array_get(value, i - 1)))
            json_array_remove(value, i - 1);
        else
            literals_remove(json_array_get(value, i - 1), names, within);
    }
    json_object_foreach_safe(value, next, name, member)
    {
        const gboolean named = within || is_named(name, names);
        if (named && is_literal(member))
            json_object_del(value, name);
        else
            literals_remove(member, names, named);
    }
}

void
template_remove_literals(json_t *text, const char *const *names)
{
    literals_remove(json_member(text, "resources"), names, /* within= */ FALSE);
}

/* ---- what is told ---- */

static void
texts_collect(GPtrArray *texts, const json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;
    if (json_string_length(value) >= SECRET_MIN)
        g_ptr_array_add(texts, (gpointer)json_string_value(value));
    json_array_foreach(value, i, member) texts_collect(texts, member);
    json_object_foreach((json_t *)value, name, member) texts_collect(texts, member);
}

/* Texts of all that is secret, borrowed. */
static GPtrArray *
secrets_of(const json_t *text, const json_t *parameters)
{
    const json_t *declared = json_member(text, "parameters");
    GPtrArray *secrets = g_ptr_array_new();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)parameters, name, value)
    {
        const json_t *declaration = json_member(declared, name);
        if (declaration && is_secret(declaration))
            texts_collect(secrets, value);
    }
    json_object_foreach((json_t *)declared, name, value)
    {
        if (is_secret(value))
            texts_collect(secrets, json_member(value, "defaultValue"));
    }
    return secrets;
}

/* How much of a secret begins here, in whole characters; 0: too little of it. */
static gsize
begins_with(const char *at, const char *secret)
{
    gsize n = 0;
    while (secret[n] && at[n] == secret[n])
        n++;
    if (secret[n] && n < BEGINNING)
        return 0;
    while (((guchar)at[n] & 0xc0) == 0x80)
        n--;
    return n;
}

char *
template_message_without_secrets(const json_t *text, const json_t *parameters, const char *message)
{
    g_autoptr(GPtrArray) secrets = secrets_of(text, parameters);
    GString *told = g_string_new(NULL);
    while (*message) {
        gsize most = 0;
        for (guint i = 0; i < secrets->len; i++)
            most = MAX(most, begins_with(message, g_ptr_array_index(secrets, i)));
        if (most > 0)
            g_string_append(told, HIDDEN);
        else
            g_string_append_c(told, *message);
        message += MAX(most, 1);
    }
    return g_string_free(told, FALSE);
}
