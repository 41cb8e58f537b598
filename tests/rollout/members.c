#include "members.h"

#include <string.h>

static const char healths[HEALTH_N + 1] = "?i.u", marks[ROLL_N_MARKS + 1] = ".HDFUXL";

static gboolean
flag_letter(Member *member, char letter)
{
    switch (letter) {
    case 'p':
        member->is_protected = member->unrepairable = TRUE;
        return TRUE;
    case 'q':
        member->unrepairable = TRUE;
        return TRUE;
    case 'b':
        member->busy = TRUE;
        return TRUE;
    case 'r':
        member->resting = TRUE;
        return TRUE;
    case 'f':
        member->failed = TRUE;
        return TRUE;
    case 'k':
        member->skip = TRUE;
        return TRUE;
    case '+':
        member->surge = TRUE;
        return TRUE;
    case 'z':
        member->undoable = TRUE;
        return TRUE;
    case 'l':
        member->leaving = TRUE;
        return TRUE;
    case 'R':
        member->repairing = TRUE;
        return TRUE;
    case 'N':
        member->repair_from = 0;
        return TRUE;
    case 'w':
        member->reviving = TRUE;
        return TRUE;
    case 'W':
        member->repair_from = FLEET_NOT_YET;
        return TRUE;
    default:
        return FALSE;
    }
}

void
members_letter(Member *member, char letter)
{
    const char *health = strchr(healths, letter), *mark = strchr(marks, letter);
    if (letter == '.' || flag_letter(member, letter))
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
    Member member = {
        .id = id, .revision = MEMBERS_OLD, .phase = FLEET_PHASE_LAST, .health = HEALTH_HEALTHY, .repair_from = 1
    };
    const char *at = strchr(word, '@');
    if (at) {
        gint64 second = g_ascii_strtoll(at + 1, NULL, 10);
        member.since = second * USEC_PER_SEC;
        member.repair_from = (guint)MAX(second, 1);
    }
    for (; *word && *word != '@'; word++)
        members_letter(&member, *word);
    member.unmarked_health = member.health;
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
