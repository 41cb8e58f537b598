/* What users do: a weighted table, each with what it may be answered, judged from the promise alone. */
#include "actions.h"
#include "disk.h"

#include "base/json.h"

#include <string.h>

/* Where the store failed meanwhile, that is the answer, and nothing of what was asked for is there. */
static gboolean
store_failed(Sim *sim, const Answer *answer, guint failures, guint64 revision)
{
    if (disk_failures() == failures)
        return FALSE;
    g_autofree char *code = answer_text(answer, "error.code");
    if (g_strcmp0(code, "HostDiskFull") != 0 && g_strcmp0(code, "InternalServerError") != 0)
        sim_break(sim, "a request that cannot be written down is answered so", "%d, %s", answer->response->status,
                  code ? code : "(no error)");
    if (store_revision(sim->world->store) != revision)
        sim_break(sim, "nothing is half done", "the store is at revision %" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT,
                  store_revision(sim->world->store), revision);
    return TRUE;
}

/* Whoever is told that the store failed asks again. */
Answer *
sim_ask(Sim *sim, const char *method, const char *target, const char *body)
{
    for (;;) {
        guint failures = disk_failures();
        guint64 revision = store_revision(sim->world->store);
        Answer *answer = world_ask(sim->world, method, target, body);
        g_autofree char *error = answer_text(answer, "error.message");
        trace_act(sim, "%s %s %s -> %d%s%s", method, target, body ? body : "", answer->response->status, error ? ": " : "",
                  error ? error : "");
        if (answer->response->body && !answer->body)
            sim_break(sim, "every answer decodes", "%s %s", method, target);
        if (!sim->broken && store_failed(sim, answer, failures, revision)) {
            answer_free(answer);
            continue;
        }
        if (answer->response->status >= 500)
            sim_break(sim, "no answer is a server's error", "%s %s: %d", method, target, answer->response->status);
        return answer;
    }
}

void
sim_expect(Sim *sim, const Answer *answer, Expected expected, const char *what)
{
    int status = answer->response->status;
    gboolean accepted = status < 300;
    if (expected == EXPECT_EITHER || (accepted && expected == EXPECT_ACCEPTED))
        return;
    if (!accepted && expected == EXPECT_REFUSED && (status == 400 || status == 404 || status == 409 || status == 412))
        return;
    g_autofree char *text = answer->body ? json_text(answer->body) : NULL;
    sim_break(sim, "an answer is the one that was promised", "%s: %d where it was to be %s: %s", what, status,
              expected == EXPECT_ACCEPTED ? "accepted" : "refused", text ? text : "");
}

static SimSet *
set_pick(Sim *sim)
{
    g_autoptr(GPtrArray) there = g_ptr_array_new();
    for (guint i = 0; i < sim->sets->len; i++) {
        SimSet *set = g_ptr_array_index(sim->sets, i);
        if (!set->gone)
            g_ptr_array_add(there, set);
    }
    return there->len > 0 ? g_ptr_array_index(there, random_below(&sim->actions, there->len)) : NULL;
}

/* ---- what only asks ---- */

static void
act_nonsense(Sim *sim, SimSet *set)
{
    static const struct {
        const char *method, *path, *body;
    } asks[] = {
        { "PATCH", "", "{\"sku\":{\"name\":\"Standard_Nothing\"}}" },
        { "PATCH", "", "{\"sku\":{\"capacity\":1001}}" },
        { "PATCH", "", "{\"properties\":{\"nothing\":1}}" },
        { "PATCH", "", "{" },
        { "POST", "/restart", "{\"instanceIds\":[\"99999\"]}" },
        { "POST", "/manualupgrade", "{\"instanceIds\":[]}" },
        { "POST", "/virtualMachines/99999/start", NULL },
        { "GET", "/virtualMachines/99999", NULL },
        { "GET", "/nothing", NULL },
    };
    guint drawn = random_below(&sim->actions, G_N_ELEMENTS(asks));
    g_autofree char *target = g_strdup_printf("@/%s%s", set->name, asks[drawn].path);
    g_autoptr(Answer) answer = sim_ask(sim, asks[drawn].method, target, asks[drawn].body);
    sim_expect(sim, answer, EXPECT_REFUSED, "nonsense");
}

static const Action actions[] = {
    { "create", 6, act_create, /* needs_set= */ FALSE },
    { "scale", 10, act_scale, TRUE },
    { "change the model", 26, act_change, TRUE },
    { "upgrade", 10, act_upgrade, TRUE },
    { "start a rolling upgrade", 8, act_roll_start, TRUE },
    { "cancel it", 3, act_roll_cancel, TRUE },
    { "roll back", 5, act_roll_back, TRUE },
    { "power", 14, act_power, TRUE },
    { "delete instances", 4, act_delete_instances, TRUE },
    { "protect", 6, act_protect, TRUE },
    { "feature", 1, act_feature, FALSE },
    { "delete the set", 2, act_delete_set, TRUE },
    { "what-if", 3, act_what_if, TRUE },
    { "nonsense", 2, act_nonsense, TRUE },
};

void
action_random(Sim *sim)
{
    SimSet *serviced = sim->kind.repairs && random_chance(&sim->actions, 6) ? set_pick(sim) : NULL;
    if (serviced) {
        act_service(sim, serviced);
        return;
    }
    SimSet *supplied = sim->kind.images && random_chance(&sim->actions, 30) ? set_pick(sim) : NULL;
    if (supplied) {
        act_import(sim, supplied);
        return;
    }
    SimSet *equipped = sim->kind.disks && random_chance(&sim->actions, 30) ? set_pick(sim) : NULL;
    if (equipped) {
        act_disk(sim, equipped);
        return;
    }
    SimSet *attested = sim->kind.attested && random_chance(&sim->actions, 15) ? set_pick(sim) : NULL;
    if (attested) {
        act_approve(sim, attested);
        return;
    }
    SimSet *quarantined = sim->kind.quarantine && random_chance(&sim->actions, 15) ? set_pick(sim) : NULL;
    if (quarantined) {
        act_quarantine(sim, quarantined);
        return;
    }
    guint drawn = random_below(&sim->actions, 100);
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (drawn >= actions[i].weight) {
            drawn -= actions[i].weight;
            continue;
        }
        SimSet *set = set_pick(sim);
        if (set || !actions[i].needs_set)
            actions[i].act(sim, set);
        else
            act_create(sim, NULL);
        return;
    }
    g_assert_not_reached();
}
