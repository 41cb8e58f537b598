#include "rolls.h"

#include <stddef.h>
#include <string.h>

#define TIMES 1 /* in seconds in the text, in microseconds here */

static const struct {
    const char *word;
    size_t member;
    gint64 value; /* of a word without '=' */
    int times;
} words[] = {
    { "check", offsetof(Given, roll.phase), ROLL_PHASE_CHECK, 0 },
    { "batch", offsetof(Given, roll.phase), ROLL_PHASE_BATCH, 0 },
    { "pause", offsetof(Given, roll.phase), ROLL_PHASE_PAUSE, 0 },
    { "undo", offsetof(Given, roll.phase), ROLL_PHASE_UNDO, 0 },
    { "cancel", offsetof(Given, roll.cancel), TRUE, 0 },
    { "surge", offsetof(Given, roll.surge), TRUE, 0 },
    { "no-room", offsetof(Given, roll.no_room), TRUE, 0 },
    { "only-surge", offsetof(Given, roll.only_surge), TRUE, 0 },
    { "put-back", offsetof(Given, roll.undo), TRUE, 0 },
    { "no=", offsetof(Given, roll.batch), 0, 0 },
    { "left=", offsetof(Given, roll.batch_left), 0, 0 },
    { "removed=", offsetof(Given, roll.removed), 0, 0 },
    { "room=", offsetof(Given, roll.room), 0, 0 },
    { "awake=", offsetof(Given, roll.awake), 0, TIMES },
    { "patience=", offsetof(Given, roll.health_wait), 0, TIMES },
    { "until=", offsetof(Given, roll.until), 0, TIMES },
    { "now=", offsetof(Given, now), 0, TIMES },
    { "b=", offsetof(Given, policy.max_batch_percent), 0, 0 },
    { "i=", offsetof(Given, policy.max_unhealthy_percent), 0, 0 },
    { "u=", offsetof(Given, policy.max_unhealthy_upgraded_percent), 0, 0 },
    { "wait=", offsetof(Given, policy.pause_usec), 0, TIMES },
    { "first", offsetof(Given, policy.prioritize_unhealthy), TRUE, 0 },
    { "max-surge", offsetof(Given, policy.max_surge), TRUE, 0 },
    { "rollback", offsetof(Given, policy.rollback), TRUE, 0 },
};

static void
say(Given *given, const char *word)
{
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        gsize length = strlen(words[i].word);
        gboolean has_number = words[i].word[length - 1] == '=';
        char *member = (char *)given + words[i].member;
        if (has_number ? strncmp(word, words[i].word, length) != 0 : strcmp(word, words[i].word) != 0)
            continue;
        gint64 number = has_number ? g_ascii_strtoll(word + length, NULL, 10) : words[i].value;
        if (words[i].times)
            *(gint64 *)(void *)member = number * USEC_PER_SEC;
        else
            *(guint *)(void *)member = (guint)number;
        return;
    }
    g_error("'%s' says nothing of a rolling upgrade", word);
}

Given
rolls_given(const char *text)
{
    Given given = {
        .roll = { .batch = 1, .health_wait = ROLL_HEALTH_WAIT, .room = 100 },
        .policy = { .max_batch_percent = 20, .max_unhealthy_percent = 20, .max_unhealthy_upgraded_percent = 20 },
        .code = ARM_N_CODES,
    };
    g_auto(GStrv) said = g_strsplit(text, " ", -1);
    for (char **word = said; *word; word++) {
        if (**word)
            say(&given, *word);
    }
    if (given.roll.phase == ROLL_PHASE_UNDO)
        given.code = ARM_ROLL_UNHEALTHY;
    return given;
}

static const char *
code_text(ArmCode code)
{
    return code == ARM_N_CODES ? "" : arm_code_text(code);
}

char *
rolls_act(const RollAct *act)
{
    const char *name = roll_act_text(act->type);
    switch (act->type) {
    case ROLL_WAIT:
    case ROLL_PAUSE:
        return act->at == 0 ? g_strdup(name) : g_strdup_printf("%s %" G_GINT64_FORMAT, name, act->at / USEC_PER_SEC);
    case ROLL_BEGIN:
        return g_strdup_printf("%s %u%s%s", name, act->count, act->surge ? " surge" : "", act->short_of_room ? " short" : "");
    case ROLL_ADD:
    case ROLL_CHECK:
        return g_strdup(name);
    case ROLL_RETIRE:
        return g_strdup_printf("%s %u for %u", name, act->id, act->other);
    case ROLL_REMOVE:
        return g_strdup_printf("%s %u%s", name, act->id, act->count == 1 ? " counts" : "");
    case ROLL_STOP:
        return g_strdup_printf("%s %s", name, code_text(act->code));
    case ROLL_END:
        return g_strchomp(g_strdup_printf("%s %s %s", name, roll_status_text(act->status), code_text(act->code)));
    case ROLL_ACCEPT:
    case ROLL_REJECT:
    case ROLL_RELEASE:
    case ROLL_RETAKE:
    case ROLL_TAKE:
    case ROLL_UNDO:
        return g_strdup_printf("%s %u", name, act->id);
    case ROLL_N_ACTS:
        break;
    }
    g_assert_not_reached();
}
