#include "members.h"

#include <stddef.h>
#include <string.h>

static const struct {
    char letter;
    size_t flag;
} flags[] = {
    { 'p', offsetof(Member, is_protected) }, { 'b', offsetof(Member, busy) },    { 'r', offsetof(Member, resting) },
    { 'f', offsetof(Member, failed) },       { 'k', offsetof(Member, skip) },    { '+', offsetof(Member, surge) },
    { 'z', offsetof(Member, undoable) },     { 'l', offsetof(Member, leaving) },
};
static const char healths[HEALTH_N + 1] = "?i.u", marks[ROLL_N_MARKS + 1] = ".HDFUXL";

static void
member_letter(Member *member, char letter)
{
    const char *health = strchr(healths, letter), *mark = strchr(marks, letter);
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (flags[i].letter == letter) {
            ((guint8 *)member)[flags[i].flag] = TRUE;
            return;
        }
    }
    if (letter == '.')
        return;
    if (letter == 'n')
        member->revision = MEMBERS_TARGET;
    else if (g_ascii_isdigit(letter))
        member->phase = (guint)g_ascii_digit_value(letter);
    else if (health)
        member->health = (Health)(health - healths);
    else if (mark)
        member->mark = (RollMark)(mark - marks);
    else
        g_error("'%c' says nothing of a member", letter);
}

Member
members_member(guint id, const char *word)
{
    Member member = { .id = id, .revision = MEMBERS_OLD, .phase = FLEET_PHASE_LAST, .health = HEALTH_HEALTHY };
    for (; *word && *word != '@'; word++)
        member_letter(&member, *word);
    if (*word == '@')
        member.since = g_ascii_strtoll(word + 1, NULL, 10) * USEC_PER_SEC;
    return member;
}

gboolean
members_on_target(guint revision, void *data)
{
    return revision == *(const guint *)data;
}

Fleet *
members_fleet(const char *text)
{
    static guint target = MEMBERS_TARGET;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    Fleet *fleet = fleet_new();
    guint id = 0;
    fleet_aim(fleet, members_on_target, &target, g_strv_contains((const char *const *)words, "!"));
    for (char **word = words; *word; word++) {
        if (**word == '\0' || **word == '!')
            continue;
        Member member = members_member(id++, *word);
        fleet_put(fleet, &member);
    }
    return fleet;
}

char *
members_queue(Fleet *fleet, FleetQueue queue)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    for (const Member *first = fleet_first(fleet, queue); first; first = fleet_first(fleet, queue)) {
        g_assert_cmpuint(ids->len, <, 1000); /* it is taken out indeed */
        g_string_append_printf(ids, "%s%u", ids->len ? " " : "", first->id);
        fleet_remove(fleet, first->id);
    }
    return g_string_free(g_steal_pointer(&ids), FALSE);
}
