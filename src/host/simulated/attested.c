/* A VM's vTPM, and what the handler in its guest says of it. */
#include "host/simulated/fleet.h"

#include "base/guest_wire.h"
#include "base/hex.h"
#include "host/simulated/boot_log.h"
#include "host/simulated/bytes.h"

#include <string.h>

#define NONCE_SIZE 32
/* Parts are counted from 1: it is no VM's. */
#define STRANGER 0u
/* As many as evidence in files needs. */
#define FEW_PCRS (0x3ffu | 1u << 14)

/* Exit codes of testudo-guest, as its header has them. */
enum { EXIT_USAGE = 2, EXIT_NO_TPM = 3, EXIT_TPM_ERROR = 6, EXIT_NO_LOG = 8 };

void
sim_boot_remember(Sim *sim, const LaunchSpec *spec)
{
    sim->image = g_string_chunk_insert_const(sim->host->texts, spec->image_urn ? spec->image_urn : "");
    sim->vcpus = (guint16)spec->vcpus;
    sim->memory_mib = spec->memory_mib;
    sim->secure_boot = spec->secure_boot != 0;
}

/* ---- vTPMs ---- */

/* A host in memory alone lives as long as a test, of which there are thousands: the first vTPM of each of them has the same
 * keys, which are made once a process, and so on. */
static SimTpm *
tpm_make(Simulated *self)
{
    static GPtrArray *made;
    const guint n = self->n_tpms++;
    if (self->state_file)
        return sim_tpm_new();
    if (!made)
        made = g_ptr_array_new();
    if (n == made->len)
        g_ptr_array_add(made, sim_tpm_new());
    return sim_tpm_copy(g_ptr_array_index(made, n));
}

static const SimTpm *
tpm_know(Simulated *self, guint32 id)
{
    SimTpm *tpm = g_hash_table_lookup(self->tpms, GUINT_TO_POINTER(id));
    if (tpm)
        return tpm;
    tpm = tpm_make(self);
    g_hash_table_insert(self->tpms, GUINT_TO_POINTER(id), tpm);
    simulated_keep(self);
    return tpm;
}

/* NULL: it has none. */
static const SimTpm *
tpm_of(const Sim *sim)
{
    const SimPart *part = &sim->parts[PART_VTPM];
    return part->generation ? tpm_know(sim->host, part->id) : NULL;
}

void
simulated_tpm_forget(Simulated *self, guint32 id)
{
    g_hash_table_remove(self->tpms, GUINT_TO_POINTER(id));
}

void
sim_tpms_forget(const Sim *sim)
{
    if (sim->parts[PART_VTPM].generation)
        simulated_tpm_forget(sim->host, sim->parts[PART_VTPM].id);
    for (guint i = 0; i < sim->n_previous; i++) {
        if (sim->previous[i].part == PART_VTPM)
            simulated_tpm_forget(sim->host, sim->previous[i].made.id);
    }
}

GBytes *
simulated_vtpm_certificate(Host *host, const char *key, VtpmEk ek, GError **error)
{
    const Sim *sim = g_hash_table_lookup(((Simulated *)host)->sims, key);
    const SimTpm *tpm = sim ? tpm_of(sim) : NULL;
    if (tpm)
        return ek == VTPM_EK_P384 ? sim_tpm_certificate_p384(tpm) : sim_tpm_certificate(tpm);
    arm_fail(error, ARM_NOT_FOUND, NULL, "The simulated VM %s has no vTPM.", key);
    return NULL;
}

json_t *
simulated_tpms_json(const Simulated *self)
{
    json_t *tpms = json_object();
    GHashTableIter iter;
    gpointer id, tpm;
    g_hash_table_iter_init(&iter, self->tpms);
    while (g_hash_table_iter_next(&iter, &id, &tpm)) {
        g_autofree char *name = g_strdup_printf("%u", GPOINTER_TO_UINT(id));
        json_object_set_new(tpms, name, sim_tpm_json(tpm));
    }
    return tpms;
}

gboolean
simulated_tpms_read(Simulated *self, const json_t *tpms)
{
    const char *name;
    json_t *item;
    json_object_foreach((json_t *)tpms, name, item)
    {
        guint64 id;
        SimTpm *tpm = sim_tpm_read(item);
        if (!tpm || !g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32, &id, NULL)) {
            sim_tpm_free(tpm);
            return FALSE;
        }
        g_hash_table_insert(self->tpms, GUINT_TO_POINTER((guint32)id), tpm);
    }
    return TRUE;
}

/* ---- in the guest ---- */

/* Whichever answers there, by the guest's word. NULL: there is none. */
static const SimTpm *
tpm_in_guest(const Sim *sim)
{
    const SimTpm *own = tpm_of(sim);
    return own && sim->tampered == SIMULATED_OTHER_VTPM ? tpm_know(sim->host, STRANGER) : own;
}

/* Who makes up evidence with another vTPM's quotes can name any endorsement key, and yet has no use of it. */
static const SimTpm *
quoting_tpm(const Sim *sim)
{
    return sim->tampered == SIMULATED_OTHER_KEY ? tpm_know(sim->host, STRANGER) : tpm_in_guest(sim);
}

static void
part_put(GString *out, const char *name, const void *bytes, gsize size)
{
    g_string_append_printf(out, "%s %" G_GSIZE_FORMAT "\n", name, size);
    g_string_append_len(out, bytes, (gssize)size);
}

static void
bytes_part_put(GString *out, const char *name, GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    part_put(out, name, data, size);
}

#define BAD_MODULE "Loading of unsigned module is rejected\n"

/* The kernel's: another at each boot. */
static void
boot_id_put(GString *out, const Sim *sim)
{
    g_autofree char *boot = g_strdup_printf("%s %" G_GUINT64_FORMAT " %u", sim->key, sim->epoch, sim->reboots);
    g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, boot, -1);
    g_autofree char *id = g_strdup_printf("%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15, hex + 18);
    part_put(out, WIRE_BOOT_ID, id, strlen(id));
}

static void
evidence_put(GString *out, const Sim *sim, GBytes *nonce)
{
    const SimBoot boot = {
        .image_urn = sim->image,
        .vcpus = sim->vcpus,
        .memory_mib = sim->memory_mib,
        .secure_boot = sim->secure_boot && sim->tampered != SIMULATED_UNSECURED,
        .grub_changed = sim->tampered == SIMULATED_GRUB_CHANGED,
        .kernel_changed = sim->tampered == SIMULATED_KERNEL_CHANGED,
    };
    const SimTpm *tpm = tpm_in_guest(sim), *quoting = quoting_tpm(sim);
    const guint32 pcrs = sim->tampered == SIMULATED_FEW_PCRS ? FEW_PCRS : WIRE_QUOTED_PCRS;
    guint8 digest[BOOT_DIGEST_SIZE];
    Clock *clock = sim->host->clock;
    g_autoptr(GBytes) log = boot_log_make(&boot, pcrs, digest), attest = NULL, signature = NULL;
    g_autoptr(GBytes) certificate = sim_tpm_certificate(tpm);
    const SimQuote quote = {
        .nonce = nonce,
        .clock_ms = (guint64)(clock->now(clock) / USEC_PER_MSEC),
        .resets = sim->tampered == SIMULATED_ROLLED_BACK ? 1 : (guint32)sim->epoch + sim->reboots,
        .pcrs = pcrs,
        .pcr_digest = digest,
    };
    sim_tpm_quote(quoting, &quote, &attest, &signature);
    g_string_append(out, WIRE_EVIDENCE "\n");
    bytes_part_put(out, WIRE_ATTEST, attest);
    bytes_part_put(out, WIRE_SIGNATURE, signature);
    bytes_part_put(out, WIRE_AK, sim_tpm_ak(quoting));
    bytes_part_put(out, WIRE_EK, sim_tpm_ek(tpm));
    bytes_part_put(out, WIRE_EK_CERT, certificate);
    boot_id_put(out, sim);
    if (sim->tampered == SIMULATED_BAD_MODULE)
        part_put(out, WIRE_REFUSED_MODULES, BAD_MODULE, strlen(BAD_MODULE));
    if (sim->tampered != SIMULATED_NO_LOG)
        bytes_part_put(out, WIRE_LOG, log);
    g_string_append(out, WIRE_END "\n");
}

static int
no_tpm(GString *out)
{
    g_string_append(out, "failed " WIRE_NO_TPM "\n");
    return EXIT_NO_TPM;
}

int
sim_quote_run(const Sim *sim, const char *const *argv, GString *out)
{
    g_autoptr(GBytes) nonce = argv[1] && !argv[2] ? hex_bytes(argv[1]) : NULL;
    if (!nonce || g_bytes_get_size(nonce) != NONCE_SIZE)
        return EXIT_USAGE;
    if (!tpm_of(sim))
        return no_tpm(out);
    evidence_put(out, sim, nonce);
    return sim->tampered == SIMULATED_NO_LOG ? EXIT_NO_LOG : 0;
}

int
sim_activate_run(const Sim *sim, const char *const *argv, GString *out)
{
    const gboolean two = argv[1] && argv[2] && !argv[3];
    g_autoptr(GBytes) object = two ? hex_bytes(argv[1]) : NULL, wrapped = two ? hex_bytes(argv[2]) : NULL;
    if (!object || !wrapped)
        return EXIT_USAGE;
    const SimTpm *tpm = tpm_in_guest(sim);
    if (!tpm)
        return no_tpm(out);
    g_autoptr(GBytes) secret = sim_tpm_activate(tpm, object, wrapped);
    if (!secret) {
        g_string_append(out, "failed " WIRE_TPM_ERROR " TPM2_ActivateCredential TPM_RC_INTEGRITY 0x1df parameter 1\n");
        return EXIT_TPM_ERROR;
    }
    gsize size;
    const guint8 *data = g_bytes_get_data(secret, &size);
    g_autofree char *hex = hex_text(data, size);
    g_string_append_printf(out, WIRE_SECRET " %s\n", hex);
    return 0;
}
