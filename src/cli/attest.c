/* attest: event logs and evidence from files; no daemon is asked. */
#include "attest/digest.h"
#include "attest/identity.h"
#include "attest/pcrs.h"
#include "attest/record.h"
#include "attest/report.h"
#include "attest/verdict.h"
#include "base/hex.h"
#include "cli/cli.h"
#include "cli/component_table.h"
#include "cli/event_table.h"
#include "cli/evidence_files.h"
#include "cli/input.h"
#include "cli/records.h"

#define NONCE_MAX 64

/* ---- eventlog ---- */

static json_t *
pcrs_json(const EventLog *log)
{
    json_t *list = json_array();
    Pcrs pcrs;
    pcrs_replay(log, &pcrs);
    for (guint i = 0; i < N_PCRS; i++) {
        g_autofree char *value = sha256_hex(pcrs.values[i]);
        json_array_append_new(list, json_pack("{si ss}", "pcr", (int)i, "sha256", value));
    }
    return list;
}

gboolean
run_attest_eventlog(Cli *cli, GError **error)
{
    static const Column pcr_columns[] = { { "PCR", "pcr" }, { "SHA256", "sha256" }, { 0 } };
    gsize size;
    char *text = input_read(args_text(cli->args, "file"), "FILE", EVIDENCE_FILE_MAX, &size, error);
    if (!text)
        return FALSE;
    g_autoptr(GBytes) bytes = g_bytes_new_take(text, size);
    g_autoptr(EventLog) log = event_log_parse(bytes, error);
    if (!log)
        return FALSE;
    gboolean only_pcrs = args_flag(cli->args, "pcrs");
    g_autoptr(json_t) list = only_pcrs ? pcrs_json(log) : events_json(log);
    output_print(list, only_pcrs ? pcr_columns : event_columns, cli->format);
    return TRUE;
}

/* ---- verify-file ---- */

static gboolean
policy_find(const Cli *cli, BaselinePolicy *ret_policy, GError **error)
{
    const char *text = args_text(cli->args, "policy");
    *ret_policy = BASELINE_EXACT_DIGESTS;
    return !text || baseline_policy_from_text(text, ret_policy) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "--policy", "'%s' is no policy: exactDigests and vendorSigned are.", text);
}

/* In place of what the folder says, where it is given: who asked knows it best. */
static gboolean
nonce_find(const Cli *cli, Folder *folder, GError **error)
{
    const char *text = args_text(cli->args, "nonce");
    if (!text)
        return TRUE;
    GBytes *nonce = strlen(text) <= 2 * NONCE_MAX ? hex_bytes(text) : NULL;
    if (!nonce)
        return arm_fail(error, ARM_INVALID_PARAMETER, "--nonce", "'%s' is no nonce: 1 to %d bytes in hexadecimal are one.",
                        text, NONCE_MAX);
    g_bytes_unref(folder->nonce);
    folder->nonce = nonce;
    return TRUE;
}

static json_t *
judgement_json(const Judgement *judgement, const char *identity)
{
    json_t *json = report_json(judgement);
    json_set_text(json, "identity", identity);
    return json;
}

/* What an option names; *ret_bytes NULL where it is not given. */
static gboolean
pem_read(const Cli *cli, const char *option, GBytes **ret_bytes, GError **error)
{
    const char *path = args_text(cli->args, option);
    g_autofree char *named_by = g_strconcat("--", option, NULL);
    gsize size;
    char *text = path ? input_read(path, named_by, EVIDENCE_FILE_MAX, &size, error) : NULL;
    *ret_bytes = text ? g_bytes_new_take(text, size) : NULL;
    return !path || text;
}

/* Whose TPM is it, by --ca and --crl? */
typedef struct {
    GBytes *ca, *crls; /* NULL: not given */
} Trust;

static void
trust_clear(Trust *trust)
{
    g_clear_pointer(&trust->ca, g_bytes_unref);
    g_clear_pointer(&trust->crls, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Trust, trust_clear)

static gboolean
trust_read(const Cli *cli, Trust *ret_trust, GError **error)
{
    if (args_text(cli->args, "crl") && !args_text(cli->args, "ca"))
        return arm_fail(error, ARM_INVALID_PARAMETER, "--crl", "--crl has the lists of the CA that --ca names: give both.");
    return pem_read(cli, "ca", &ret_trust->ca, error) && pem_read(cli, "crl", &ret_trust->crls, error);
}

/* What the files say about whose TPM it is; where that was asked for, nothing counts unless they do. That the attestation key
 * is in the TPM of that endorsement key is shown by activating a credential, which takes the TPM: files alone do not. */
static const char *
identity_judge(const Folder *folder, const Trust *trust, Judgement *judgement)
{
    if (!trust->ca)
        return "Not checked: the attestation key is taken as ak.pub has it; --ca checks the endorsement key's certificate.";
    const Identity identity =
        identity_check(folder->certificate, folder->evidence.ek, trust->ca, trust->crls, g_get_real_time());
    if (identity != IDENTITY_CERTIFIED)
        judgement_disown(judgement, identity_text(identity));
    return identity_text(identity);
}

static void
judgement_print(const Cli *cli, const json_t *json)
{
    static const Column columns[] = { { "Verdict", "verdict" }, { "Reason", "reason" }, { "Identity", "identity" }, { 0 } };
    output_print(json, columns, cli->format);
    component_table_print(cli, json_object_get(json, "components"));
}

/* *ret_done: it was a change record. */
static gboolean
record_check_file(Cli *cli, const char *path, const Trust *trust, gboolean *ret_done, GError **error)
{
    gsize size = 0;
    RecordCheck check;
    *ret_done = FALSE;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    g_autofree char *text = input_read(path, "FOLDER", RECORD_MAX_BYTES, &size, error);
    if (!text)
        return FALSE;
    *ret_done = record_is(text, size);
    if (!*ret_done)
        return TRUE;
    g_autoptr(json_t) report = record_verify(text, size, trust->ca, trust->crls, g_get_real_time(), &check);
    record_report_print(report, cli->format);
    cli->status = check == RECORD_HOLDS ? CLI_DONE : CLI_FAILED;
    return TRUE;
}

gboolean
run_attest_verify_file(Cli *cli, GError **error)
{
    const char *path = args_text(cli->args, "folder"), *reference_path = args_text(cli->args, "reference");
    gboolean done;
    g_auto(Trust) trust = { 0 };
    if (!trust_read(cli, &trust, error) || !record_check_file(cli, path, &trust, &done, error))
        return FALSE;
    if (done)
        return TRUE;
    g_auto(Folder) folder = { 0 };
    g_auto(Reference) reference = { 0 };
    g_auto(Evidenced) seen = { 0 };
    g_auto(Judgement) judgement = { 0 };
    BaselinePolicy policy;
    if (!policy_find(cli, &policy, error) || !evidence_read(path, &folder, error) || !nonce_find(cli, &folder, error) ||
        (reference_path && !reference_read(reference_path, &reference, error)))
        return FALSE;
    evidence_check(&folder.evidence, folder.nonce, &seen);
    judge(&seen, reference.log, reference.name, policy, &judgement);
    const char *identity = identity_judge(&folder, &trust, &judgement);
    g_autoptr(json_t) json = judgement_json(&judgement, identity);
    judgement_print(cli, json);
    cli->status = judgement.verdict == VERDICT_HEALTHY ? CLI_DONE : CLI_FAILED;
    return TRUE;
}
