/* What a change would do to each instance, as the daemon answers it, and the question before
 * something is lost. */
#include "cli/vmss.h"

#include <stdio.h>
#include <string.h>

/* So many instances are named in a question; the rest are counted. */
#define NAMED_MAX 10

json_t *
what_if_ask(Cli *cli, const json_t *body, GError **error)
{
    g_autofree char *path = cli_set_path(cli, "/whatIf");
    g_auto(Reply) reply = {0};
    return client_send(cli->client, "POST", path, body, &reply, error)
               ? g_steal_pointer(&reply.body)
               : NULL;
}

static const char *
change_words(const char *change)
{
    static const struct {
        const char *change, *words;
    } known[] = {
        {"nothing", "no change"}, {"inPlace", "in place"},    {"restart", "restart"},
        {"redeploy", "redeploy"}, {"reimage", "new OS disk"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_strcmp0(known[i].change, change) == 0)
            return known[i].words;
    }
    return change ? change : "";
}

static void
refusals_print(const json_t *error)
{
    const json_t *details = json_object_get(error, "details");
    size_t n = json_array_size(details);
    printf("Refused: the daemon would not accept this, and nothing would be changed.\n");
    for (size_t i = 0; i < MAX(n, 1); i++) {
        const json_t *one = n > 0 ? json_array_get(details, i) : error;
        const char *target = json_member_text(one, "target");
        printf("  - (%s) %s%s%s%s\n", json_member_text(one, "code"),
               json_member_text(one, "message"), target ? " [" : "", target ? target : "",
               target ? "]" : "");
    }
}

static void
count_print(const json_t *summary, const char *name, const char *what)
{
    json_int_t count = json_integer_value(json_object_get(summary, name));
    if (count > 0)
        printf("%d %s\n", (int)count, what);
}

static void
texts_print(const char *title, const json_t *texts)
{
    size_t i;
    json_t *text;
    if (json_array_size(texts) > 0)
        printf("%s\n", title);
    json_array_foreach((json_t *)texts, i, text)
    {
        printf("  - %s\n", json_string_value(text));
    }
}

/* One line an instance, and below it what it loses: a cell would be too narrow for sentences. */
static void
instances_print(const json_t *instances)
{
    size_t i;
    json_t *instance;
    if (json_array_size(instances) == 0)
        return;
    printf("\nInstance  When brought to the model\n--------  ---------------------------\n");
    json_array_foreach((json_t *)instances, i, instance)
    {
        const json_t *lost = json_object_get(instance, "lost");
        printf("%-8s  %s\n", json_member_text(instance, "instanceId"),
               change_words(json_member_text(instance, "change")));
        for (size_t k = 0; k < json_array_size(lost); k++)
            printf("          lost: %s\n", json_string_value(json_array_get(lost, k)));
    }
}

static void
table_print(const json_t *answer)
{
    const json_t *refusal = json_object_get(answer, "error"),
                 *summary = json_object_get(answer, "summary");
    if (refusal)
        refusals_print(refusal);
    else
        printf("Accepted: the daemon would take this as the set's new model.\n");
    instances_print(json_object_get(answer, "instances"));
    printf("\n");
    count_print(summary, "create", "new instance(s) would be made.");
    count_print(summary, "delete", "instance(s) would be deleted, with their OS disks.");
    texts_print("Warnings:", json_object_get(answer, "warnings"));
    if (!refusal && json_member_text(answer, "when"))
        printf("%s\n", json_member_text(answer, "when"));
}

void
what_if_show(Cli *cli, const json_t *answer)
{
    if (cli->format == OUTPUT_TABLE)
        table_print(answer);
    else if (cli->format == OUTPUT_TSV)
        output_print(json_object_get(answer, "instances"),
                     (const Column[]){
                         {"InstanceId", "instanceId"}, {"Change", "change"}, {"Lost", "lost"}, {0}},
                     cli->format);
    else
        output_print(answer, NULL, cli->format);
    if (json_object_get(answer, "error"))
        cli->status = CLI_FAILED;
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

/* The losses of the wanted instances, each once, with the instances that have it; NULL where
 * nothing is lost. */
static char *
losses_text(const json_t *instances, const char *const *ids)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) losses = g_string_new(NULL), names = g_string_new(NULL);
    guint affected = 0;
    size_t i, k;
    json_t *instance, *lost;
    json_array_foreach((json_t *)instances, i, instance)
    {
        const char *id = json_member_text(instance, "instanceId");
        if (!is_wanted(ids, id) || json_array_size(json_object_get(instance, "lost")) == 0)
            continue;
        if (affected++ < NAMED_MAX)
            g_string_append_printf(names, "%s%s", affected > 1 ? ", " : "", id);
        json_array_foreach(json_object_get(instance, "lost"), k, lost)
        {
            if (g_hash_table_add(seen, (gpointer)json_string_value(lost)))
                g_string_append_printf(losses, "\n  - %s", json_string_value(lost));
        }
    }
    if (affected == 0)
        return NULL;
    if (affected > NAMED_MAX)
        g_string_append_printf(names, " and %u more", affected - NAMED_MAX);
    return g_strdup_printf("Lost on instance%s %s:%s\nGo on?", affected > 1 ? "s" : "", names->str,
                           losses->str);
}

gboolean
what_if_confirm(Cli *cli, const char *const *ids, GError **error)
{
    if (args_flag(cli->args, "yes"))
        return TRUE;
    g_autoptr(json_t) no_change = json_object();
    g_autoptr(json_t) answer = what_if_ask(cli, no_change, error);
    if (!answer)
        return FALSE;
    g_autofree char *question = losses_text(json_object_get(answer, "instances"), ids);
    return !question || cli_confirm(cli, question, error);
}
