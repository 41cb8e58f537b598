#include "template/copy.h"

#include "base/resource_id.h"
#include "template/members.h"

/* clang-format off */
static const MemberTable resource_copy_members = { "The copy of a resource", FALSE, {
    { "name", KIND_TEXT, NULL },
    { "count", KIND_INTEGER | KIND_TEXT, NULL },
    { "mode", KIND_TEXT, NULL },
    { "batchSize", KIND_INTEGER | KIND_TEXT, NULL },
} };
static const MemberTable copy_members = { "A copy", FALSE, {
    { "name", KIND_TEXT, NULL },
    { "count", KIND_INTEGER | KIND_TEXT, NULL },
    { "input", KIND_ANY, NULL },
} };
static const MemberTable output_copy_members = { "The copy of an output", FALSE, {
    { "count", KIND_INTEGER | KIND_TEXT, NULL },
    { "input", KIND_ANY, NULL },
} };
/* clang-format on */

/* ---- what it says ---- */

const char *
copy_name(const json_t *copy)
{
    return json_member_text(copy, "name");
}

static gboolean
has(const Evaluation *evaluation, const json_t *copy, const char *member, const char *what, GError **error)
{
    return member_sent(copy, member) || evaluation_fail(evaluation, error, "A copy has to have '%s', %s.", member, what);
}

/* Loops are found by their names before anything is evaluated. */
static gboolean
name_check(const Evaluation *evaluation, const json_t *copy, GError **error)
{
    const char *name = copy_name(copy);
    if (!has(evaluation, copy, "name", "which copyIndex() calls it by", error))
        return FALSE;
    return (*name != '\0' && !expression_is(name)) ||
           evaluation_fail(evaluation, error,
                           "'name' of a copy is '%.80s'; accepted: a text that is not empty and no expression.", name);
}

gboolean
copy_check(Evaluation *evaluation, const json_t *copy, GError **error)
{
    return members_check(evaluation, copy, &copy_members, error) && name_check(evaluation, copy, error) &&
           has(evaluation, copy, "count", "how often", error) && has(evaluation, copy, "input", "what of", error);
}

gboolean
copy_of_output_check(Evaluation *evaluation, const json_t *copy, GError **error)
{
    return members_check(evaluation, copy, &output_copy_members, error) && has(evaluation, copy, "count", "how often", error) &&
           has(evaluation, copy, "input", "what of", error);
}

static gboolean
read_integer(Evaluation *evaluation, const json_t *copy, const char *member, gint64 least, gint64 most, gint64 *ret_value,
             GError **error)
{
    const gsize mark = evaluation_enter(evaluation, member);
    if (!evaluation_integer(evaluation, member_sent(copy, member), ret_value, error))
        return FALSE;
    if (*ret_value < least || *ret_value > most)
        return evaluation_fail(evaluation, error,
                               "'%s' of a copy is %" G_GINT64_FORMAT "; accepted: %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                               ".",
                               member, *ret_value, least, most);
    evaluation_leave(evaluation, mark);
    return TRUE;
}

/* ---- copies of a resource ---- */

static gboolean
is_serial(Evaluation *evaluation, const json_t *copy, gboolean *ret_serial, GError **error)
{
    const json_t *mode = member_sent(copy, "mode");
    *ret_serial = FALSE;
    if (!mode)
        return TRUE;
    const gsize mark = evaluation_enter(evaluation, "mode");
    g_autofree char *text = evaluation_text(evaluation, mode, "'parallel' or 'serial'", error);
    if (!text)
        return FALSE;
    *ret_serial = g_ascii_strcasecmp(text, "serial") == 0;
    if (!*ret_serial && g_ascii_strcasecmp(text, "parallel") != 0)
        return evaluation_fail(evaluation, error, "'mode' of a copy is '%.40s'; accepted: 'parallel' or 'serial'.", text);
    evaluation_leave(evaluation, mark);
    return TRUE;
}

/* 'serial' means nothing as long as all are in one batch. */
static gboolean
check_mode(Evaluation *evaluation, const json_t *copy, gint64 count, GError **error)
{
    gboolean serial;
    gint64 batch = 1;
    if (!is_serial(evaluation, copy, &serial, error))
        return FALSE;
    if (member_sent(copy, "batchSize") && !read_integer(evaluation, copy, "batchSize", 1, COPY_MAX, &batch, error))
        return FALSE;
    if (!serial)
        return !member_sent(copy, "batchSize") ||
               evaluation_fail(evaluation, error, "'batchSize' of a copy is for 'mode' 'serial' alone.");
    return count <= batch ||
           evaluation_fail(evaluation, error,
                           "The copies are 'serial', %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                           " at a time: the resources of a template are made at the same time, and none waits for another. "
                           "Leave 'mode' out, or deploy what is to wait by a template of its own, afterwards.",
                           batch, count);
}

gboolean
copy_of_resource(Evaluation *evaluation, const json_t *copy, const char **ret_name, guint *ret_count, GError **error)
{
    gint64 count = 0;
    const gsize mark = evaluation_enter(evaluation, "copy");
    if (!members_check(evaluation, copy, &resource_copy_members, error) || !name_check(evaluation, copy, error) ||
        !has(evaluation, copy, "count", "how many", error) ||
        !read_integer(evaluation, copy, "count", 0, COPY_MAX, &count, error) || !check_mode(evaluation, copy, count, error))
        return FALSE;
    evaluation_leave(evaluation, mark);
    *ret_name = copy_name(copy);
    *ret_count = (guint)count;
    return TRUE;
}

/* ---- copies of an input ---- */

static json_t *
all_rounds(Evaluation *evaluation, const json_t *input, Loop *loop, gint64 count, GError **error)
{
    g_autoptr(json_t) array = json_array();
    for (loop->index = 0; loop->index < count; loop->index++) {
        json_t *value = evaluation_charge_round(evaluation, input, error) ? evaluation_value(evaluation, input, error) : NULL;
        if (!value)
            return NULL;
        json_array_append_new(array, value);
    }
    /* A mistake in it would else be found on the day that there is one. */
    return count > 0 || evaluation_look_through(evaluation, input, error) ? g_steal_pointer(&array) : NULL;
}

static Loop
loop_of(const Evaluation *evaluation, const json_t *copy)
{
    const char *name = copy_name(copy);
    return (Loop){ .name = name, .nameless = name == NULL, .outer = evaluation->loop };
}

json_t *
copy_array(Evaluation *evaluation, const json_t *copy, GError **error)
{
    Loop loop = loop_of(evaluation, copy);
    gint64 count;
    if (!read_integer(evaluation, copy, "count", 0, COPY_MAX, &count, error))
        return NULL;
    const gsize mark = evaluation_enter(evaluation, "input");
    evaluation->loop = &loop;
    json_t *array = all_rounds(evaluation, member_sent(copy, "input"), &loop, count, error);
    evaluation->loop = loop.outer;
    evaluation_leave(evaluation, mark);
    return array;
}

static gboolean
look_through_member(Evaluation *evaluation, const json_t *copy, const char *member, GError **error)
{
    const gsize mark = evaluation_enter(evaluation, member);
    const gboolean good = evaluation_look_through(evaluation, member_sent(copy, member), error);
    evaluation_leave(evaluation, mark);
    return good;
}

gboolean
copy_look_through(Evaluation *evaluation, const json_t *copy, GError **error)
{
    const Loop loop = loop_of(evaluation, copy);
    if (!look_through_member(evaluation, copy, "count", error))
        return FALSE;
    evaluation->loop = &loop;
    const gboolean good = look_through_member(evaluation, copy, "input", error);
    evaluation->loop = loop.outer;
    return good;
}

/* ---- copyIndex() ---- */

/* The innermost that is meant. */
static const Loop *
find(const Evaluation *evaluation, const char *name)
{
    const Loop *loop = evaluation->loop;
    while (loop && !(name ? loop->name && resource_same(loop->name, name) : loop->nameless))
        loop = loop->outer;
    return loop;
}

static gboolean
fail_unknown(const Evaluation *evaluation, const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    if (!evaluation->loop)
        return evaluation_fail(evaluation, error, "copyIndex() is taken within a copy only.");
    for (const Loop *loop = evaluation->loop; loop; loop = loop->outer) {
        g_string_append(known, known->len > 0 ? ", " : "");
        if (loop->name)
            g_string_append_printf(known, "copyIndex('%.80s')", loop->name);
        if (loop->nameless)
            g_string_append(known, loop->name ? ", copyIndex()" : "copyIndex()");
    }
    return evaluation_fail(evaluation, error, "copyIndex(%s%.80s%s) is of no copy that is around it; there is %s.",
                           name ? "'" : "", name ? name : "", name ? "'" : "", known->str);
}

gboolean
copy_index(const Evaluation *evaluation, const char *name, gint64 *ret_index, GError **error)
{
    const Loop *loop = find(evaluation, name);
    if (!loop)
        return fail_unknown(evaluation, name, error);
    *ret_index = loop->index;
    return TRUE;
}

gboolean
copy_index_is_good(const Evaluation *evaluation, const Expression *call, GError **error)
{
    const Expression *first = call->arguments->len > 0 ? g_ptr_array_index(call->arguments, 0) : NULL;
    gint64 index;
    if (first && !first->literal)
        return evaluation->loop || fail_unknown(evaluation, NULL, error);
    return copy_index(evaluation, first ? json_string_value(first->literal) : NULL, &index, error);
}

char *
copy_where(const Evaluation *evaluation)
{
    g_autoptr(GString) where = g_string_new(NULL);
    if (evaluation->look_only)
        return g_strdup("");
    for (const Loop *loop = evaluation->loop; loop; loop = loop->outer) {
        g_string_append_printf(where, "%s copyIndex(", where->len == 0 ? " It is so where" : " and");
        if (loop->name)
            g_string_append_printf(where, "'%.80s'", loop->name);
        g_string_append_printf(where, ") is %" G_GINT64_FORMAT, loop->index);
    }
    if (where->len > 0)
        g_string_append_c(where, '.');
    return g_string_free(g_steal_pointer(&where), FALSE);
}
