/* --set PATH=VALUE: what is sent for it. */
#include "cli/set_path.h"

static const char model_text[] = "{'location':'local','tags':{'owner':'me'},'sku':{'name':'Standard_B1s','capacity':2},'"
                                 "properties':{"
                                 "'virtualMachineProfile':{'storageProfile':{'imageReference':{'sku':'gen1','version':'1.0.0'},"
                                 "'dataDisks':[{'lun':0,'diskSizeGB':1},{'lun':5,'diskSizeGB':2}]}}}}";

/* JSON with ' for ". */
static json_t *
json_of(const char *text)
{
    g_autofree char *quoted = g_strdelimit(g_strdup(text), "'", '"');
    json_t *value = json_loads(quoted, 0, NULL);
    g_assert_nonnull(value);
    return value;
}

#define STORAGE "{'properties':{'virtualMachineProfile':{'storageProfile':"

static void
sends_what_was_named_and_no_more(void)
{
    static const struct {
        const char *assignment, *changes;
    } cases[] = {
        { "sku.name=Standard_B1ms", "{'sku':{'name':'Standard_B1ms'}}" },
        { "sku.capacity=5", "{'sku':{'capacity':5}}" },
        { "virtualMachineProfile.storageProfile.imageReference.sku=gen2", STORAGE "{'imageReference':{'sku':'gen2'}}}}}" },
        { "properties.virtualMachineProfile.storageProfile.imageReference.sku=gen2",
          STORAGE "{'imageReference':{'sku':'gen2'}}}}}" },
        { "VIRTUALMACHINEPROFILE.storageprofile.imagereference.SKU=gen2", STORAGE "{'imageReference':{'sku':'gen2'}}}}}" },
        /* a text that is there stays a text; a new member is JSON where it reads so */
        { "virtualMachineProfile.storageProfile.imageReference.version=2022",
          STORAGE "{'imageReference':{'version':'2022'}}}}}" },
        { "overprovision=false", "{'properties':{'overprovision':false}}" },
        { "a.b.c=null", "{'properties':{'a':{'b':{'c':null}}}}" },
        { "upgradePolicy={\"mode\":\"Manual\"}", "{'properties':{'upgradePolicy':{'mode':'Manual'}}}" },
        { "x=a=b", "{'properties':{'x':'a=b'}}" },
        { "x=", "{'properties':{'x':''}}" },
        /* lists and tags go whole, the other entries as they are */
        { "tags.cost=7", "{'tags':{'owner':'me','cost':'7'}}" },
        { "virtualMachineProfile.storageProfile.dataDisks[1].diskSizeGB=9",
          STORAGE "{'dataDisks':[{'lun':0,'diskSizeGB':1},{'lun':5,'diskSizeGB':9}]}}}}" },
        { "virtualMachineProfile.storageProfile.dataDisks[lun=5].caching=None",
          STORAGE "{'dataDisks':[{'lun':0,'diskSizeGB':1},{'lun':5,'diskSizeGB':2,'caching':'None'}]}}}}" },
        { "virtualMachineProfile.storageProfile.dataDisks=[]", STORAGE "{'dataDisks':[]}}}}" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) model = json_of(model_text), changes = json_object();
        g_autoptr(json_t) expected = json_of(cases[i].changes), before = json_deep_copy(model);
        set_path_apply(changes, model, cases[i].assignment, &error);
        g_assert_no_error(error);
        if (!json_equal(changes, expected)) {
            g_autofree char *text = json_text(changes);
            g_error("'%s' sends %s", cases[i].assignment, text);
        }
        g_assert_true(json_equal(model, before));
    }
}

static void
several_build_one_body(void)
{
    static const char prefix[] = "virtualMachineProfile.storageProfile.dataDisks";
    g_autoptr(json_t) model = json_of(model_text), changes = json_object();
    g_autofree char *first = g_strconcat(prefix, "[0].diskSizeGB=7", NULL);
    g_autofree char *second = g_strconcat(prefix, "[1].diskSizeGB=8", NULL);
    g_autoptr(json_t) expected = json_of(STORAGE "{'dataDisks':[{'lun':0,'diskSizeGB':7},{'lun':5,'diskSizeGB':8}]}}}}");
    g_assert_true(set_path_apply(changes, model, first, NULL));
    g_assert_true(set_path_apply(changes, model, second, NULL));
    g_assert_true(json_equal(changes, expected));
}

static void
a_create_has_no_model(void)
{
    g_autoptr(json_t) changes = json_object(), expected = json_of("{'tags':{'a':'b'}}");
    g_assert_true(set_path_apply(changes, NULL, "tags.a=b", NULL));
    g_assert_true(json_equal(changes, expected));
}

static void
wrong_paths_are_refused(void)
{
    static const struct {
        const char *assignment, *says;
    } cases[] = {
        { "", "--set is PATH=VALUE" },
        { "sku.name", "--set is PATH=VALUE" },
        { "=x", "--set is PATH=VALUE" },
        { "a..b=x", "--set is PATH=VALUE" },
        { ".a=x", "--set is PATH=VALUE" },
        { "a.=x", "--set is PATH=VALUE" },
        { "a[=x", "--set is PATH=VALUE" },
        { "a[]=x", "--set is PATH=VALUE" },
        { "a[one].b=x", "--set is PATH=VALUE" },
        { "a[-1].b=x", "--set is PATH=VALUE" },
        { "a[0]b=x", "--set is PATH=VALUE" },
        { "a\xff=x", "--set is PATH=VALUE" },
        { "virtualMachineProfile.storageProfile.dataDisks[2].lun=1", "the list has 2 entries" },
        { "virtualMachineProfile.storageProfile.dataDisks[lun=1].lun=2", "no entry of the list has lun=1" },
        { "virtualMachineProfile.storageProfile.dataDisks[0]=1", "name a member of the entry" },
        { "virtualMachineProfile.storageProfile.dataDisks.lun=1", "something that has no members" },
        { "sku[0].name=x", "is no list" },
        { "nothing[0].name=x", "is no list" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) model = json_of(model_text), changes = json_object();
        g_assert_false(set_path_apply(changes, model, cases[i].assignment, &error));
        g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
        if (!strstr(error->message, cases[i].says))
            g_error("'%s' says: %s", cases[i].assignment, error->message);
    }
}

static void
copies_from_the_model_are_known(void)
{
    g_autoptr(json_t) plain = json_of("{'sku':{'name':'x'}}"), tags = json_of("{'tags':{}}");
    g_autoptr(json_t) list = json_of("{'properties':{'a':{'b':[1]}}}");
    g_assert_false(set_path_copies(plain));
    g_assert_true(set_path_copies(tags));
    g_assert_true(set_path_copies(list));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/set_path/sends_what_was_named_and_no_more", sends_what_was_named_and_no_more);
    g_test_add_func("/set_path/several_build_one_body", several_build_one_body);
    g_test_add_func("/set_path/a_create_has_no_model", a_create_has_no_model);
    g_test_add_func("/set_path/wrong_paths_are_refused", wrong_paths_are_refused);
    g_test_add_func("/set_path/copies_from_the_model_are_known", copies_from_the_model_are_known);
    return g_test_run();
}
