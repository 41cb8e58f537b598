#include "cli/what_if_text.h"

#include "cli/hint.h"

#include <string.h>

/* So many instances are named in a question; the rest are counted. */
#define LOST_WIDTH 7
#define NAMED_MAX  10

static const char *
change_words(const char *change)
{
    static const struct {
        const char *change, *words;
    } known[] = {
        { "nothing", "no change" }, { "inPlace", "in place" },    { "restart", "restart" },
        { "redeploy", "redeploy" }, { "reimage", "new OS disk" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_strcmp0(known[i].change, change) == 0)
            return known[i].words;
    }
    return change ? change : "";
}

static void
refusals_add(GString *text, const json_t *error)
{
    const json_t *details = json_object_get(error, "details");
    size_t n = json_array_size(details);
    g_string_append(text, "Refused: the daemon would not accept this, and nothing would be changed.\n");
    for (size_t i = 0; i < MAX(n, 1); i++) {
        const json_t *one = n > 0 ? json_array_get(details, i) : error;
        const char *code = json_member_text(one, "code"), *message = json_member_text(one, "message");
        const char *target = json_member_text(one, "target");
        g_string_append_printf(text, "  - (%s) %s%s%s%s\n", code ? code : "", message ? message : "", target ? " [" : "",
                               target ? target : "", target ? "]" : "");
    }
}

static void
count_add(GString *text, const json_t *summary, const char *name, const char *what)
{
    json_int_t count = json_integer_value(json_object_get(summary, name));
    if (count > 0)
        g_string_append_printf(text, "%d %s\n", (int)count, what);
}

/* The same losses, told once for all instances that have them: "A", "B"… in the order of the first.
 */
static guint
loss_number(GPtrArray *losses, const char *loss)
{
    for (guint i = 0; i < losses->len; i++) {
        if (strcmp(g_ptr_array_index(losses, i), loss) == 0)
            return i + 1;
    }
    g_ptr_array_add(losses, (gpointer)loss);
    return losses->len;
}

/* Warnings, without those that stand among the losses already. */
static void
warnings_add(GString *text, const json_t *warnings, GPtrArray *losses)
{
    gboolean titled = FALSE;
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *warning = json_string_value(json_array_get(warnings, i));
        if (g_ptr_array_find_with_equal_func(losses, warning, g_str_equal, NULL))
            continue;
        g_string_append_printf(text, "%s  - %s\n", titled ? "" : "Warnings:\n", warning);
        titled = TRUE;
    }
}

static void
instance_add(GString *text, const json_t *instance, GPtrArray *losses)
{
    const json_t *lost = json_object_get(instance, "lost");
    const char *id = json_member_text(instance, "instanceId");
    g_autoptr(GString) numbers = g_string_new(NULL);
    for (size_t i = 0; i < json_array_size(lost); i++)
        g_string_append_printf(numbers, "%s(%u)", i > 0 ? " " : "",
                               loss_number(losses, json_string_value(json_array_get(lost, i))));
    g_autoptr(GString) news = g_string_new(NULL);
    const json_t *parts = json_object_get(instance, "parts");
    for (size_t i = 0; i < json_array_size(parts); i++)
        g_string_append_printf(news, "%s%s", i > 0 ? ", " : "  ", json_string_value(json_array_get(parts, i)));
    g_string_append_printf(text, "%-8s  %-11s  %-*s%s\n", id ? id : "", change_words(json_member_text(instance, "change")),
                           news->len > 0 ? LOST_WIDTH : 0, numbers->len > 0 ? numbers->str : "nothing", news->str);
}

static void
instances_add(GString *text, const json_t *instances, GPtrArray *losses)
{
    if (json_array_size(instances) == 0)
        return;
    g_string_append(text, "\nInstance  Change       Lost     What is new\n--------  -----------  "
                          "-------  -----------\n");
    for (size_t i = 0; i < json_array_size(instances); i++)
        instance_add(text, json_array_get(instances, i), losses);
    for (guint i = 0; i < losses->len; i++)
        g_string_append_printf(text, "%s(%u) %s\n", i == 0 ? "\n" : "", i + 1, (const char *)g_ptr_array_index(losses, i));
}

/* ---- what was looked up in the instances before ---- */

static void
refused_add(GString *text, const json_t *instances)
{
    gboolean titled = FALSE;
    size_t i, k;
    const json_t *instance, *finding;
    json_array_foreach(instances, i, instance)
    {
        json_array_foreach(json_path(instance, "assessment.refused"), k, finding)
        {
            const char *name = json_member_text(finding, "name");
            g_string_append_printf(text, "%s  - instance %s: %s %s: %s\n", titled ? "" : "\nSecure Boot would refuse:\n",
                                   json_member_text(instance, "instanceId"), json_member_text(finding, "kind"),
                                   name ? name : "", json_member_text(finding, "reason"));
            titled = TRUE;
        }
    }
}

/* Instances of one reason stand together. */
static void
not_assessed_add(GString *text, const json_t *instances)
{
    g_autoptr(GPtrArray) reasons = g_ptr_array_new();
    size_t i;
    const json_t *instance;
    json_array_foreach(instances, i, instance)
    {
        const char *reason = json_member_text(json_object_get(instance, "assessment"), "reason");
        if (reason && !g_ptr_array_find_with_equal_func(reasons, reason, g_str_equal, NULL))
            g_ptr_array_add(reasons, (gpointer)reason);
    }
    for (guint r = 0; r < reasons->len; r++) {
        const char *separator = "";
        g_string_append(text, r == 0 ? "\nNot assessed (testudo vmss assess does it): what Secure Boot would refuse, or a new "
                                       "vTPM lock out, is not known.\n  - "
                                     : "  - ");
        json_array_foreach(instances, i, instance)
        {
            if (g_strcmp0(json_member_text(json_object_get(instance, "assessment"), "reason"), g_ptr_array_index(reasons, r)))
                continue;
            g_string_append_printf(text, "%s%s", separator, json_member_text(instance, "instanceId"));
            separator = ", ";
        }
        g_string_append_printf(text, ": %s\n", (const char *)g_ptr_array_index(reasons, r));
    }
}

static void
when_add(GString *text, const char *when)
{
    const char *command = hint_command(when);
    g_string_append_printf(text, "%s\n", when);
    if (command)
        g_string_append_printf(text, "Command: %s\n", command);
}

char *
what_if_text(const json_t *answer)
{
    const json_t *refusal = json_object_get(answer, "error");
    const json_t *summary = json_object_get(answer, "summary");
    const char *when = json_member_text(answer, "when");
    g_autoptr(GPtrArray) losses = g_ptr_array_new();
    GString *text = g_string_new(NULL);
    if (refusal)
        refusals_add(text, refusal);
    else
        g_string_append(text, "Accepted: the daemon would take this as the set's new model.\n");
    instances_add(text, json_object_get(answer, "instances"), losses);
    refused_add(text, json_object_get(answer, "instances"));
    not_assessed_add(text, json_object_get(answer, "instances"));
    g_string_append_c(text, '\n');
    count_add(text, summary, "create", "new instance(s) would be made.");
    count_add(text, summary, "delete", "instance(s) would be deleted, with their OS disks.");
    warnings_add(text, json_object_get(answer, "warnings"), losses);
    if (!refusal && when)
        when_add(text, when);
    return g_string_free(text, FALSE);
}

char *
what_if_warnings(const json_t *answer)
{
    const json_t *instances = json_object_get(answer, "instances"), *warnings = json_object_get(answer, "warnings");
    g_autoptr(GPtrArray) losses = g_ptr_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < json_array_size(instances); i++) {
        const json_t *lost = json_object_get(json_array_get(instances, i), "lost");
        for (size_t k = 0; k < json_array_size(lost); k++)
            loss_number(losses, json_string_value(json_array_get(lost, k)));
    }
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *warning = json_string_value(json_array_get(warnings, i));
        if (!g_ptr_array_find_with_equal_func(losses, warning, g_str_equal, NULL))
            g_string_append_printf(text, "Warning: %s\n", warning);
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

static gboolean
is_wanted(const char *const *ids, const char *id)
{
    for (const char *const *word = ids; word && *word; word++) {
        if (strcmp(*word, "*") == 0 || g_strcmp0(*word, id) == 0)
            return TRUE;
    }
    return ids == NULL;
}

char *
what_if_question(const json_t *answer, const char *const *ids, const char *ask)
{
    const json_t *instances = json_object_get(answer, "instances");
    g_autoptr(GPtrArray) losses = g_ptr_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    guint affected = 0;
    for (size_t i = 0; i < json_array_size(instances); i++) {
        const json_t *instance = json_array_get(instances, i), *lost = json_object_get(instance, "lost");
        const char *id = json_member_text(instance, "instanceId");
        if (!is_wanted(ids, id) || json_array_size(lost) == 0)
            continue;
        if (affected++ < NAMED_MAX)
            g_string_append_printf(text, "%s%s", affected > 1 ? ", " : "", id);
        for (size_t k = 0; k < json_array_size(lost); k++)
            loss_number(losses, json_string_value(json_array_get(lost, k)));
    }
    if (affected == 0)
        return NULL;
    if (affected > NAMED_MAX)
        g_string_append_printf(text, " and %u more", affected - NAMED_MAX);
    g_string_prepend(text, affected > 1 ? "Lost on instances " : "Lost on instance ");
    g_string_append_c(text, ':');
    for (guint i = 0; i < losses->len; i++)
        g_string_append_printf(text, "\n  - %s", (const char *)g_ptr_array_index(losses, i));
    g_string_append_printf(text, "\n%s", ask);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
