/* What-if in words, and the question before a loss. */
#include "cli/what_if_text.h"

#include <string.h>

static const char accepted[] = "{'status':'Accepted','summary':{'reimage':2,'nothing':1,'create':1,'delete':0},'instances':["
                               "{'instanceId':'0','change':'reimage','parts':['new size','new OS disk'],'lost':['OS disk: all "
                               "of it.','vTPM: keys.']},"
                               "{'instanceId':'1','change':'nothing','lost':[]},"
                               "{'instanceId':'12','change':'reimage','lost':['OS disk: all of it.']}],"
                               "'warnings':['OS disk: all of it.','Secure Boot is off.'],'when':'Instances follow when they "
                               "are named.'}";

static json_t *
json_of(const char *text)
{
    g_autofree char *quoted = g_strdelimit(g_strdup(text), "'", '"');
    json_t *value = json_loads(quoted, 0, NULL);
    g_assert_nonnull(value);
    return value;
}

static void
an_accepted_change(void)
{
    g_autoptr(json_t) answer = json_of(accepted);
    g_autofree char *text = what_if_text(answer);
    g_assert_cmpstr(text, ==,
                    "Accepted: the daemon would take this as the set's new model.\n"
                    "\n"
                    "Instance  Change       Lost     What is new\n"
                    "--------  -----------  -------  -----------\n"
                    "0         new OS disk  (1) (2)  new size, new OS disk\n"
                    "1         no change    nothing\n"
                    "12        new OS disk  (1)\n"
                    "\n"
                    "(1) OS disk: all of it.\n"
                    "(2) vTPM: keys.\n"
                    "\n"
                    "1 new instance(s) would be made.\n"
                    "Warnings:\n"
                    "  - Secure Boot is off.\n"
                    "Instances follow when they are named.\n");
}

static void
what_was_looked_up_before(void)
{
    g_autoptr(json_t) answer =
        json_of("{'status':'Accepted','summary':{},'instances':["
                "{'instanceId':'0','change':'restart','lost':[],'assessment':{'status':'Assessed','refused':["
                "{'kind':'KernelModule','name':'nvidia','reason':'It is unsigned.'}]}},"
                "{'instanceId':'1','change':'restart','lost':[],'assessment':{'status':'NotAssessed','reason':'Never.'}},"
                "{'instanceId':'2','change':'restart','lost':[],'assessment':{'status':'NotAssessed','reason':'Old.'}},"
                "{'instanceId':'3','change':'restart','lost':[],'assessment':{'status':'NotAssessed','reason':'Never.'}},"
                "{'instanceId':'4','change':'nothing','lost':[]}],'warnings':[],'when':'later'}");
    g_autofree char *text = what_if_text(answer);
    g_assert_nonnull(strstr(text, "\nSecure Boot would refuse:\n  - instance 0: KernelModule nvidia: It is unsigned.\n"));
    g_assert_nonnull(strstr(text, "is not known.\n  - 1, 3: Never.\n  - 2: Old.\n"));
    g_assert_null(strstr(text, "4:"));
}

static void
warnings_alone(void)
{
    g_autoptr(json_t) answer = json_of(accepted), none = json_of("{'instances':[],'warnings':[]}");
    g_autofree char *text = what_if_warnings(answer);
    g_assert_cmpstr(text, ==, "Warning: Secure Boot is off.\n");
    g_assert_null(what_if_warnings(none));
}

static void
a_refused_change_names_every_rule(void)
{
    g_autoptr(json_t) answer = json_of("{'status':'Refused','summary':{},'instances':[],'warnings':[],'when':'later',"
                                       "'error':{'code':'BadRequest','message':'Two rules.','details':["
                                       "{'code':'BadRequest','message':'The size.','target':'sku.name'},"
                                       "{'code':'OperationNotAllowed','message':'The quota.'}]}}");
    g_autofree char *text = what_if_text(answer);
    g_assert_cmpstr(text, ==,
                    "Refused: the daemon would not accept this, and nothing would be changed.\n"
                    "  - (BadRequest) The size. [sku.name]\n"
                    "  - (OperationNotAllowed) The quota.\n"
                    "\n");
}

static void
the_question_names_what_the_wanted_ones_lose(void)
{
    g_autoptr(json_t) answer = json_of(accepted);
    g_autofree char *none = what_if_question(answer, (const char *const[]){ "1", NULL }, "Update?");
    g_assert_null(none);
    g_autofree char *one = what_if_question(answer, (const char *const[]){ "12", NULL }, "Roll back?");
    g_assert_cmpstr(one, ==, "Lost on instance 12:\n  - OS disk: all of it.\nRoll back?");
    g_autofree char *all = what_if_question(answer, (const char *const[]){ "*", NULL }, "Update?");
    g_assert_cmpstr(all, ==, "Lost on instances 0, 12:\n  - OS disk: all of it.\n  - vTPM: keys.\nUpdate?");
}

static void
many_instances_are_counted(void)
{
    g_autoptr(json_t) answer = json_object();
    json_t *list = json_array();
    for (int i = 0; i < 25; i++) {
        g_autofree char *id = g_strdup_printf("%d", i);
        json_array_append_new(list, json_pack("{ss ss s[s]}", "instanceId", id, "change", "reimage", "lost", "x"));
    }
    json_object_set_new(answer, "instances", list);
    g_autofree char *question = what_if_question(answer, NULL, "Update?");
    g_assert_cmpstr(question, ==, "Lost on instances 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 15 more:\n  - x\nUpdate?");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/what_if/warnings-alone", warnings_alone);
    g_test_add_func("/what_if/what-was-looked-up-before", what_was_looked_up_before);
    g_test_add_func("/what_if/an_accepted_change", an_accepted_change);
    g_test_add_func("/what_if/a_refused_change_names_every_rule", a_refused_change_names_every_rule);
    g_test_add_func("/what_if/the_question_names_what_the_wanted_ones_lose", the_question_names_what_the_wanted_ones_lose);
    g_test_add_func("/what_if/many_instances_are_counted", many_instances_are_counted);
    return g_test_run();
}
