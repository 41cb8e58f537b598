/* The simulated driver's vTPMs, by the checks that real ones are held against. */
#include "host/simulated/simulated.h"

#include "attest/bundle.h"
#include "attest/chain.h"
#include "attest/credential.h"
#include "attest/crl.h"
#include "attest/event_info.h"
#include "attest/identity.h"
#include "attest/verdict.h"
#include "base/file.h"
#include "base/json.h"

#include <string.h>

#define KEY       "6f1f7c1e-0000-4000-8000-0123456789ab.3"
#define OTHER_KEY "6f1f7c1e-0000-4000-8000-0123456789ab.4"
#define START     (1700000000 * USEC_PER_SEC)
#define NONCE     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

typedef struct {
    char *state_dir;
    Clock *clock;
    Host *host;
    int exit_code; /* of what was asked last */
    GBytes *out;
} Fixture;

static void
on_event(const HostEvent *event G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
}

static void
host_up(Fixture *f)
{
    const HostConfig config = { .state_dir = f->state_dir };
    g_autoptr(GError) error = NULL;
    f->host = host_simulated_open(&config, f->clock, on_event, f, &error);
    g_assert_no_error(error);
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->state_dir = g_dir_make_tmp("testudo-simulated-XXXXXX", NULL);
    f->clock = clock_virtual_new(START);
    host_up(f);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    host_close(f->host);
    clock_virtual_free(f->clock);
    folder_remove(f->state_dir, NULL);
    g_clear_pointer(&f->out, g_bytes_unref);
    g_free(f->state_dir);
}

static void
daemon_restart(Fixture *f)
{
    host_close(f->host);
    host_up(f);
}

static void
settle(const Fixture *f)
{
    while (clock_virtual_fire_next(f->clock))
        ;
}

/* ---- VMs ---- */

/* What differs between boots. */
typedef struct {
    const char *key;
    guint64 epoch, vtpm_gen;
    const char *version;
    guint vcpus, memory_mib;
    gboolean secure_boot;
} Boot;

static const Boot usual = { KEY, 1, 1, "1.0.0", 1, 1024, TRUE };

static void
boot(const Fixture *f, const Boot *boot)
{
    g_autoptr(LaunchSpec) spec = launch_spec_new();
    spec->key = g_strdup(boot->key);
    spec->name = g_strdup("web000003");
    spec->vm_id = g_strdup("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    spec->owner = g_strdup("/subscriptions/s");
    spec->epoch = boot->epoch;
    spec->vcpus = boot->vcpus;
    spec->memory_mib = boot->memory_mib;
    spec->generation = 2;
    spec->architecture = g_strdup("x64");
    spec->image_urn = g_strconcat("Testudo:mini:gen2:", boot->version, NULL);
    spec->image_format = g_strdup("qcow2");
    spec->image_sha256 = g_strdup("00");
    spec->guest_agent = TRUE;
    spec->trusted_launch = TRUE;
    spec->vtpm = boot->vtpm_gen != 0;
    spec->secure_boot = boot->secure_boot;
    spec->disk_gen = 1;
    spec->vars_gen = 1;
    spec->vtpm_gen = boot->vtpm_gen;
    host_start(f->host, spec);
    settle(f);
}

static void
on_output(int exit_code, const char *out, gsize out_length, const char *err G_GNUC_UNUSED, gsize err_length G_GNUC_UNUSED,
          const GError *error, void *data)
{
    Fixture *f = data;
    g_assert_no_error(error);
    f->exit_code = exit_code;
    f->out = g_bytes_new(out, out_length);
}

static int
ask(Fixture *f, const char *key, const char *first, const char *second, const char *third)
{
    const char *const argv[] = { first, second, third, NULL };
    g_clear_pointer(&f->out, g_bytes_unref);
    host_guest_run(f->host, key, argv, 60 * USEC_PER_SEC, on_output, f);
    settle(f);
    g_assert_nonnull(f->out);
    return f->exit_code;
}

static void
expect_said(const Fixture *f, const char *text)
{
    g_assert_cmpmem(g_bytes_get_data(f->out, NULL), g_bytes_get_size(f->out), text, strlen(text));
}

/* Evidence that was handed over for the nonce, and what it proves. */
typedef struct {
    Bundle bundle;
    Evidenced seen;
} Proof;

static void
proof_clear(Proof *proof)
{
    evidenced_clear(&proof->seen);
    bundle_clear(&proof->bundle);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Proof, proof_clear)

static GBytes *
nonce_asked(void)
{
    guint8 nonce[32];
    for (guint i = 0; i < sizeof nonce; i++)
        nonce[i] = (guint8)i;
    return g_bytes_new(nonce, sizeof nonce);
}

static Proof
quoted(Fixture *f, const char *key, int exit_code, EvidenceCheck check)
{
    Proof proof = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) nonce = nonce_asked();
    g_assert_cmpint(ask(f, key, "quote", NONCE, NULL), ==, exit_code);
    bundle_parse(f->out, &proof.bundle, &error);
    g_assert_no_error(error);
    evidence_check(&proof.bundle.evidence, nonce, &proof.seen);
    g_assert_cmpstr(evidence_check_text(proof.seen.check), ==, evidence_check_text(check));
    return proof;
}

static GBytes *
certificate_of(const Fixture *f, const char *key)
{
    g_autoptr(GError) error = NULL;
    GBytes *certificate = host_vtpm_certificate(f->host, key, VTPM_EK_RSA_2048, &error);
    g_assert_no_error(error);
    return certificate;
}

/* ---- tests ---- */

static void
test_evidence_holds(Fixture *f, const void *data G_GNUC_UNUSED)
{
    boot(f, &usual);
    g_auto(Proof) proof = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    g_autoptr(GBytes) certificate = certificate_of(f, KEY);
    g_assert_true(g_bytes_equal(proof.bundle.certificate, certificate));
    g_assert_true(identity_is_key_of(certificate, proof.bundle.evidence.ek));
    g_assert_cmpuint(proof.seen.quote.resets, ==, 1);
    g_assert_cmphex(proof.seen.quote.pcrs, ==, EVIDENCE_PCRS | 7u << 11);
    /* All that says of itself what it is was measured as that. */
    guint proven = 0;
    for (guint i = 0; i < event_log_length(proof.seen.log); i++)
        proven += event_proof(event_log_get(proof.seen.log, i)) == EVENT_PROOF_HOLDS;
    g_assert_cmpuint(proven, >, 20);
}

/* Keys are a vTPM's: they come back with it, and are another's nowhere. */
static void
test_whose_keys(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        const char *key;
        guint64 epoch, vtpm_gen;
        guint same_as; /* the first of those with the same keys */
    } steps[] = { { KEY, 1, 1, 0 }, { KEY, 2, 1, 0 },       { KEY, 3, 2, 2 },
                  { KEY, 4, 1, 0 }, { OTHER_KEY, 1, 1, 4 }, { KEY, 5, 2, 2 } };
    char *eks[G_N_ELEMENTS(steps)];
    GBytes *aks[G_N_ELEMENTS(steps)];
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        Boot one = usual;
        one.key = steps[i].key;
        one.epoch = steps[i].epoch;
        one.vtpm_gen = steps[i].vtpm_gen;
        boot(f, &one);
        /* Asked under one daemon, and quoted under the next. */
        g_autoptr(GBytes) certificate = certificate_of(f, steps[i].key);
        daemon_restart(f);
        g_auto(Proof) proof = quoted(f, steps[i].key, 0, EVIDENCE_HOLDS);
        g_assert_true(g_bytes_equal(proof.bundle.certificate, certificate));
        g_assert_cmpuint(proof.seen.quote.resets, ==, steps[i].epoch);
        eks[i] = identity_key_digest(certificate, NULL);
        aks[i] = g_bytes_ref(proof.bundle.evidence.ak);
        for (guint j = 0; j < i; j++) {
            const gboolean same = steps[j].same_as == steps[i].same_as;
            g_assert_cmpint(strcmp(eks[i], eks[j]) == 0, ==, same);
            g_assert_cmpint(g_bytes_equal(aks[i], aks[j]), ==, same);
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_free(eks[i]);
        g_bytes_unref(aks[i]);
    }
}

/* Its vTPM counts the boot, and measures what boots then; a launch after it counts on. */
static void
test_reboots(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Boot next = usual;
    next.epoch = 2;
    boot(f, &usual);
    g_auto(Proof) first = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    g_assert_true(host_simulated_reboot(f->host, KEY, SIMULATED_GRUB_CHANGED));
    g_assert_false(host_simulated_reboot(f->host, KEY, SIMULATED_OK));
    settle(f);
    daemon_restart(f);
    g_auto(Proof) second = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    g_assert_cmpuint(second.seen.quote.resets, ==, 2);
    g_assert_true(g_bytes_equal(first.bundle.evidence.ak, second.bundle.evidence.ak));
    g_assert_false(g_bytes_equal(first.bundle.evidence.log, second.bundle.evidence.log));
    boot(f, &next);
    g_auto(Proof) third = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    g_assert_cmpuint(third.seen.quote.resets, ==, 3);
    g_assert_true(g_bytes_equal(first.bundle.evidence.log, third.bundle.evidence.log));
    g_assert_false(host_simulated_reboot(f->host, OTHER_KEY, SIMULATED_OK));
}

/* How many vTPMs' keys are on the disk. */
static guint
tpms_kept(const Fixture *f)
{
    gsize length;
    g_autofree char *path = g_build_filename(f->state_dir, "simulated.json", NULL);
    g_autofree char *text = file_read(path, 1u << 20, &length, NULL);
    g_autoptr(json_t) all = json_parse(text, length, NULL);
    return (guint)json_object_size(json_object_get(all, "tpms"));
}

/* Keys go with their vTPM: with the VM, or when what was put aside has been kept for long enough. */
static void
test_keys_end(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Boot next = usual;
    boot(f, &usual);
    g_assert_cmpuint(tpms_kept(f), ==, 0);
    for (guint i = 1; i <= 3; i++) {
        next.epoch = next.vtpm_gen = i;
        boot(f, &next);
        g_auto(Proof) proof = quoted(f, KEY, 0, EVIDENCE_HOLDS);
        g_assert_cmpuint(tpms_kept(f), ==, i);
    }
    clock_virtual_advance_to(f->clock, f->clock->now(f->clock) + 8 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC);
    next.epoch = 4;
    boot(f, &next);
    g_assert_cmpuint(tpms_kept(f), ==, 1);
    next.epoch = 5;
    next.vtpm_gen = 4;
    boot(f, &next);
    g_auto(Proof) proof = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    g_assert_cmpuint(tpms_kept(f), ==, 2);
    host_destroy(f->host, KEY, NULL);
    settle(f);
    g_assert_cmpuint(tpms_kept(f), ==, 0);
}

static void
test_activation(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const guint8 secret[CREDENTIAL_SECRET_SIZE] = "thirty-two bytes of some secret.";
    Boot other = usual;
    other.key = OTHER_KEY;
    boot(f, &usual);
    boot(f, &other);
    g_auto(Proof) here = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    g_auto(Proof) there = quoted(f, OTHER_KEY, 0, EVIDENCE_HOLDS);
    const struct {
        const Proof *ek, *ak;
        gboolean opens;
    } cases[] = { { &here, &here, TRUE }, { &here, &there, FALSE }, { &there, &here, FALSE }, { &there, &there, FALSE } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TpmKey) ek = tpm_key_parse(cases[i].ek->bundle.evidence.ek, NULL);
        g_autoptr(GBytes) object = NULL, wrapped = NULL;
        g_assert_true(credential_make(ek, cases[i].ak->seen.ak->name, secret, &object, &wrapped, NULL));
        g_autoptr(GString) object_hex = g_string_new(NULL), wrapped_hex = g_string_new(NULL), wanted = g_string_new("secret ");
        for (gsize at = 0; at < g_bytes_get_size(object); at++)
            g_string_append_printf(object_hex, "%02x", ((const guint8 *)g_bytes_get_data(object, NULL))[at]);
        for (gsize at = 0; at < g_bytes_get_size(wrapped); at++)
            g_string_append_printf(wrapped_hex, "%02x", ((const guint8 *)g_bytes_get_data(wrapped, NULL))[at]);
        for (gsize at = 0; at < sizeof secret; at++)
            g_string_append_printf(wanted, "%02x", secret[at]);
        g_string_append_c(wanted, '\n');
        g_assert_cmpint(ask(f, KEY, "activate", object_hex->str, wrapped_hex->str), ==, cases[i].opens ? 0 : 6);
        expect_said(f, cases[i].opens ? wanted->str
                                      : "failed tpm-error TPM2_ActivateCredential TPM_RC_INTEGRITY 0x1df parameter 1\n");
    }
}

static void
test_what_means_nothing(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        const char *first, *second, *third;
        int exit_code;
    } cases[] = {
        { "quote", NULL, NULL, 2 },          { "quote", "00", NULL, 2 },        { "quote", NONCE "00", NULL, 2 },
        { "quote", NONCE, "more", 2 },       { "quote", "gg" NONCE, NULL, 2 },  { "quote", "0" NONCE, NULL, 2 },
        { "activate", NULL, NULL, 2 },       { "activate", "000100", NULL, 2 }, { "activate", "000100", "0x", 2 },
        { "activate", "000100", "0001", 6 }, { "activate", "00", "000100", 6 }, { "activate", "000200", "000100", 6 },
    };
    boot(f, &usual);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s %s", cases[i].first, cases[i].second, cases[i].third);
        g_assert_cmpint(ask(f, KEY, cases[i].first, cases[i].second, cases[i].third), ==, cases[i].exit_code);
    }
}

/* The other endorsement key has a certificate of its own, with its own number. */
static void
test_certificate_for_p384(Fixture *f, const void *data G_GNUC_UNUSED)
{
    boot(f, &usual);
    g_autoptr(GBytes) rsa = certificate_of(f, KEY), p384 = host_vtpm_certificate(f->host, KEY, VTPM_EK_P384, NULL);
    g_autoptr(GBytes) again = host_vtpm_certificate(f->host, KEY, VTPM_EK_P384, NULL);
    g_autoptr(Chain) chain = chain_new(), first = chain_new();
    g_assert_true(chain_add(chain, p384) && chain_add(first, rsa));
    g_autofree char *serial = crl_serial_of(chain_first(chain)), *serial_again = NULL,
                    *other = crl_serial_of(chain_first(first));
    g_assert_cmpint(EVP_PKEY_get_bits(X509_get0_pubkey(chain_first(chain))), ==, 384);
    g_assert_cmpstr(serial, !=, other);
    g_autoptr(Chain) same = chain_new();
    g_assert_true(chain_add(same, again));
    serial_again = crl_serial_of(chain_first(same));
    g_assert_cmpstr(serial, ==, serial_again);
}

static void
test_without_a_vtpm(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Boot without = usual;
    without.vtpm_gen = 0;
    boot(f, &without);
    g_assert_cmpint(ask(f, KEY, "quote", NONCE, NULL), ==, 3);
    expect_said(f, "failed no-tpm\n");
    g_assert_cmpint(ask(f, KEY, "activate", "000100", "000100"), ==, 3);
    const char *const keys[] = { KEY, OTHER_KEY };
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(host_vtpm_certificate(f->host, keys[i], VTPM_EK_RSA_2048, &error));
        g_assert_error(error, ARM_ERROR, ARM_NOT_FOUND);
    }
}

/* ---- what boots measure ---- */

static const struct {
    const char *name;
    Boot boot;
    const char *differs; /* PCR and name of what differs from the usual boot, in log order */
} boots[] = {
    { "the-same-again", { OTHER_KEY, 5, 3, "1.0.0", 1, 1024, TRUE }, "" },
    { "another-version",
      { OTHER_KEY, 1, 1, "1.1.0", 1, 1024, TRUE },
      "4 \\EFI\\BOOT\\grubx64.efi;9 (hd0,gpt1)/boot/grub/grub.cfg;9 (hd0,gpt1)/vmlinuz;4 an image from memory;9 "
      "(hd0,gpt1)/initrd.img;" },
    { "more-memory", { OTHER_KEY, 1, 1, "1.0.0", 1, 2048, TRUE }, "0 firmware volume;" },
    { "more-vcpus", { OTHER_KEY, 1, 1, "1.0.0", 2, 1024, TRUE }, "0 firmware volume;" },
    { "secure-boot-off",
      { OTHER_KEY, 1, 1, "1.0.0", 1, 1024, FALSE },
      "0 firmware volume;7 SecureBoot;7 db;7 MokListRT;4 an image from memory;" },
};

static void
test_boots(Fixture *f, const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    boot(f, &usual);
    boot(f, &boots[i].boot);
    g_auto(Proof) reference = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    g_auto(Proof) seen = quoted(f, OTHER_KEY, 0, EVIDENCE_HOLDS);
    g_auto(Judgement) judgement = { 0 };
    g_autoptr(GString) text = g_string_new(NULL);
    judge(&seen.seen, reference.seen.log, "the usual boot", BASELINE_EXACT_DIGESTS, &judgement);
    for (guint at = 0; at < judgement.differences->len; at++) {
        const Difference *difference = g_ptr_array_index(judgement.differences, at);
        g_string_append_printf(text, "%u %s;", difference->pcr, difference->name);
    }
    g_assert_cmpstr(text->str, ==, boots[i].differs);
    guint said = 0;
    for (guint at = 0; at < event_log_length(seen.seen.log); at++) {
        gboolean on;
        if (event_is_secure_boot(event_log_get(seen.seen.log, at), &on)) {
            g_assert_cmpint(on, ==, boots[i].boot.secure_boot);
            said++;
        }
    }
    g_assert_cmpuint(said, ==, 1);
}

/* ---- what is wrong, by the settings file ---- */

static const struct {
    const char *word;
    int exit_code;
    EvidenceCheck check;
    gboolean own_ek, own_ak, same_log;
    guint resets;
} faults[] = {
    { "none", 0, EVIDENCE_HOLDS, TRUE, TRUE, TRUE, 7 },
    { "unhealthy", 0, EVIDENCE_HOLDS, TRUE, TRUE, TRUE, 7 },
    { "grub-changed", 0, EVIDENCE_HOLDS, TRUE, TRUE, FALSE, 7 },
    { "kernel-changed", 0, EVIDENCE_HOLDS, TRUE, TRUE, FALSE, 7 },
    { "no-event-log", 8, EVIDENCE_NO_LOG, TRUE, TRUE, FALSE, 7 },
    { "other-vtpm", 0, EVIDENCE_HOLDS, FALSE, FALSE, TRUE, 7 },
    { "other-key", 0, EVIDENCE_HOLDS, TRUE, FALSE, TRUE, 7 },
    { "vtpm-rolled-back", 0, EVIDENCE_HOLDS, TRUE, TRUE, TRUE, 1 },
    { "secure-boot-off", 0, EVIDENCE_HOLDS, TRUE, TRUE, FALSE, 7 },
    { "few-pcrs", 0, EVIDENCE_HOLDS, TRUE, TRUE, TRUE, 7 },
};

static gboolean
same(GBytes *a, GBytes *b)
{
    return a && b && g_bytes_equal(a, b);
}

/* It lasts as long as the boot: also under a daemon that is told nothing of it. */
static void
test_fault(Fixture *f, const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    g_autofree char *settings =
        g_strdup_printf("{\"faults\": [{\"key_suffix\": \".3\", \"epoch\": 7, \"fault\": \"%s\"}]}", faults[i].word);
    g_autofree char *path = g_build_filename(f->state_dir, "simulated.conf.json", NULL);
    g_assert_true(g_file_set_contents(path, settings, -1, NULL));
    daemon_restart(f);
    boot(f, &usual);
    g_auto(Proof) before = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    Boot seventh = usual;
    seventh.epoch = 7;
    boot(f, &seventh);
    g_assert_true(g_file_set_contents(path, "{}", -1, NULL));
    for (guint time = 0; time < 2; time++) {
        g_auto(Proof) proof = quoted(f, KEY, faults[i].exit_code, faults[i].check);
        const Evidence *evidence = &proof.bundle.evidence, *honest = &before.bundle.evidence;
        g_autoptr(GBytes) certificate = certificate_of(f, KEY);
        g_assert_true(g_bytes_equal(certificate, before.bundle.certificate));
        g_assert_cmpint(same(evidence->ek, honest->ek), ==, faults[i].own_ek);
        g_assert_cmpint(same(evidence->ak, honest->ak), ==, faults[i].own_ak);
        g_assert_cmpint(same(evidence->log, honest->log), ==, faults[i].same_log);
        g_assert_cmpuint(proof.seen.quote.resets, ==, faults[i].resets);
        daemon_restart(f);
    }
    seventh.epoch = 8;
    boot(f, &seventh);
    g_auto(Proof) after = quoted(f, KEY, 0, EVIDENCE_HOLDS);
    g_assert_true(same(after.bundle.evidence.ak, before.bundle.evidence.ak));
    g_assert_true(same(after.bundle.evidence.log, before.bundle.evidence.log));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/simulated/attested/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("evidence-holds", test_evidence_holds);
    ADD("whose-keys", test_whose_keys);
    ADD("reboots", test_reboots);
    ADD("keys-end", test_keys_end);
    ADD("activation", test_activation);
    ADD("what-means-nothing", test_what_means_nothing);
    ADD("certificate-for-p384", test_certificate_for_p384);
    ADD("without-a-vtpm", test_without_a_vtpm);
#undef ADD
    for (guint i = 0; i < G_N_ELEMENTS(boots); i++) {
        g_autofree char *path = g_strconcat("/simulated/attested/boots/", boots[i].name, NULL);
        g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_boots, tear_down);
    }
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *path = g_strconcat("/simulated/attested/fault/", faults[i].word, NULL);
        g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_fault, tear_down);
    }
    return g_test_run();
}
