#include "template/members.h"

#define KNOWN_MAX 20

json_t *
member_sent(const json_t *object, const char *name)
{
    json_t *value = json_member(object, name);
    return json_is_null(value) ? NULL : value;
}

char *
members_known(const json_t *object)
{
    GString *known = g_string_new(NULL);
    const char *name;
    json_t *value;
    guint n = 0;
    json_object_foreach((json_t *)object, name, value)
    {
        if (n++ == KNOWN_MAX) {
            g_string_append(known, ", …");
            break;
        }
        g_string_append_printf(known, "%s'%.60s'", known->len > 0 ? ", " : "", name);
    }
    if (n == 0)
        g_string_append(known, "none");
    return g_string_free(known, FALSE);
}

static const Member *
find(const MemberTable *table, const char *name)
{
    for (const Member *member = table->members; member->name; member++) {
        if (g_ascii_strcasecmp(member->name, name) == 0)
            return member;
    }
    return NULL;
}

static gboolean
fail_unknown(const Evaluation *evaluation, const MemberTable *table, const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (const Member *member = table->members; member->name; member++) {
        if (!member->refused)
            g_string_append_printf(known, "%s'%s'", known->len > 0 ? ", " : "", member->name);
    }
    return evaluation_fail(evaluation, error, "%s has no member '%.80s'; accepted: %s.", table->what, name, known->str);
}

static gboolean
member_check(const Evaluation *evaluation, const MemberTable *table, const char *name, const json_t *value, GError **error)
{
    const Member *member = find(table, name);
    if (!member)
        return table->open || fail_unknown(evaluation, table, name, error);
    if (json_is_null(value))
        return TRUE;
    if (member->refused)
        return evaluation_fail(evaluation, error, "'%s' is not taken: %s.", member->name, member->refused);
    if (kind_of(value) & member->kinds)
        return TRUE;
    g_autofree char *wanted = kinds_text(member->kinds), *got = kinds_text(kind_of(value));
    return evaluation_fail(evaluation, error, "'%s' is %s; accepted: %s.", member->name, got, wanted);
}

gboolean
members_check(Evaluation *evaluation, const json_t *object, const MemberTable *table, GError **error)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        g_autofree char *got = object ? kinds_text(kind_of(object)) : g_strdup("absent");
        return evaluation_fail(evaluation, error, "%s is an object, and this is %s.", table->what, got);
    }
    json_object_foreach((json_t *)object, name, value)
    {
        const gsize mark = evaluation_enter(evaluation, name);
        const gboolean good = member_check(evaluation, table, name, value, error);
        evaluation_leave(evaluation, mark);
        if (!good)
            return FALSE;
    }
    return TRUE;
}
