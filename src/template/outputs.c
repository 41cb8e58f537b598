#include "template/outputs.h"

#include "template/copy.h"
#include "template/members.h"
#include "template/value_type.h"

/* clang-format off */
static const MemberTable output_members = { "An output", FALSE, {
    { "type", KIND_TEXT, NULL },
    { "value", KIND_ANY, NULL },
    { "condition", KIND_BOOLEAN | KIND_TEXT, NULL },
    { "metadata", KIND_OBJECT, NULL },
    { "copy", KIND_OBJECT, NULL },
} };
/* clang-format on */

static gboolean
type_read(const Evaluation *evaluation, const json_t *output, ValueType *ret_type, GError **error)
{
    const char *text = json_member_text(output, "type");
    g_autofree char *types = value_types_text(/* with_secure= */ FALSE);
    if (!text)
        return evaluation_fail(evaluation, error, "An output has to have 'type': %s.", types);
    return (value_type_from_text(text, ret_type) && !value_type_is_secure(*ret_type)) ||
           evaluation_fail(evaluation, error, "'type' of an output is '%.40s'; accepted: %s.", text, types);
}

static gboolean
is_shown(Evaluation *evaluation, const json_t *output, gboolean *ret_shown, GError **error)
{
    const json_t *condition = member_sent(output, "condition");
    *ret_shown = TRUE;
    if (!condition)
        return TRUE;
    const gsize mark = evaluation_enter(evaluation, "condition");
    const gboolean good = evaluation_boolean(evaluation, condition, ret_shown, error);
    evaluation_leave(evaluation, mark);
    return good;
}

static gboolean
check_kind(const Evaluation *evaluation, const json_t *value, ValueType type, GError **error)
{
    if (kind_of(value) & value_type_kinds(type))
        return TRUE;
    g_autofree char *got = kinds_text(kind_of(value));
    return evaluation_fail(evaluation, error, "The output is of type %s, and its value is %s.", value_type_text(type), got);
}

/* Stays where it was made. */
static json_t *
make_value(Evaluation *evaluation, const json_t *output, GError **error)
{
    const json_t *copy = member_sent(output, "copy");
    evaluation_enter(evaluation, copy ? "copy" : "value");
    return copy ? copy_array(evaluation, copy, error) : evaluation_value(evaluation, json_member(output, "value"), error);
}

/* At the path of the output; *ret_output: NULL where its condition is false. */
static gboolean
evaluate_one(Evaluation *evaluation, const json_t *output, json_t **ret_output, GError **error)
{
    ValueType type = TYPE_STRING;
    gboolean shown;
    if (!type_read(evaluation, output, &type, error) || !is_shown(evaluation, output, &shown, error))
        return FALSE;
    *ret_output = NULL;
    if (!shown)
        return TRUE;
    g_autoptr(json_t) value = make_value(evaluation, output, error);
    if (!value || !check_kind(evaluation, value, type, error))
        return FALSE;
    if (!evaluation_depth_fits(value, TEMPLATE_VALUE_DEPTH_MAX))
        return evaluation_fail(evaluation, error, "The output is nested deeper than %d levels.", TEMPLATE_VALUE_DEPTH_MAX);
    *ret_output = json_pack("{s:s, s:o}", "type", value_type_text(type), "value", json_deep_copy(value));
    return TRUE;
}

static gboolean
look_at_members(Evaluation *evaluation, const json_t *output, GError **error)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)output, name, value)
    {
        const gsize mark = evaluation_enter(evaluation, name);
        const gboolean copy = g_ascii_strcasecmp(name, "copy") == 0 && !json_is_null(value);
        if (!(copy ? copy_of_output_check(evaluation, value, error) && copy_look_through(evaluation, value, error)
                   : evaluation_look_through(evaluation, value, error)))
            return FALSE;
        evaluation_leave(evaluation, mark);
    }
    return TRUE;
}

static gboolean
look_at_one(Evaluation *evaluation, const json_t *output, GError **error)
{
    ValueType type;
    if (!members_check(evaluation, output, &output_members, error) || !type_read(evaluation, output, &type, error))
        return FALSE;
    if (!member_sent(output, "value") == !member_sent(output, "copy"))
        return evaluation_fail(evaluation, error, "An output has to have 'value' or 'copy', and not both.");
    return look_at_members(evaluation, output, error);
}

gboolean
outputs_look_through(Evaluation *evaluation, GError **error)
{
    const json_t *outputs = member_sent(evaluation->text, "outputs");
    const char *name;
    json_t *output;
    evaluation->place = PLACE_OUTPUTS;
    const gsize mark = evaluation_enter(evaluation, "outputs");
    if (json_object_size(outputs) > TEMPLATE_OUTPUTS_MAX)
        return evaluation_fail(evaluation, error, "The template declares %zu outputs; accepted: at most %d.",
                               json_object_size(outputs), TEMPLATE_OUTPUTS_MAX);
    json_object_foreach((json_t *)outputs, name, output)
    {
        const gsize inner = evaluation_enter(evaluation, name);
        evaluation->output = name;
        if (!look_at_one(evaluation, output, error))
            return FALSE;
        evaluation->output = NULL;
        evaluation_leave(evaluation, inner);
    }
    evaluation_leave(evaluation, mark);
    return TRUE;
}

/* As Azure, which writes its JSON with Newtonsoft's camel case: capitals are lowered from the left up to the one that begins
 * the next word. "VMSS" is "vmss", "VMSSName" is "vmssName". */
static char *
shown_name(const char *name)
{
    char *shown = g_strdup(name);
    for (gsize i = 0; g_ascii_isupper(shown[i]); i++) {
        if (i > 0 && shown[i + 1] != '\0' && !g_ascii_isupper(shown[i + 1]))
            break;
        shown[i] = g_ascii_tolower(shown[i]);
    }
    return shown;
}

json_t *
outputs_evaluate(Evaluation *evaluation, GError **error)
{
    const json_t *outputs = member_sent(evaluation->text, "outputs");
    g_autoptr(json_t) made = json_object();
    const char *name;
    json_t *output;
    json_object_foreach((json_t *)outputs, name, output)
    {
        json_t *one = NULL;
        g_autofree char *shown = shown_name(name);
        g_string_assign(evaluation->path, "template.outputs");
        evaluation_enter(evaluation, name);
        evaluation->place = PLACE_OUTPUTS;
        evaluation->output = name;
        if (!evaluate_one(evaluation, output, &one, error))
            return NULL;
        json_set_new(made, shown, one);
    }
    return g_steal_pointer(&made);
}
