/* What scale sets are made of here: sizes, images and models, and whether a model is one that is to be accepted. */
#include "sim.h"

#include "base/json.h"

const SimSize sim_sizes[] = {
    { "Standard_A1_v2", "standardAv2Family", 1, 2, TRUE, FALSE, FALSE },
    { "Standard_A2_v2", "standardAv2Family", 2, 4, TRUE, FALSE, FALSE },
    { "Standard_B1ms", "standardBSFamily", 1, 2, TRUE, TRUE, TRUE },
    { "Standard_B2s", "standardBSFamily", 2, 4, TRUE, TRUE, TRUE },
    { "Standard_B4ms", "standardBSFamily", 4, 8, TRUE, TRUE, TRUE },
    { "Standard_D2s_v5", "standardDSv5Family", 2, 4, TRUE, TRUE, TRUE },
    { "Standard_F2as_v6", "StandardFasv6Family", 2, 4, FALSE, TRUE, TRUE },
    { "Standard_M8ms", "standardMSFamily", 8, 8, TRUE, TRUE, FALSE },
};
const guint sim_n_sizes = G_N_ELEMENTS(sim_sizes);

/* Those that world.c puts there. */
const SimImage sim_images[] = {
    { "gen1", "1.0.0", 1, .agent = TRUE, .rank = 10 },
    { "gen2", "1.0.0", 2, .bootable = TRUE, .agent = TRUE, .rank = 10 },
    { "gen2", "1.1.0", 2, .bootable = TRUE, .agent = TRUE, .rank = 20 },
    { "gen2-noagent", "1.0.0", 2, .bootable = TRUE, .rank = 10 },
    { "gen2", "1.2.0-unhealthy", 2, .bootable = TRUE, .agent = TRUE, .unhealthy = TRUE, .rank = 30, .pre_release = TRUE },
    { "gen2-unsigned", "1.0.0", 2, .agent = TRUE, .rank = 10 },
    /* What may be imported; the last one of a sku comes in the end. */
    { "gen1", "1.1.0", 1, .agent = TRUE, .rank = 20 },
    { "gen1", "1.2.0", 1, .agent = TRUE, .unhealthy = TRUE, .rank = 30 },
    { "gen1", "9.0.0", 1, .agent = TRUE, .rank = SIM_RANK_LAST },
    { "gen2", "1.0.5", 2, .bootable = TRUE, .agent = TRUE, .rank = 15 },
    { "gen2", "1.3.0", 2, .bootable = TRUE, .agent = TRUE, .rank = 40 },
    { "gen2", "1.4.0", 2, .bootable = TRUE, .agent = TRUE, .unhealthy = TRUE, .rank = 50 },
    { "gen2", "1.5.0", 1, .agent = TRUE, .rank = 55 },
    { "gen2", "1.6.0", 2, .bootable = TRUE, .agent = TRUE, .rank = 60 },
    { "gen2", "1.7.0", 2, .bootable = TRUE, .agent = TRUE, .unhealthy = TRUE, .rank = 65 },
    { "gen2", "1.8.0", 2, .bootable = TRUE, .agent = TRUE, .rank = 70 },
    { "gen2", "2.0.0-rc1", 2, .bootable = TRUE, .agent = TRUE, .rank = 80, .pre_release = TRUE },
    { "gen2", "9.0.0", 2, .bootable = TRUE, .agent = TRUE, .rank = SIM_RANK_LAST },
};
const guint sim_n_images = 6, sim_n_all_images = G_N_ELEMENTS(sim_images);

gboolean
model_is_valid(const SimModel *model)
{
    const SimSize *size = &sim_sizes[model->size];
    const SimImage *image = &sim_images[model->image];
    if (model->policy.os_enabled && (!model->latest || model->health == 0))
        return FALSE;
    if (image->generation == 2 ? !size->v2 : !size->v1)
        return FALSE;
    if (model->trusted && (!size->trusted || image->generation != 2))
        return FALSE;
    return model->disks <= size->disks_max;
}

/* May the extension be added? Where it is, it stays. */
gboolean
model_attestable(const SimModel *model)
{
    return model->trusted && model->secure_boot && model->vtpm;
}

/* Nothing is heard of a guest without an agent. */
gboolean
model_is_well(const SimModel *model)
{
    const SimImage *image = &sim_images[model->image];
    gboolean proven = !model->attested || (image->agent || !model->vtpm);
    return (image->bootable || !model->secure_boot) && (model->health == 0 || (image->agent && !image->unhealthy)) && proven;
}

gboolean
model_same_launch(const SimModel *a, const SimModel *b)
{
    return a->size == b->size && a->image == b->image && a->trusted == b->trusted && a->secure_boot == b->secure_boot &&
           a->vtpm == b->vtpm && a->disks == b->disks;
}

gboolean
model_same_effect(const SimModel *a, const SimModel *b)
{
    return model_same_launch(a, b) && a->health == b->health && a->attested == b->attested && a->deviation == b->deviation;
}

/* One in eight has forty instances. */
static guint
capacity_random(Random *random)
{
    return random_chance(random, 12) ? random_between(random, 20, 40) : random_between(random, 1, 12);
}

SimModel
model_random(Sim *sim)
{
    SimModel model;
    do {
        model = (SimModel){
            .size = random_below(&sim->fleet, sim_n_sizes),
            /* The last one is refused by Secure Boot, which is a fault of its own. */
            .image = random_below(&sim->fleet, sim->kind.faults ? sim_n_images : sim_n_images - 1),
            .trusted = random_chance(&sim->fleet, sim->kind.attested ? 85 : 40),
            .disks = random_chance(&sim->fleet, 25) ? random_between(&sim->fleet, 1, 3) : 0,
            .health = random_chance(&sim->fleet, 25) ? health_random(&sim->fleet) : 0,
            .flexible = random_chance(&sim->fleet, 15),
            .capacity = capacity_random(&sim->fleet),
        };
        if (sim->kind.disks && model.disks == 0)
            model.disks = random_below(&sim->fleet, 3);
        if (sim->kind.repairs && model.health == 0 && random_chance(&sim->fleet, 70))
            model.health = health_random(&sim->fleet);
        model.policy = policy_random(sim, &sim->fleet, model.flexible);
        if (sim->kind.images && random_chance(&sim->fleet, 90))
            follow_draw(sim, &sim->fleet, &model);
        model.secure_boot = model.trusted && random_chance(&sim->fleet, sim->kind.attested ? 90 : 60);
        model.vtpm = model.trusted && random_chance(&sim->fleet, sim->kind.attested ? 95 : 80);
        model.attested = sim->kind.attested && model_attestable(&model) && random_chance(&sim->fleet, 90);
        model.deviation = model.attested ? deviation_random(&sim->fleet) : DEVIATION_REPORTED;
    } while (!model_is_valid(&model));
    return model;
}

static json_t *
security_json(const SimModel *model)
{
    if (!model->trusted)
        return json_pack("{ss sn}", "securityType", "Standard", "uefiSettings");
    return json_pack("{ss s{sb sb}}", "securityType", "TrustedLaunch", "uefiSettings", "secureBootEnabled", model->secure_boot,
                     "vTpmEnabled", model->vtpm);
}

static json_t *
disks_json(const SimModel *model)
{
    json_t *list = json_array();
    for (guint lun = 0; lun < model->disks; lun++)
        json_array_append_new(list,
                              json_pack("{si ss si}", "lun", (int)lun, "createOption", "Empty", "diskSizeGB", (int)lun + 4));
    return list;
}

static json_t *
image_json(const SimModel *model)
{
    const SimImage *image = &sim_images[model->image];
    return json_pack("{ss ss ss ss}", "publisher", "Testudo", "offer", "mini", "sku", image->sku, "version",
                     model->latest ? "latest" : image->version);
}

/* How long a guest is given before its end; 0: it is not told. As the set was created, for good. */
static guint
notice_minutes(const SimModel *model)
{
    return model->capacity % 3 == 0 ? 5 + model->capacity % 11 : 0;
}

gint64
set_notice_usec(const SimSet *set)
{
    return notice_minutes(&g_array_index(set->models, SimModel, 0)) * 60 * USEC_PER_SEC;
}

static json_t *
notice_json(const SimModel *model)
{
    g_autofree char *time = g_strdup_printf("PT%uM", notice_minutes(model));
    return json_pack("{s{sb ss}}", "terminateNotificationProfile", "enable", 1, "notBeforeTimeout", time);
}

static json_t *
extensions_json(const SimModel *model)
{
    json_t *list = json_array();
    if (model->health > 0)
        json_array_append_new(list, health_json(model->health));
    if (model->attested)
        json_array_append_new(list, attestation_json(model->deviation));
    return json_pack("{so}", "extensions", list);
}

char *
model_body(const SimModel *model, const SimModel *before)
{
    g_autoptr(json_t) body = json_object();
    json_t *sku = json_object(), *storage = json_object(), *profile = json_object(), *properties = json_object();
    if (!before)
        json_object_set_new(body, "location", json_string("local"));
    if (!before || before->size != model->size)
        json_object_set_new(sku, "name", json_string(sim_sizes[model->size].name));
    if (!before || before->capacity != model->capacity)
        json_object_set_new(sku, "capacity", json_integer(model->capacity));
    if (!before || before->image != model->image || before->latest != model->latest)
        json_object_set_new(storage, "imageReference", image_json(model));
    if (before ? before->disks != model->disks : model->disks > 0)
        json_object_set_new(storage, "dataDisks", disks_json(model));
    json_object_set_new(profile, "storageProfile", storage);
    if (before ? before->trusted != model->trusted || before->secure_boot != model->secure_boot || before->vtpm != model->vtpm
               : model->trusted)
        json_object_set_new(profile, "securityProfile", security_json(model));
    if (before ? before->health != model->health || before->attested != model->attested || before->deviation != model->deviation
               : model->health > 0 || model->attested)
        json_object_set_new(profile, "extensionProfile", extensions_json(model));
    json_object_set_new(properties, "virtualMachineProfile", profile);
    if (!before && notice_minutes(model))
        json_object_set_new(profile, "scheduledEventsProfile", notice_json(model));
    if (!before && model->flexible)
        json_object_set_new(properties, "orchestrationMode", json_string("Flexible"));
    if (!before || !policy_same(&before->policy, &model->policy))
        policy_set(properties, &model->policy);
    json_object_set_new(body, "sku", sku);
    json_object_set_new(body, "properties", properties);
    if (model->tag && (!before || before->tag != model->tag)) {
        g_autofree char *tag = g_strdup_printf("%u", model->tag);
        json_object_set_new(body, "tags", json_pack("{ss}", "t", tag));
    }
    return json_dumps(body, JSON_COMPACT);
}

char *
model_urn(const SimModel *model)
{
    return g_strdup_printf("Testudo:mini:%s:%s", sim_images[model->image].sku, sim_images[model->image].version);
}
