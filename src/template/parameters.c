#include "template/parameters.h"

#include "base/error.h"
#include "template/members.h"
#include "template/value_type.h"

#include <string.h>

/* clang-format off */
static const MemberTable declaration_members = { "The declaration of a parameter", FALSE, {
    { "type", KIND_TEXT, NULL },
    { "defaultValue", KIND_ANY, NULL },
    { "allowedValues", KIND_ARRAY, NULL },
    { "minValue", KIND_INTEGER, NULL },
    { "maxValue", KIND_INTEGER, NULL },
    { "minLength", KIND_INTEGER, NULL },
    { "maxLength", KIND_INTEGER, NULL },
    { "metadata", KIND_OBJECT, NULL },
} };
static const MemberTable sent_members = { "The value of a parameter", FALSE, {
    { "value", KIND_ANY, NULL },
    { "reference", KIND_OBJECT, "there is no key vault; send 'value'" },
} };
/* clang-format on */

/* ---- declarations ---- */

static gboolean
type_read(Evaluation *evaluation, const json_t *declaration, ValueType *ret_type, GError **error)
{
    g_autofree char *types = value_types_text(/* with_secure= */ TRUE);
    const char *text = json_member_text(declaration, "type");
    if (!text)
        return evaluation_fail(evaluation, error, "'type' of a parameter is required: %s.", types);
    return value_type_from_text(text, ret_type) ||
           evaluation_fail(evaluation, error, "'type' of a parameter is '%.40s'; accepted: %s.", text, types);
}

/* A limit that its type does not have would be passed over. */
static gboolean
limits_check(Evaluation *evaluation, const json_t *declaration, ValueType type, GError **error)
{
    static const struct {
        const char *min, *max;
        Kinds kinds;
        const char *of;
    } limits[] = { { "minValue", "maxValue", KIND_INTEGER, "Int" },
                   { "minLength", "maxLength", KIND_TEXT | KIND_ARRAY, "String, SecureString and Array" } };
    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        const json_t *min = member_sent(declaration, limits[i].min), *max = member_sent(declaration, limits[i].max);
        if ((min || max) && !(value_type_kinds(type) & limits[i].kinds))
            return evaluation_fail(evaluation, error, "'%s' is for parameters of the types %s; this one is of type %s.",
                                   min ? limits[i].min : limits[i].max, limits[i].of, value_type_text(type));
        if (min && max && json_integer_value(min) > json_integer_value(max))
            return evaluation_fail(evaluation, error, "'%s' is above '%s': no value would be accepted.", limits[i].min,
                                   limits[i].max);
    }
    return TRUE;
}

static gboolean
declaration_read(Evaluation *evaluation, const char *name, const json_t *declaration, GError **error)
{
    ValueType type = TYPE_STRING;
    if (!members_check(evaluation, declaration, &declaration_members, error) ||
        !type_read(evaluation, declaration, &type, error) || !limits_check(evaluation, declaration, type, error))
        return FALSE;
    Formula *formula = formula_add(evaluation->parameters, USE_PARAMETER, name, declaration);
    formula->secure = value_type_is_secure(type);
    return TRUE;
}

static gboolean
declarations_read(Evaluation *evaluation, GError **error)
{
    const json_t *declared = member_sent(evaluation->text, "parameters");
    const char *name;
    json_t *declaration;
    const gsize mark = evaluation_enter(evaluation, "parameters");
    if (json_object_size(declared) > TEMPLATE_PARAMETERS_MAX)
        return evaluation_fail(evaluation, error, "The template declares %zu parameters; accepted: at most %d.",
                               json_object_size(declared), TEMPLATE_PARAMETERS_MAX);
    json_object_foreach((json_t *)declared, name, declaration)
    {
        const gsize inner = evaluation_enter(evaluation, name);
        if (!declaration_read(evaluation, name, declaration, error))
            return FALSE;
        evaluation_leave(evaluation, inner);
    }
    evaluation_leave(evaluation, mark);
    return TRUE;
}

/* ---- values that came ---- */

/* At the path of the member. */
static gboolean
sent_one(Evaluation *evaluation, const char *name, const json_t *sent, GError **error)
{
    Formula *formula = formula_find(evaluation, USE_PARAMETER, name);
    if (!formula) {
        g_autofree char *known = members_known(member_sent(evaluation->text, "parameters"));
        return evaluation_fail(evaluation, error, "The template declares no parameter '%.80s'; it declares %s.", name, known);
    }
    if (!members_check(evaluation, sent, &sent_members, error))
        return FALSE;
    formula->sent = member_sent(sent, "value");
    return TRUE;
}

static void
sent_read(Evaluation *evaluation, const json_t *sent, GPtrArray *violations)
{
    const char *name;
    json_t *value;
    g_string_assign(evaluation->path, "parameters");
    json_object_foreach((json_t *)sent, name, value)
    {
        GError *violation = NULL;
        const gsize mark = evaluation_enter(evaluation, name);
        if (!sent_one(evaluation, name, value, violations ? &violation : NULL) && violations)
            g_ptr_array_add(violations, violation);
        evaluation_leave(evaluation, mark);
    }
    g_string_assign(evaluation->path, "template");
}

gboolean
parameters_read(Evaluation *evaluation, const json_t *sent, GPtrArray *violations, GError **error)
{
    if (!declarations_read(evaluation, error))
        return FALSE;
    if (sent && !json_is_object(sent) && !json_is_null(sent)) {
        g_string_assign(evaluation->path, "parameters");
        return evaluation_fail(evaluation, error, "'parameters' is no object of {\"name\": {\"value\": …}}.");
    }
    sent_read(evaluation, sent, violations);
    return TRUE;
}

/* ---- is a value accepted? ---- */

static gboolean
check_range(const Evaluation *evaluation, const Formula *formula, json_int_t value, GError **error)
{
    const json_t *min = member_sent(formula->text, "minValue"), *max = member_sent(formula->text, "maxValue");
    if ((!min || value >= json_integer_value(min)) && (!max || value <= json_integer_value(max)))
        return TRUE;
    g_autofree char *least = min ? g_strdup_printf(" at least %" JSON_INTEGER_FORMAT, json_integer_value(min)) : g_strdup("");
    g_autofree char *most = max ? g_strdup_printf(" at most %" JSON_INTEGER_FORMAT, json_integer_value(max)) : g_strdup("");
    return evaluation_fail(evaluation, error, "The parameter '%.80s' is %" JSON_INTEGER_FORMAT "; accepted:%s%s%s.",
                           formula->name, value, least, min && max ? "," : "", most);
}

static gboolean
check_length(const Evaluation *evaluation, const Formula *formula, const json_t *value, GError **error)
{
    const json_t *min = member_sent(formula->text, "minLength"), *max = member_sent(formula->text, "maxLength");
    const gboolean text = json_is_string(value);
    const json_int_t length =
        text ? (json_int_t)g_utf8_strlen(json_string_value(value), -1) : (json_int_t)json_array_size(value);
    if ((!min || length >= json_integer_value(min)) && (!max || length <= json_integer_value(max)))
        return TRUE;
    g_autofree char *least = min ? g_strdup_printf(" at least %" JSON_INTEGER_FORMAT, json_integer_value(min)) : g_strdup("");
    g_autofree char *most = max ? g_strdup_printf(" at most %" JSON_INTEGER_FORMAT, json_integer_value(max)) : g_strdup("");
    return evaluation_fail(evaluation, error, "The parameter '%.80s' has %" JSON_INTEGER_FORMAT " %s; accepted:%s%s%s.",
                           formula->name, length, text ? "characters" : "elements", least, min && max ? "," : "", most);
}

/* Of an array, its elements may be among them too. */
static gboolean
all_among(const json_t *value, const json_t *values)
{
    g_autoptr(GHashTable) keys = value_keys(values);
    size_t i;
    const json_t *element;
    if (value_is_among(value, keys))
        return TRUE;
    if (!json_is_array(value))
        return FALSE;
    json_array_foreach(value, i, element)
    {
        if (!value_is_among(element, keys))
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_allowed(const Evaluation *evaluation, const Formula *formula, const json_t *value, GError **error)
{
    const json_t *allowed = member_sent(formula->text, "allowedValues");
    if (!allowed || all_among(value, allowed))
        return TRUE;
    if (formula->secure)
        return evaluation_fail(evaluation, error, "The secure parameter '%.80s' is none of its allowedValues.", formula->name);
    g_autofree char *list = json_text(allowed);
    return evaluation_fail(evaluation, error, "The parameter '%.80s' is none of its allowedValues: %.400s.", formula->name,
                           list);
}

static gboolean
check(const Evaluation *evaluation, const Formula *formula, const json_t *value, GError **error)
{
    ValueType type = TYPE_STRING;
    value_type_from_text(json_member_text(formula->text, "type"), &type);
    if (!(kind_of(value) & value_type_kinds(type))) {
        g_autofree char *got = kinds_text(kind_of(value)), *wanted = kinds_text(value_type_kinds(type));
        return evaluation_fail(evaluation, error, "The parameter '%.80s' is of type %s: accepted is %s, and it is %s.",
                               formula->name, value_type_text(type), wanted, got);
    }
    if (!evaluation_depth_fits(value, TEMPLATE_VALUE_DEPTH_MAX))
        return evaluation_fail(evaluation, error, "The parameter '%.80s' is nested deeper than %d levels.", formula->name,
                               TEMPLATE_VALUE_DEPTH_MAX);
    return check_allowed(evaluation, formula, value, error) &&
           (type == TYPE_INT ? check_range(evaluation, formula, json_integer_value(value), error)
                             : (type != TYPE_STRING && type != TYPE_SECURE_STRING && type != TYPE_ARRAY) ||
                                   check_length(evaluation, formula, value, error));
}

/* ---- values ---- */

static json_t *
make_from_default(Evaluation *evaluation, const Formula *formula, const json_t *text, GError **error)
{
    evaluation->place = PLACE_PARAMETERS;
    evaluation_enter(evaluation, "template.parameters");
    evaluation_enter(evaluation, formula->name);
    evaluation_enter(evaluation, "defaultValue");
    g_autoptr(json_t) value = evaluation_value(evaluation, text, error);
    if (!value || !check(evaluation, formula, value, error))
        return NULL;
    if (evaluation->secret && !formula->secure) {
        evaluation_fail(evaluation, error,
                        "The parameter '%.80s' has the secure parameter '%.80s' in its default, and would be shown: make it a "
                        "secure one too.",
                        formula->name, evaluation->secret);
        return NULL;
    }
    return g_steal_pointer(&value);
}

json_t *
parameter_make(Evaluation *evaluation, Formula *formula, GError **error)
{
    const json_t *text = member_sent(formula->text, "defaultValue");
    if (!formula->sent && text)
        return make_from_default(evaluation, formula, text, error);
    evaluation_enter(evaluation, "parameters");
    evaluation_enter(evaluation, formula->name);
    if (!formula->sent) {
        if (formula->secure && evaluation->lookup)
            evaluation_fail(evaluation, error, "The value of the secure parameter '%.80s' is needed, and is not kept.",
                            formula->name);
        else
            evaluation_fail(evaluation, error, "The parameter '%.80s' is required: the template has no default for it.",
                            formula->name);
        return NULL;
    }
    evaluation_enter(evaluation, "value");
    return check(evaluation, formula, formula->sent, error) ? json_incref((json_t *)formula->sent) : NULL;
}

/* What came is checked before what is made of it: a wrong one would else be told once for each default that uses it. */
static void
evaluate_these(Evaluation *evaluation, gboolean with_default, GPtrArray *violations)
{
    const json_t *declared = member_sent(evaluation->text, "parameters");
    const char *name;
    json_t *declaration;
    json_object_foreach((json_t *)declared, name, declaration)
    {
        GError *violation = NULL;
        Formula *formula = formula_find(evaluation, USE_PARAMETER, name);
        const gboolean from_default = !formula->sent && member_sent(declaration, "defaultValue");
        if (from_default == with_default && !formula_value(evaluation, formula, &violation))
            g_ptr_array_add(violations, violation);
    }
}

gboolean
parameters_evaluate(Evaluation *evaluation, GPtrArray *violations, GError **error)
{
    evaluate_these(evaluation, /* with_default= */ FALSE, violations);
    if (violations->len == 0)
        evaluate_these(evaluation, /* with_default= */ TRUE, violations);
    if (violations->len == 0)
        return TRUE;
    arm_set_error_from_violations(error, violations);
    return FALSE;
}

json_t *
parameters_shown(const Evaluation *evaluation)
{
    json_t *shown = json_object();
    const json_t *declared = member_sent(evaluation->text, "parameters");
    const char *name;
    json_t *declaration;
    json_object_foreach((json_t *)declared, name, declaration)
    {
        const Formula *formula = formula_find(evaluation, USE_PARAMETER, name);
        ValueType type = TYPE_STRING;
        value_type_from_text(json_member_text(declaration, "type"), &type);
        json_t *one = json_pack("{s:s}", "type", value_type_text(type));
        if (!formula->secure)
            json_object_set_new(one, "value", json_deep_copy(formula->value));
        json_object_set_new(shown, name, one);
    }
    return shown;
}
