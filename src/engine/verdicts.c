#include "engine/verdicts.h"

#include "attest/crl.h"
#include "attest/digest.h"
#include "attest/identity.h"
#include "attest/refusals.h"
#include "attest/report.h"
#include "base/guest_wire.h"
#include "base/json.h"
#include "engine/alerts.h"
#include "engine/references.h"
#include "engine/refused.h"
#include "engine/revisions.h"
#include "engine/told.h"
#include "engine/vtpm_keys.h"

#include <string.h>

void
guest_answer_clear(GuestAnswer *answer)
{
    g_clear_pointer(&answer->nonce, g_bytes_unref);
    g_clear_pointer(&answer->out, g_bytes_unref);
    g_clear_pointer(&answer->error_text, g_free);
    bundle_clear(&answer->evidence);
    g_clear_pointer(&answer->malformed, g_free);
}

/* ---- whose vTPM ---- */

/* NULL: it has none that can be read. */
static char *
serial_p384_of(Pass *pass, const char *key)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) certificate = host_vtpm_certificate(pass->engine->host, key, VTPM_EK_P384, &problem);
    g_autoptr(Chain) chain = chain_new();
    if (certificate && chain_add(chain, certificate))
        return crl_serial_of(chain_first(chain));
    g_warning("vTPM of %s: %s", key, problem ? problem->message : "its certificate for P-384 cannot be read");
    return NULL;
}

/* Of the boot that is asked: another one may be wanted by now. */
static StoreVtpm *
vtpm_record(Pass *pass, Held *held, GError **error)
{
    g_autoptr(StoreVtpm) vtpm = g_new0(StoreVtpm, 1);
    g_autofree char *key = engine_key_of(held->tracked->set, held->row->id);
    vtpm->set_id = held->tracked->set->id;
    vtpm->instance = held->row->id;
    vtpm->generation = held->row->run_vtpm_gen;
    g_autoptr(GError) problem = NULL;
    vtpm->certificate = host_vtpm_certificate(pass->engine->host, key, VTPM_EK_RSA_2048, &problem);
    vtpm->ek = vtpm->certificate ? identity_key_digest(vtpm->certificate, &problem) : NULL;
    if (!vtpm->ek) {
        g_clear_pointer(&vtpm->certificate, g_bytes_unref);
        vtpm->ek = g_strdup("");
        g_warning("vTPM of %s: %s", key, problem->message);
    } else if (!vtpm_key_note(pass, held->tracked->set, held->row->id, vtpm->ek, error)) {
        return NULL;
    }
    vtpm->serial_p384 = vtpm->certificate ? serial_p384_of(pass, key) : NULL;
    return store_vtpm_put(pass->tx, vtpm, error) ? g_steal_pointer(&vtpm) : NULL;
}

/* One that an older daemon recorded is without. */
static gboolean
serial_p384_recorded(Pass *pass, const Held *held, StoreVtpm *vtpm, GError **error)
{
    if (vtpm->serial_p384)
        return TRUE;
    g_autofree char *key = engine_key_of(held->tracked->set, held->row->id);
    vtpm->serial_p384 = serial_p384_of(pass, key);
    return !vtpm->serial_p384 || store_vtpm_put(pass->tx, vtpm, error);
}

StoreVtpm *
vtpm_know(Pass *pass, Held *held, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(StoreVtpm) vtpm = store_vtpm_get(pass->tx, held->tracked->set->id, held->row->id, &problem);
    if (problem) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return NULL;
    }
    if (!vtpm || vtpm->generation != held->row->run_vtpm_gen || !vtpm->certificate)
        return vtpm_record(pass, held, error);
    return serial_p384_recorded(pass, held, vtpm, error) ? g_steal_pointer(&vtpm) : NULL;
}

/* Also where the exit code says that something is missing from it, such as the event log. */
static gboolean
is_evidence(const GuestAnswer *answer)
{
    static const char head[] = WIRE_EVIDENCE "\n";
    gsize size;
    const char *out = g_bytes_get_data(answer->out, &size);
    return answer->exit_code == 0 || (size >= strlen(head) && memcmp(out, head, strlen(head)) == 0);
}

void
guest_answer_read(GuestAnswer *answer)
{
    g_autoptr(GError) problem = NULL;
    if (answer->error_code == ARM_N_CODES && is_evidence(answer) && !bundle_parse(answer->out, &answer->evidence, &problem))
        answer->malformed = g_strdup(problem->message);
}

/* A certificate that has its key in another form has another digest than the key: it is asked itself then. */
static gboolean
is_key_of(const StoreVtpm *vtpm, GBytes *ek)
{
    return identity_has_digest(ek, vtpm->ek) || identity_is_key_of(vtpm->certificate, ek);
}

GBytes *
verdict_new_key(const StoreVtpm *vtpm, const GuestAnswer *answer, GBytes **ret_ek)
{
    const Evidence *evidence = &answer->evidence.evidence;
    if (!vtpm->certificate || !evidence->ak || !evidence->ek || (vtpm->ak && g_bytes_equal(vtpm->ak, evidence->ak)) ||
        !is_key_of(vtpm, evidence->ek))
        return NULL;
    *ret_ek = g_bytes_ref(evidence->ek);
    return g_bytes_ref(evidence->ak);
}

/* ---- what it came to ---- */

static void
outcome_set(StoreAttestation *made, Integrity integrity, const char *code, const char *reason)
{
    made->integrity = integrity;
    g_free(made->code);
    g_free(made->reason);
    made->code = g_strdup(code);
    made->reason = g_strdup(reason);
}

static StoreAttestation *
attestation_new(const Pass *pass, const Held *held)
{
    StoreAttestation *made = g_new0(StoreAttestation, 1);
    made->set_id = held->tracked->set->id;
    made->instance = held->row->id;
    made->at = pass->now;
    made->epoch = held->row->epoch;
    made->revision = held->row->revision;
    return made;
}

void
integrity_set(Pass *pass, Held *held, Integrity integrity)
{
    if (held->row->integrity == integrity)
        return;
    held->row->integrity = integrity;
    held->row->integrity_since = pass->now;
    pass_changed(held);
}

static void
by_model_set(Held *held, const char *code)
{
    const gboolean by_model = g_strcmp0(code, VERDICT_NO_VTPM) == 0 || g_strcmp0(code, VERDICT_SECURE_BOOT_OFF) == 0;
    if (held->row->integrity_by_model == by_model)
        return;
    held->row->integrity_by_model = by_model;
    pass_changed(held);
}

/* A policy accepts what it did not have to accept the last time. */
static gboolean
acceptance_is_news(Pass *pass, const StoreAttestation *made, gboolean *ret_news, GError **error)
{
    *ret_news = FALSE;
    if (made->integrity != INTEGRITY_HEALTHY || !made->code)
        return TRUE;
    g_autoptr(GPtrArray) found = store_attestation_list(pass->tx, made->set_id, made->instance, 2, error);
    if (!found)
        return FALSE;
    const StoreAttestation *last = found->len > 1 ? g_ptr_array_index(found, 1) : NULL;
    *ret_news = !last || g_strcmp0(last->code, made->code) != 0 || g_strcmp0(last->components, made->components) != 0;
    return TRUE;
}

/* Into the row, and the activity log, where it is news. made: it is in the store already. */
static gboolean
row_follow(Pass *pass, Held *held, const StoreAttestation *made, GError **error)
{
    const StoreInstance *row = held->row;
    by_model_set(held, made->code);
    const Integrity before = row->integrity;
    gboolean accepted_anew;
    if (!alerts_follow(pass, held, made, error) || !acceptance_is_news(pass, made, &accepted_anew, error))
        return FALSE;
    integrity_set(pass, held, made->integrity);
    const gboolean is_bad = made->integrity != INTEGRITY_HEALTHY && made->integrity != INTEGRITY_NOT_JUDGED;
    const gboolean turned = before != made->integrity && (is_bad || integrity_fails(before));
    if (!turned && !accepted_anew)
        return TRUE;
    const Revision *revision = revision_get(pass, held->tracked->set, row->revision, error);
    if (!revision)
        return FALSE;
    if (!revision->model->attestation || !revision->model->attestation->alerts)
        return TRUE;
    g_autofree char *resource = engine_instance_resource(held->tracked->set, row->id);
    g_autofree char *message = g_strdup_printf("Boot integrity: %s.%s%s", integrity_text(made->integrity),
                                               made->reason ? " " : "", made->reason ? made->reason : "");
    return engine_warn(pass, OPERATION_ATTEST, is_bad ? "Failed" : "Succeeded", resource, NULL, message, error);
}

gboolean
verdict_put(Pass *pass, Held *held, Integrity integrity, const char *code, const char *reason, GError **error)
{
    g_autoptr(StoreAttestation) made = attestation_new(pass, held);
    outcome_set(made, integrity, code, reason);
    return store_attestation_add(pass->tx, made, error) && row_follow(pass, held, made, error);
}

/* ---- evidence ---- */

/* Nothing came out of the guest that could be judged. */
static gboolean
silence_judge(const GuestAnswer *answer, StoreAttestation *made)
{
    static const struct {
        const char *word, *reason;
    } words[] = {
        { WIRE_NO_TPM, "The guest has no TPM device: its kernel lacks the driver, or does not load it." },
        { WIRE_TPM_DENIED, "The guest's agent may not use the TPM device." },
        { WIRE_TPM_LOCKED_OUT, "The TPM is locked out after too many wrong authorizations." },
        { WIRE_TPM_BUSY, "Another program in the guest keeps the TPM device." },
        { WIRE_TPM_ERROR, "The TPM refused to quote." },
        { WIRE_TPM_NO_BANK, "The TPM has no SHA-256 PCRs." },
        { WIRE_TPM_SILENT, "The TPM does not answer." },
        { WIRE_TPM_GARBLED, "What the TPM answers cannot be read." },
        { WIRE_NO_LOG, "The guest's kernel has no event log." },
        { WIRE_LOG_UNREADABLE, "The guest's event log cannot be read." },
    };
    if (answer->error_code != ARM_N_CODES) {
        const gboolean forbidden = answer->error_code == ARM_GUEST_AGENT_RESTRICTED;
        outcome_set(made, INTEGRITY_UNREACHABLE, forbidden ? "guestAgentRestricted" : "noAnswer", answer->error_text);
        return TRUE;
    }
    if (is_evidence(answer))
        return FALSE;
    gsize size;
    const char *out = g_bytes_get_data(answer->out, &size);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *line = g_strconcat("failed ", words[i].word, NULL);
        if (size > strlen(line) && strncmp(out, line, strlen(line)) == 0 && strchr(" \n", out[strlen(line)])) {
            outcome_set(made, INTEGRITY_NOT_ATTESTED, words[i].word, words[i].reason);
            return TRUE;
        }
    }
    outcome_set(made, INTEGRITY_NOT_ATTESTED, "handlerFailed",
                "The handler in the guest failed in a way that it does not say.");
    return TRUE;
}

static gboolean
identity_judge(const StoreVtpm *vtpm, const Bundle *bundle, StoreAttestation *made)
{
    if (!vtpm->certificate)
        outcome_set(made, INTEGRITY_NOT_ATTESTED, "identityUnknown",
                    "The certificate of this instance's vTPM is not in its folder: nobody can tell whose evidence it is.");
    else if (!bundle->evidence.ek || !is_key_of(vtpm, bundle->evidence.ek))
        outcome_set(made, INTEGRITY_NOT_ATTESTED, "otherVTpm",
                    "The evidence names another endorsement key than that of the vTPM that was made for this instance.");
    else if (!vtpm->ak || !bundle->evidence.ak || !g_bytes_equal(vtpm->ak, bundle->evidence.ak))
        outcome_set(made, INTEGRITY_NOT_ATTESTED, "otherKey",
                    "The evidence is signed by a key that was not shown to be in this instance's vTPM.");
    else
        return TRUE;
    return FALSE;
}

/* A copy of the vTPM from before knows of fewer starts; TPM2_Clear begins to count anew. */
static gboolean
resets_judge(const StoreVtpm *vtpm, guint64 epoch, const Quote *quote, StoreAttestation *made)
{
    const gboolean same_launch = vtpm->resets_epoch == epoch;
    if (vtpm->resets_epoch == 0 || quote->resets > vtpm->resets || (same_launch && quote->resets == vtpm->resets))
        return TRUE;
    g_autofree char *reason =
        g_strdup_printf("The vTPM counts %u starts, and had counted %u before: an older copy of it was put "
                        "back, or its guest has cleared it.",
                        quote->resets, vtpm->resets);
    outcome_set(made, INTEGRITY_NOT_ATTESTED, "vTpmRolledBack", reason);
    return FALSE;
}

static void
judgement_take(const Judgement *judgement, const char *reference, StoreAttestation *made)
{
    static const Integrity integrities[VERDICT_N] = {
        [VERDICT_HEALTHY] = INTEGRITY_HEALTHY,
        [VERDICT_DEVIATION] = INTEGRITY_DEVIATION,
        [VERDICT_NOT_JUDGED] = INTEGRITY_NOT_JUDGED,
        [VERDICT_NOT_ATTESTED] = INTEGRITY_NOT_ATTESTED,
    };
    static const char *const codes[VERDICT_N] = { [VERDICT_DEVIATION] = "deviation", [VERDICT_NOT_JUDGED] = "noReference" };
    g_autoptr(json_t) components = judgement->differences ? report_components(judgement) : NULL;
    const gboolean by_policy = judgement->verdict == VERDICT_HEALTHY && judgement->accepted;
    outcome_set(made, integrities[judgement->verdict],
                by_policy ? baseline_policy_text(BASELINE_VENDOR_SIGNED) : codes[judgement->verdict], judgement->reason);
    made->components = components ? json_dumps(components, JSON_COMPACT) : NULL;
    made->reference = g_strdup(reference);
}

static gboolean
evidence_judge(Pass *pass, Held *held, StoreVtpm *vtpm, const Bundle *bundle, GBytes *nonce, StoreAttestation *made,
               GError **error)
{
    g_auto(Evidenced) seen = { 0 };
    g_auto(Judgement) judgement = { 0 };
    g_autofree char *reference = NULL;
    evidence_check(&bundle->evidence, nonce, &seen);
    evidence_need_pcrs(&seen, WIRE_QUOTED_PCRS);
    if (seen.check != EVIDENCE_HOLDS) {
        outcome_set(made, INTEGRITY_NOT_ATTESTED, evidence_check_text(seen.check), seen.reason);
        return TRUE;
    }
    made->resets = seen.quote.resets;
    if (!resets_judge(vtpm, held->row->epoch, &seen.quote, made))
        return TRUE;
    const Revision *revision = revision_get(pass, held->tracked->set, held->row->revision, error);
    if (!revision || !references_judge(pass, held, &seen, &judgement, &reference, error))
        return FALSE;
    if (revision->model->secure_boot)
        judgement_need_secure_boot(&judgement, &seen);
    judgement_take(&judgement, reference, made);
    /* What ran is another thing than what should have: that matters more than that nobody hindered it. */
    const gboolean ran_another = judgement.worst && difference_is_of_boot_code(judgement.worst);
    if (!revision->model->secure_boot && !ran_another)
        outcome_set(made, INTEGRITY_NOT_ATTESTED, VERDICT_SECURE_BOOT_OFF,
                    "Secure Boot is off, as the model has it: attestation passes only where secureBootEnabled is true.");
    vtpm->resets = seen.quote.resets;
    vtpm->resets_epoch = held->row->epoch;
    vtpm->verified = pass->now;
    return TRUE;
}

static gboolean
evidence_keep(Pass *pass, const Bundle *bundle, GBytes *nonce, StoreAttestation *made, GError **error)
{
    made->nonce = g_bytes_ref(nonce);
    made->quote = bundle->evidence.attest ? g_bytes_ref(bundle->evidence.attest) : NULL;
    made->signature = bundle->evidence.signature ? g_bytes_ref(bundle->evidence.signature) : NULL;
    made->ak = bundle->evidence.ak ? g_bytes_ref(bundle->evidence.ak) : NULL;
    made->ek = bundle->evidence.ek ? g_bytes_ref(bundle->evidence.ek) : NULL;
    if (bundle->refused) {
        g_autoptr(json_t) refused = refusals_json(bundle->refused);
        made->refused = json_text(refused);
    }
    if (!bundle->evidence.log)
        return TRUE;
    gsize size;
    const void *data = g_bytes_get_data(bundle->evidence.log, &size);
    guint8 digest[SHA256_SIZE];
    sha256(data, size, digest);
    made->log = sha256_hex(digest);
    return store_log_put(pass->tx, made->log, bundle->evidence.log, error);
}

gboolean
verdict_make(Pass *pass, Held *held, StoreVtpm *vtpm, const GuestAnswer *answer, GError **error)
{
    g_autoptr(StoreAttestation) made = attestation_new(pass, held);
    const Bundle *bundle = &answer->evidence;
    vtpm->tried = pass->now;
    if (!silence_judge(answer, made)) {
        if (answer->malformed)
            outcome_set(made, INTEGRITY_NOT_ATTESTED, "malformed", answer->malformed);
        else if (!evidence_keep(pass, bundle, answer->nonce, made, error) ||
                 (identity_judge(vtpm, bundle, made) && !evidence_judge(pass, held, vtpm, bundle, answer->nonce, made, error)))
            return FALSE;
    }
    return store_vtpm_put(pass->tx, vtpm, error) && refused_tell(pass, held, made, error) &&
           store_attestation_add(pass->tx, made, error) && row_follow(pass, held, made, error);
}
