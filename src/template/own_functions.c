#include "template/own_functions.h"

#include "base/resource_id.h"
#include "template/members.h"
#include "template/value_type.h"

typedef struct OwnFunction {
    char *name;         /* "contoso.uniqueName" */
    char *path;         /* of its value: "template.functions[0].members.uniqueName.output.value" */
    GPtrArray *names;   /* of its parameters; borrowed */
    GArray *types;      /* of the same, ValueType */
    ValueType type;     /* of what it gives */
    const json_t *text; /* that is evaluated; borrowed */
} OwnFunction;

/* clang-format off */
static const MemberTable namespace_members = { "A namespace of functions", FALSE, {
    { "namespace", KIND_TEXT, NULL },
    { "members", KIND_OBJECT, NULL },
} };
static const MemberTable function_members = { "The declaration of a function", FALSE, {
    { "parameters", KIND_ARRAY, NULL },
    { "output", KIND_OBJECT, NULL },
    { "metadata", KIND_OBJECT, NULL },
} };
static const MemberTable parameter_members = { "A parameter of a function", FALSE, {
    { "name", KIND_TEXT, NULL },
    { "type", KIND_TEXT, NULL },
    { "defaultValue", 0, "a function gets all of its parameters each time that it is called" },
    { "metadata", KIND_OBJECT, NULL },
} };
static const MemberTable output_members = { "The output of a function", FALSE, {
    { "type", KIND_TEXT, NULL },
    { "value", KIND_ANY, NULL },
    { "metadata", KIND_OBJECT, NULL },
} };
/* clang-format on */

static void
own_function_free(void *data)
{
    OwnFunction *function = data;
    g_free(function->name);
    g_free(function->path);
    g_ptr_array_unref(function->names);
    g_array_unref(function->types);
    g_free(function);
}

GHashTable *
own_functions_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, own_function_free);
}

static OwnFunction *
find(const Evaluation *evaluation, const char *name)
{
    g_autofree char *folded = resource_fold(name);
    return g_hash_table_lookup(evaluation->own_functions, folded);
}

/* ---- what is declared ---- */

static gboolean
type_read(const Evaluation *evaluation, const json_t *of, ValueType *ret_type, GError **error)
{
    const char *text = json_member_text(of, "type");
    g_autofree char *types = value_types_text(/* with_secure= */ TRUE);
    return (text && value_type_from_text(text, ret_type)) ||
           evaluation_fail(evaluation, error, "'type' is '%.40s'; accepted: %s.", text ? text : "", types);
}

/* As expressions can call it. */
static gboolean
word_check(const Evaluation *evaluation, const char *what, const char *word, GError **error)
{
    gboolean good = word && *word;
    for (const char *at = word; good && *at; at++)
        good = g_ascii_isalnum(*at) || *at == '_';
    return good || evaluation_fail(evaluation, error, "The name of %s is '%.80s'; accepted: letters, digits and '_'.", what,
                                   word ? word : "");
}

static gboolean
has_parameter(const OwnFunction *function, const char *name, guint *ret_place)
{
    for (guint i = 0; i < function->names->len; i++) {
        *ret_place = i;
        if (resource_same(g_ptr_array_index(function->names, i), name))
            return TRUE;
    }
    return FALSE;
}

static gboolean
read_parameter(Evaluation *evaluation, OwnFunction *function, const json_t *parameter, GError **error)
{
    ValueType type = TYPE_STRING;
    guint place;
    if (!members_check(evaluation, parameter, &parameter_members, error))
        return FALSE;
    const char *name = json_member_text(parameter, "name");
    if (!name || *name == '\0')
        return evaluation_fail(evaluation, error, "A parameter of a function has to have 'name'.");
    if (has_parameter(function, name, &place))
        return evaluation_fail(evaluation, error, "The function has the parameter '%.80s' twice.", name);
    if (!type_read(evaluation, parameter, &type, error))
        return FALSE;
    g_ptr_array_add(function->names, (gpointer)name);
    g_array_append_val(function->types, type);
    return TRUE;
}

static gboolean
read_parameters(Evaluation *evaluation, OwnFunction *function, const json_t *list, GError **error)
{
    const json_t *parameter;
    size_t i;
    const gsize mark = evaluation_enter(evaluation, "parameters");
    if (json_array_size(list) > TEMPLATE_PARAMETERS_MAX)
        return evaluation_fail(evaluation, error, "The function has %zu parameters; accepted: at most %d.",
                               json_array_size(list), TEMPLATE_PARAMETERS_MAX);
    json_array_foreach(list, i, parameter)
    {
        const gsize inner = evaluation_enter_index(evaluation, i);
        if (!read_parameter(evaluation, function, parameter, error))
            return FALSE;
        evaluation_leave(evaluation, inner);
    }
    evaluation_leave(evaluation, mark);
    return TRUE;
}

static gboolean
read_output(Evaluation *evaluation, OwnFunction *function, const json_t *output, GError **error)
{
    const Frame frame = { function, NULL };
    const gsize mark = evaluation_enter(evaluation, "output");
    if (!members_check(evaluation, output, &output_members, error) || !type_read(evaluation, output, &function->type, error))
        return FALSE;
    function->text = member_sent(output, "value");
    if (!function->text)
        return evaluation_fail(evaluation, error, "The output of a function has to have 'value'.");
    evaluation_enter(evaluation, "value");
    function->path = g_strdup(evaluation->path->str);
    evaluation->frame = &frame;
    const gboolean good = evaluation_look_through(evaluation, function->text, error);
    evaluation->frame = NULL;
    evaluation_leave(evaluation, mark);
    return good;
}

static gboolean
read_function(Evaluation *evaluation, const char *namespace_, const char *name, const json_t *text, GError **error)
{
    g_autofree char *whole = g_strconcat(namespace_, ".", name, NULL);
    if (!members_check(evaluation, text, &function_members, error) || !word_check(evaluation, "a function", name, error))
        return FALSE;
    if (find(evaluation, whole))
        return evaluation_fail(evaluation, error, "The template declares the function '%.160s' twice.", whole);
    OwnFunction *function = g_new0(OwnFunction, 1);
    function->names = g_ptr_array_new();
    function->types = g_array_new(FALSE, FALSE, sizeof(ValueType));
    function->name = g_strdup(whole);
    g_hash_table_insert(evaluation->own_functions, resource_fold(whole), function);
    return read_parameters(evaluation, function, member_sent(text, "parameters"), error) &&
           read_output(evaluation, function, member_sent(text, "output"), error);
}

static gboolean
read_namespace(Evaluation *evaluation, const json_t *text, GError **error)
{
    const char *name;
    json_t *function;
    if (!members_check(evaluation, text, &namespace_members, error) ||
        !word_check(evaluation, "a namespace", json_member_text(text, "namespace"), error))
        return FALSE;
    const gsize mark = evaluation_enter(evaluation, "members");
    json_object_foreach(member_sent(text, "members"), name, function)
    {
        const gsize inner = evaluation_enter(evaluation, name);
        if (!read_function(evaluation, json_member_text(text, "namespace"), name, function, error))
            return FALSE;
        evaluation_leave(evaluation, inner);
    }
    evaluation_leave(evaluation, mark);
    return TRUE;
}

gboolean
own_functions_read(Evaluation *evaluation, GError **error)
{
    const json_t *one;
    size_t i;
    evaluation->place = PLACE_FUNCTIONS;
    const gsize mark = evaluation_enter(evaluation, "functions");
    json_array_foreach(member_sent(evaluation->text, "functions"), i, one)
    {
        const gsize inner = evaluation_enter_index(evaluation, i);
        if (!read_namespace(evaluation, one, error))
            return FALSE;
        evaluation_leave(evaluation, inner);
    }
    evaluation_leave(evaluation, mark);
    return TRUE;
}

/* ---- a call ---- */

static gboolean
fail_unknown(const Evaluation *evaluation, const char *name, GError **error)
{
    g_autoptr(json_t) names = json_object();
    GHashTableIter iter;
    void *function;
    g_hash_table_iter_init(&iter, evaluation->own_functions);
    while (g_hash_table_iter_next(&iter, NULL, &function))
        json_object_set_new(names, ((const OwnFunction *)function)->name, json_null());
    g_autofree char *known = members_known(names);
    return evaluation_fail(evaluation, error, "The template declares no function '%.160s'; it declares %s.", name, known);
}

gboolean
own_function_may_be_called(const Evaluation *evaluation, const Expression *call, GError **error)
{
    const OwnFunction *function = find(evaluation, call->own);
    if (evaluation->place == PLACE_FUNCTIONS)
        return evaluation_fail(
            evaluation, error,
            "%.160s() is called by a function that the template declares; such a one calls none of its kind.", call->own);
    if (!function)
        return fail_unknown(evaluation, call->own, error);
    return call->arguments->len == function->names->len ||
           evaluation_fail(evaluation, error, "%s() takes %u argument%s, and gets %u.", function->name, function->names->len,
                           function->names->len == 1 ? "" : "s", call->arguments->len);
}

static gboolean
arguments_check(const Evaluation *evaluation, const OwnFunction *function, const Arguments *arguments, GError **error)
{
    for (guint i = 0; i < arguments->n; i++) {
        const Kinds kinds = value_type_kinds(g_array_index(function->types, ValueType, i));
        if (kinds & kind_of(arguments->values[i]))
            continue;
        g_autofree char *takes = kinds_text(kinds), *got = kinds_text(kind_of(arguments->values[i]));
        return evaluation_fail(evaluation, error, "%s() takes %s as argument %u, and gets %s.", function->name, takes, i + 1,
                               got);
    }
    return TRUE;
}

static json_t *
evaluate_body(Evaluation *evaluation, const OwnFunction *function, GError **error)
{
    g_autoptr(json_t) value = evaluation_value(evaluation, function->text, error);
    if (!value)
        return NULL;
    if (kind_of(value) & value_type_kinds(function->type))
        return g_steal_pointer(&value);
    g_autofree char *got = kinds_text(kind_of(value));
    evaluation_fail(evaluation, error, "%s() gives values of type %s, and this one is %s.", function->name,
                    value_type_text(function->type), got);
    return NULL;
}

/* With the place and path of its own; those of who calls come back. A loop around the call stays, for an error to tell: calls
 * of copyIndex() were refused when it was declared. */
json_t *
own_function_call(Evaluation *evaluation, const Expression *call, const Arguments *arguments, GError **error)
{
    const OwnFunction *function = find(evaluation, call->own);
    const Frame frame = { function, arguments };
    if (!arguments_check(evaluation, function, arguments, error) || !evaluation_charge_round(evaluation, function->text, error))
        return NULL;
    const TemplatePlace place = evaluation->place;
    GString *path = evaluation->path;
    evaluation->path = g_string_new(function->path);
    evaluation->place = PLACE_FUNCTIONS;
    evaluation->frame = &frame;
    json_t *value = evaluate_body(evaluation, function, error);
    evaluation->frame = NULL;
    evaluation->place = place;
    g_string_free(evaluation->path, TRUE);
    evaluation->path = path;
    return value;
}

/* ---- its parameters ---- */

static gboolean
find_parameter(const Evaluation *evaluation, const char *name, guint *ret_place, GError **error)
{
    const OwnFunction *function = evaluation->frame->function;
    return has_parameter(function, name, ret_place) ||
           evaluation_fail(evaluation, error, "%s() has no parameter '%.80s'; a function has its own alone.", function->name,
                           name);
}

gboolean
own_parameter_is_good(const Evaluation *evaluation, const char *name, GError **error)
{
    guint place;
    return find_parameter(evaluation, name, &place, error);
}

json_t *
own_parameter(const Evaluation *evaluation, const char *name, GError **error)
{
    guint place;
    return find_parameter(evaluation, name, &place, error) ? json_incref(evaluation->frame->arguments->values[place]) : NULL;
}
