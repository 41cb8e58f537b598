#include "model/change.h"

static const char *const kind_texts[CHANGE_N_KINDS] = {
    [CHANGE_NOTHING] = "nothing",   [CHANGE_IN_PLACE] = "inPlace", [CHANGE_RESTART] = "restart",
    [CHANGE_REDEPLOY] = "redeploy", [CHANGE_REIMAGE] = "reimage",
};

const char *
change_kind_text(ChangeKind kind)
{
    g_assert(kind < CHANGE_N_KINDS);
    return kind_texts[kind];
}

static gboolean
text_differs(const char *a, const char *b)
{
    return g_strcmp0(a, b) != 0;
}

static gboolean
keys_differ(const Model *from, const Model *to)
{
    if (from->ssh_keys->len != to->ssh_keys->len)
        return TRUE;
    for (guint i = 0; i < from->ssh_keys->len; i++) {
        if (text_differs(g_ptr_array_index(from->ssh_keys, i), g_ptr_array_index(to->ssh_keys, i)))
            return TRUE;
    }
    return FALSE;
}

static gboolean
extensions_differ(const Model *from, const Model *to)
{
    if (from->extensions->len != to->extensions->len || !health_extension_same(from->health, to->health) ||
        !attestation_extension_same(from->attestation, to->attestation))
        return TRUE;
    for (guint i = 0; i < from->extensions->len; i++) {
        const ModelExtension *a = g_ptr_array_index(from->extensions, i), *b = g_ptr_array_index(to->extensions, i);
        if (text_differs(a->name, b->name) || text_differs(a->publisher, b->publisher) || text_differs(a->type, b->type))
            return TRUE;
    }
    return FALSE;
}

/* What reaches a guest with its next new OS disk only. */
static gboolean
provisioning_differs(const Model *from, const Model *to)
{
    return text_differs(from->computer_name_prefix, to->computer_name_prefix) ||
           text_differs(from->admin_username, to->admin_username) || text_differs(from->password_hash, to->password_hash) ||
           text_differs(from->custom_data, to->custom_data) || keys_differ(from, to);
}

static gboolean
data_disks_differ(const Model *from, const Model *to)
{
    if (from->data_disks->len != to->data_disks->len)
        return TRUE;
    for (guint i = 0; i < from->data_disks->len; i++) {
        const DataDisk *a = g_ptr_array_index(from->data_disks, i), *b = g_ptr_array_index(to->data_disks, i);
        if (a->lun != b->lun || a->size_gib != b->size_gib)
            return TRUE;
    }
    return FALSE;
}

static void
heavier(Change *change, ChangeKind kind)
{
    change->kind = MAX(change->kind, kind);
}

static DeviationPolicy
consequence_of(const Model *model)
{
    return model->attestation ? model->attestation->deviation : DEVIATION_REPORTED;
}

static BaselinePolicy
baseline_policy_of(const Model *model)
{
    return model->attestation ? model->attestation->baseline : BASELINE_EXACT_DIGESTS;
}

Change
change_between(const Model *from, const Model *to)
{
    Change change = { .kind = CHANGE_NOTHING };

    change.waits_for_reimage = provisioning_differs(from, to);
    change.new_consequence = consequence_of(from) != consequence_of(to);
    change.new_baseline_policy = baseline_policy_of(from) != baseline_policy_of(to);
    if (change.waits_for_reimage || extensions_differ(from, to))
        heavier(&change, CHANGE_IN_PLACE);
    if (data_disks_differ(from, to) || from->os_disk_gib != to->os_disk_gib)
        heavier(&change, CHANGE_RESTART);
    if (from->secure_boot != to->secure_boot) {
        heavier(&change, CHANGE_RESTART);
        change.new_variables = TRUE;
    }
    if (from->vtpm != to->vtpm) {
        heavier(&change, CHANGE_RESTART);
        change.new_vtpm = to->vtpm;
    }
    if (from->security_type != to->security_type) {
        heavier(&change, CHANGE_RESTART);
        change.new_guest_state = TRUE;
    }
    if (g_ascii_strcasecmp(from->size_name, to->size_name) != 0) {
        heavier(&change, CHANGE_REDEPLOY);
        change.new_size = TRUE;
    }
    if (!image_ref_same(&from->image, &to->image)) {
        heavier(&change, CHANGE_REIMAGE);
        change.new_os_disk = TRUE;
        change.waits_for_reimage = FALSE;
        change.new_guest_state = TRUE;
        change.other_publisher = g_ascii_strcasecmp(from->image.publisher, to->image.publisher) != 0 ||
                                 g_ascii_strcasecmp(from->image.offer, to->image.offer) != 0;
    }
    if (change.new_guest_state) {
        change.new_variables = TRUE;
        change.new_vtpm = to->vtpm;
    }
    change.vtpm_lost = from->vtpm && (change.new_vtpm || !to->vtpm);
    return change;
}

gboolean
change_needs_surge(const Model *from, const Model *to)
{
    return from->security_type == SECURITY_STANDARD && to->security_type == SECURITY_TRUSTED_LAUNCH && to->data_disks->len > 0;
}

char **
change_parts(const Change *change)
{
    const struct {
        gboolean due;
        const char *text;
    } parts[] = {
        { change->new_size, "new size" },
        { change->new_os_disk, "new OS disk" },
        { change->new_guest_state, "new guest state" },
        { change->new_variables && !change->new_guest_state, "new UEFI variables" },
        { change->new_vtpm && !change->new_guest_state, "new vTPM" },
        { change->vtpm_lost && !change->new_vtpm && !change->new_guest_state, "vTPM removed" },
        { change->new_consequence, "what follows from a deviation of the boot" },
        { change->new_baseline_policy, "in what a boot may differ from its baseline" },
        { change->waits_for_reimage, "user, keys or host name with the next reimage" },
    };
    GStrvBuilder *list = g_strv_builder_new();
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].due)
            g_strv_builder_add(list, parts[i].text);
    }
    char **texts = g_strv_builder_end(list);
    g_strv_builder_unref(list);
    return texts;
}

char **
change_losses(const Change *change, guint generation)
{
    GStrvBuilder *losses = g_strv_builder_new();
    if (change->new_os_disk)
        g_strv_builder_add(losses, "OS disk: everything that was written to it since the instance was made. Data disks stay.");
    if (change->vtpm_lost)
        g_strv_builder_add(losses, "vTPM: every key and secret that is sealed to it.");
    if (change->new_variables && !change->new_os_disk && generation != 1)
        g_strv_builder_add(losses, "UEFI variables: boot entries and keys that the guest enrolled itself.");
    char **list = g_strv_builder_end(losses);
    g_strv_builder_unref(losses);
    return list;
}
