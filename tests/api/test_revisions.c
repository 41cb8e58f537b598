/* A set's recorded revisions, and going back to one of them. */
#include "base/json.h"
#include "rows.h"

#include <string.h>

#define PROFILE    "properties.virtualMachineProfile"
#define TRUSTED    "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":true}}"
#define IN_PROFILE "{\"properties\":{\"virtualMachineProfile\":{"
#define IMAGE                                                                                                                  \
    "\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":"
#define TO(n)    "{\"revision\":" n "}"
#define TO_IF(n) "{\"rollbackTo\":" n "}"

/* What the store has of a revision. */
static StoreModel *
model_read(World *world, guint revision)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", &error);
    StoreModel *model = store_model_get(tx, set->id, revision, &error);
    g_assert_no_error(error);
    return model;
}

static json_t *
document_read(World *world, guint revision)
{
    g_autoptr(StoreModel) model = model_read(world, revision);
    g_assert_nonnull(model);
    json_t *document = json_loads(model->document, 0, NULL);
    g_assert_nonnull(document);
    return document;
}

/* Revision 1 as a set is created, 2 as it is upgraded: everything that an instance is made from is another. */
static void
upgraded_set_make(World *world)
{
    world_create(world, "s1", 2, "Standard_A1_v2", "gen1", NULL);
    g_autoptr(Answer) changed = world_must(
        world, 200, "PATCH", "@/s1",
        "{\"sku\":{\"name\":\"Standard_B1ms\"},\"properties\":{\"virtualMachineProfile\":{" IMAGE "\"1.0.0\"}},"
        "\"securityProfile\":" TRUSTED ",\"osProfile\":{\"adminUsername\":\"lab\",\"adminPassword\":\"Correct-Horse-77\","
        "\"customData\":\"c2VjcmV0\"},\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":{\"publisher\":"
        "\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\",\"settings\":{"
        "\"protocol\":\"tcp\",\"port\":22}}}]}}}}");
    answer_expect(changed, "properties.revision", "2");
}

static void
test_list_and_get(void)
{
    g_autoptr(World) world = world_new();
    upgraded_set_make(world);
    world_create(world, "s2", 0, "Standard_A1_v2", "gen1", NULL);
    const Row rows[] = {
        { "GET", "@/s1/revisions", NULL, 200, "value.0.name", "2" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.current", "true" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.instanceCount", "0" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.sku.name", "Standard_B1ms" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.imageReference.exactVersion", "1.0.0" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.securityProfile.uefiSettings.vTpmEnabled", "true" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.extensions.0", "health" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.virtualMachineProfile", NULL },
        { "GET", "@/s1/revisions", NULL, 200, "value.1.properties.current", "false" },
        { "GET", "@/s1/revisions", NULL, 200, "value.1.properties.instanceCount", "2" },
        { "GET", "@/s1/revisions", NULL, 200, "value.1.properties.securityProfile", NULL },
        { "GET", "@/s1/revisions", NULL, 200, "value.1.properties.extensions.0", NULL },
        { "GET", "@/s1/revisions", NULL, 200, "value.2", NULL },
        { "GET", "@/s1/revisions?$top=1", NULL, 200, "value.1", NULL },
        { "GET", "@/S1/Revisions/1", NULL, 200, PROFILE ".storageProfile.imageReference.sku", "gen1" },
        { "GET", "@/s1/revisions/2", NULL, 200, PROFILE ".osProfile.adminUsername", "lab" },
        { "GET", "@/s1/revisions/2", NULL, 200, PROFILE ".osProfile.customData", NULL },
        { "GET", "@/s1/revisions/2", NULL, 200, PROFILE ".osProfile.passwordHash", NULL },
        { "GET", "@/s1/revisions/3", NULL, 404, "error.code", "NotFound" },
        { "GET", "@/s1/revisions/0", NULL, 404, "error.code", "NotFound" },
        { "GET", "@/s1/revisions/99999999999", NULL, 404, "error.code", "NotFound" },
        { "GET", "@/s1/revisions/newest", NULL, 404, "error.code", "NotFound" },
        { "GET", "@/none/revisions", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", "@/s2/revisions", NULL, 200, "value.0.properties.instanceCount", "0" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) first = world_must(world, 200, "GET", "@/s1/revisions?$top=1", NULL);
    g_autofree char *next = answer_text(first, "nextLink");
    g_autofree char *target = g_strconcat("!", strstr(next, "/subscriptions"), NULL);
    g_autoptr(Answer) second = world_must(world, 200, "GET", target, NULL);
    answer_expect(second, "value.0.name", "1");
    answer_expect(second, "nextLink", NULL);
}

static void
test_back_to_exactly_what_was(void)
{
    g_autoptr(World) world = world_new();
    upgraded_set_make(world);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"sku\":{\"capacity\":3},\"tags\":{\"k\":\"v\"},\"properties\":{\"overprovision\":true}}"));
    world_settle(world);
    const Row rows[] = {
        { "POST", "@/s1/rollback", TO("1"), 200, "properties.revision", "4" },
        { "GET", "@/s1", NULL, 200, "sku.name", "Standard_A1_v2" },
        { "GET", "@/s1", NULL, 200, PROFILE ".securityProfile", NULL },
        { "GET", "@/s1", NULL, 200, PROFILE ".extensionProfile", NULL },
        /* what is the set's own stays */
        { "GET", "@/s1", NULL, 200, "sku.capacity", "3" },
        { "GET", "@/s1", NULL, 200, "tags.k", "v" },
        { "GET", "@/s1", NULL, 200, "properties.overprovision", "true" },
        /* and forward again, with what nobody could retype */
        { "POST", "@/s1/rollback", "{\"Revision\":\"2\"}", 200, "properties.revision", "5" },
        { "GET", "@/s1", NULL, 200, "sku.name", "Standard_B1ms" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.extensions.0", "health" },
        /* where it is already */
        { "POST", "@/s1/rollback", TO("5"), 200, "properties.revision", "5" },
        { "POST", "@/s1/rollback", TO("2"), 200, "properties.revision", "5" },
    };
    ROWS_RUN(world, rows);
    static const guint same[][2] = { { 1, 4 }, { 2, 5 } };
    for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autoptr(StoreModel) then = model_read(world, same[i][0]), now = model_read(world, same[i][1]);
        g_autoptr(json_t) before = document_read(world, same[i][0]), after = document_read(world, same[i][1]);
        g_assert_true(json_equal(json_path(before, PROFILE), json_path(after, PROFILE)));
        g_assert_cmpstr(then->effect_key, ==, now->effect_key);
        g_assert_cmpstr(then->image_urn, ==, now->image_urn);
        g_assert_cmpuint(then->size_vcpus, ==, now->size_vcpus);
    }
    g_autoptr(json_t) fifth = document_read(world, 5);
    g_assert_nonnull(json_path(fifth, PROFILE ".osProfile.passwordHash"));
    g_assert_cmpstr(json_string_value(json_path(fifth, PROFILE ".osProfile.customData")), ==, "c2VjcmV0");
}

/* "latest" is what it was then, whatever came since. */
static void
test_the_exact_version_is_kept(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 0, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", IN_PROFILE IMAGE "\"latest\"}}}}}"));
    answer_free(world_must(world, 200, "PATCH", "@/s1", IN_PROFILE IMAGE "\"1.0.0\"}}}}}"));
    answer_free(
        world_must(world, 201, "POST", "~/providers/Testudo.Images/import",
                   "{\"source\":\"/there\",\"definition\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\","
                   "\"version\":\"2.0.0\",\"hyperVGeneration\":\"V2\",\"architecture\":\"x64\",\"osType\":\"Linux\","
                   "\"securityType\":\"TrustedLaunchSupported\",\"guestAgent\":true,\"format\":\"qcow2\"}}"));
    const Row rows[] = {
        { "POST", "@/s1/rollback", TO("2"), 200, PROFILE ".storageProfile.imageReference.exactVersion", "1.1.0" },
        { "GET", "@/s1", NULL, 200, PROFILE ".storageProfile.imageReference.version", "latest" },
    };
    ROWS_RUN(world, rows);
}

static void
test_refusals(void)
{
    g_autoptr(World) world = world_new();
    upgraded_set_make(world);
    const Row rows[] = {
        { "POST", "@/s1/rollback", TO("3"), 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", TO("99999999999"), 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", TO("0"), 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", TO("-1"), 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", TO("\"one\""), 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", TO("null"), 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", "{}", 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", NULL, 400, "error.code", "InvalidRequestContent" },
        { "POST", "@/s1/rollback", "{\"revision\":1,\"capacity\":2}", 400, "error.target", "capacity" },
        { "POST", "@/none/rollback", TO("1"), 404, "error.code", "ResourceNotFound" },
        { "POST", "@/s1/whatIf", TO_IF("3"), 400, "error.target", "rollbackTo" },
        { "POST", "@/s1/whatIf", "{\"rollbackTo\":1,\"tags\":{}}", 400, "error.target", "tags" },
        { "POST", "@/new/whatIf", TO_IF("1"), 400, "error.target", "rollbackTo" },
        { "GET", "@/s1", NULL, 200, "properties.revision", "2" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) unknown = world_must(world, 400, "POST", "@/s1/rollback", TO("7"));
    g_autofree char *message = answer_text(unknown, "error.message");
    g_assert_nonnull(strstr(message, "there are: 1 to 2."));
}

/* An earlier model is judged as any other: here both its image and the way to it are gone. */
static void
test_rules_judge_what_is_gone_back_to(void)
{
    static const char disk[] = IN_PROFILE "\"storageProfile\":{\"dataDisks\":[{\"lun\":0,\"diskSizeGB\":1}]}}}}";
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", TRUSTED);
    answer_free(world_must(world, 200, "PATCH", "@/s1", disk));
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           IN_PROFILE IMAGE "\"1.1.0\"}},\"securityProfile\":{\"securityType\":\"Standard\"}}}}"));
    g_autoptr(Answer) all = world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}");
    world_expect_operation(world, all, "Succeeded", NULL);
    answer_free(world_must(world, 200, "DELETE",
                           "~/providers/Microsoft.Compute/locations/local/publishers/Testudo/artifacttypes/vmimage/offers/"
                           "mini/skus/gen2/versions/1.0.0",
                           NULL));
    g_autoptr(Answer) refused = world_ask(world, "POST", "@/s1/rollback", TO("2"));
    answer_expect(refused, "error.details.0.code", "PlatformImageNotFound");
    answer_expect(refused, "error.details.1.code", "OperationNotAllowed");
    g_assert_cmpint(refused->response->status, ==, 400);
    const Row rows[] = {
        { "POST", "@/s1/whatIf", TO_IF("2"), 200, "status", "Refused" },
        { "POST", "@/s1/whatIf", TO_IF("2"), 200, "error.details.1.code", "OperationNotAllowed" },
        { "GET", "@/s1", NULL, 200, "properties.revision", "3" },
    };
    ROWS_RUN(world, rows);
}

static void
test_it_takes_over_and_instances_follow(void)
{
    g_autoptr(World) world = world_new();
    upgraded_set_make(world);
    g_autoptr(Answer) first = world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\"]}");
    world_expect_operation(world, first, "Succeeded", NULL);
    g_autoptr(Answer) going = world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"1\"]}");
    const Row rows[] = {
        { "POST", "@/s1/whatIf", TO_IF("1"), 200, "instances.0.change", "reimage" },
        { "POST", "@/s1/whatIf", TO_IF("1"), 200, "instances.1.change", "nothing" },
        { "POST", "@/s1/whatIf", TO_IF("1"), 200, "status", "Accepted" },
        { "POST", "@/s1/rollback", TO("1"), 200, "properties.revision", "3" },
    };
    ROWS_RUN(world, rows);
    world_expect_operation(world, going, "Canceled", "OperationPreempted");
    g_autoptr(Answer) all = world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}");
    world_expect_operation(world, all, "Succeeded", NULL);
    const Row after[] = {
        { "GET", "@/s1/virtualMachines/0", NULL, 200, "sku.name", "Standard_A1_v2" },
        { "GET", "@/s1/virtualMachines/0", NULL, 200, "properties.latestModelApplied", "true" },
        { "GET", "@/s1/virtualMachines/1", NULL, 200, "properties.latestModelApplied", "true" },
        { "GET", "@/s1/revisions/3", NULL, 200, "properties.instanceCount", "2" },
    };
    ROWS_RUN(world, after);
}

static void
test_preconditions(void)
{
    g_autoptr(World) world = world_new();
    upgraded_set_make(world);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *target = world_target(world, "@/s1/rollback");
    const struct {
        const char *if_match;
        int status;
    } cases[] = { { "\"1\"", 412 }, { api_response_header(set->response, "ETag"), 200 } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const ApiRequest request = { .method = "POST",
                                     .target = target,
                                     .base_url = "https://h",
                                     .caller = "owner",
                                     .if_match = cases[i].if_match,
                                     .body = TO("1"),
                                     .body_length = strlen(TO("1")) };
        g_autoptr(Answer) answer = world_ask_request(world, &request);
        g_assert_cmpint(answer->response->status, ==, cases[i].status);
    }
}

static void
test_the_newest_twenty_are_kept_and_those_in_use(void)
{
    g_autoptr(World) world = world_new();
    upgraded_set_make(world);
    for (guint i = 0; i < 24; i++) {
        g_autofree char *body = g_strdup_printf("{\"sku\":{\"name\":\"%s\"}}", i % 2 ? "Standard_B1ms" : "Standard_B2s");
        answer_free(world_must(world, 200, "PATCH", "@/s1", body));
    }
    const Row rows[] = {
        { "GET", "@/s1/revisions", NULL, 200, "value.19.name", "7" },
        { "GET", "@/s1/revisions", NULL, 200, "value.20.name", "1" },
        { "GET", "@/s1/revisions", NULL, 200, "value.21", NULL },
        { "POST", "@/s1/rollback", TO("2"), 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", TO("1"), 200, "sku.name", "Standard_A1_v2" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) unknown = world_must(world, 404, "GET", "@/s1/revisions/2", NULL);
    g_autofree char *message = answer_text(unknown, "error.message");
    g_assert_nonnull(strstr(message, "there are: 1, 8 to 27."));
}

static void
tags_change(World *world, guint times)
{
    for (guint i = 0; i < times; i++) {
        g_autofree char *body = g_strdup_printf("{\"tags\":{\"n\":\"%u\"}}", i);
        answer_free(world_must(world, 200, "PATCH", "@/s1", body));
    }
}

/* Tags, policy and capacity are not gone back to: however often they are changed, no way back is lost by it. */
static void
test_what_is_not_restored_does_not_count(void)
{
    g_autoptr(World) world = world_new();
    upgraded_set_make(world);
    g_autoptr(Answer) all = world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}");
    world_expect_operation(world, all, "Succeeded", NULL);
    g_autoptr(Answer) before = world_must(world, 200, "GET", "@/s1/revisions/2", NULL);
    g_autofree char *made = answer_text(before, "properties.timeCreated");
    world_advance(world, 60 * G_USEC_PER_SEC);
    tags_change(world, 24);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"upgradePolicy\":{\"rollingUpgradePolicy\":{\"maxBatchInstancePercent\":30}}}}"));
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":3}}"));
    world_settle(world);
    answer_free(world_must(world, 202, "POST", "@/s1/delete", "{\"instanceIds\":[\"1\"]}"));
    world_settle(world);
    const Row rows[] = {
        { "GET", "@/s1/revisions", NULL, 200, "value.0.name", "29" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.firstRevision", "2" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.current", "true" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.instanceCount", "2" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.timeCreated", made },
        { "GET", "@/s1/revisions", NULL, 200, "value.1.name", "1" },
        { "GET", "@/s1/revisions", NULL, 200, "value.1.properties.firstRevision", "1" },
        { "GET", "@/s1/revisions", NULL, 200, "value.2", NULL },
        /* a number that was noted down is good still */
        { "GET", "@/s1/revisions/3", NULL, 200, "name", "29" },
        { "POST", "@/s1/rollback", TO("3"), 200, "properties.revision", "29" },
        { "POST", "@/s1/rollback", TO("30"), 400, "error.target", "revision" },
        { "POST", "@/s1/rollback", TO("1"), 200, "sku.name", "Standard_A1_v2" },
        { "GET", "@/s1", NULL, 200, "tags.n", "23" },
        { "GET", "@/s1", NULL, 200, "sku.capacity", "2" },
        { "GET", "@/s1", NULL, 200, "properties.upgradePolicy.rollingUpgradePolicy.maxBatchInstancePercent", "30" },
        { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.firstRevision", "30" },
        { "GET", "@/s1/revisions", NULL, 200, "value.2.name", "1" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) unknown = world_must(world, 400, "POST", "@/s1/rollback", TO("31"));
    g_autofree char *message = answer_text(unknown, "error.message");
    g_assert_nonnull(strstr(message, "there are: 1 to 30."));
    /* and the one that was left is found by each of its numbers */
    tags_change(world, 24);
    const Row after[] = {
        { "GET", "@/s1/revisions", NULL, 200, "value.0.name", "54" },
        { "GET", "@/s1/revisions", NULL, 200, "value.1.name", "29" },
        { "GET", "@/s1/revisions", NULL, 200, "value.3", NULL },
        { "POST", "@/s1/rollback", TO("4"), 200, "sku.name", "Standard_B1ms" },
    };
    ROWS_RUN(world, after);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/revisions/list-and-get", test_list_and_get);
    g_test_add_func("/revisions/back-to-exactly-what-was", test_back_to_exactly_what_was);
    g_test_add_func("/revisions/the-exact-version-is-kept", test_the_exact_version_is_kept);
    g_test_add_func("/revisions/refusals", test_refusals);
    g_test_add_func("/revisions/rules-judge-what-is-gone-back-to", test_rules_judge_what_is_gone_back_to);
    g_test_add_func("/revisions/it-takes-over-and-instances-follow", test_it_takes_over_and_instances_follow);
    g_test_add_func("/revisions/preconditions", test_preconditions);
    g_test_add_func("/revisions/the-newest-twenty-are-kept-and-those-in-use", test_the_newest_twenty_are_kept_and_those_in_use);
    g_test_add_func("/revisions/what-is-not-restored-does-not-count", test_what_is_not_restored_does_not_count);
    return g_test_run();
}
