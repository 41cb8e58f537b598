#include "model/alert.h"

#include "base/words.h"

static const char *const alert_kind_words[ALERT_N_KINDS] = {
    [ALERT_DEVIATION] = "Testudo.BootIntegrity.Deviation",
    [ALERT_EVIDENCE] = "Testudo.BootIntegrity.EvidenceRefused",
    [ALERT_SILENCE] = "Testudo.BootIntegrity.NoAnswer",
    [ALERT_SAME_KEY] = "Testudo.BootIntegrity.SameEndorsementKey",
    [ALERT_KERNEL_MODULE] = "Testudo.BootIntegrity.KernelModuleRefused",
};
DEFINE_WORDS(alert_kind, AlertKind, ALERT_N_KINDS)

static const char *const alert_status_words[ALERT_N_STATUSES] = {
    [ALERT_ACTIVE] = "Active",
    [ALERT_IN_PROGRESS] = "InProgress",
    [ALERT_RESOLVED] = "Resolved",
    [ALERT_DISMISSED] = "Dismissed",
};
DEFINE_WORDS(alert_status, AlertStatus, ALERT_N_STATUSES)

static const struct {
    const char *title, *severity, *remedy;
} about[ALERT_N_KINDS] = {
    [ALERT_DEVIATION] = { "Attestation failed: the boot deviates from what it should be", "Medium",
                          "Look at what differs (testudo attest show). "
                          "Approve it where it is meant to be (testudo attest approve); "
                          "else reimage or delete the instance." },
    [ALERT_EVIDENCE] = { "Attestation failed: the evidence does not hold", "Medium",
                         "Look at the reason (testudo attest show). "
                         "Where the vTPM or its key is another one than was made for the instance, reimage it." },
    [ALERT_SILENCE] = { "Attestation failed: the attestation handler does not answer", "Medium",
                        "See that the guest runs and that its guest agent may run programs (testudo vmss boot-log)." },
    [ALERT_SAME_KEY] = { "Two vTPMs have one endorsement key", "Medium",
                         "One of the two instances' folders is a copy. Neither is started: reimage or delete one of them." },
    [ALERT_KERNEL_MODULE] = { "An untrusted kernel module was refused", "Low",
                              "Use a module that is signed by a key that the guest trusts, or find out who loaded it." },
};

const char *
alert_title(AlertKind kind)
{
    g_assert(kind < ALERT_N_KINDS);
    return about[kind].title;
}

const char *
alert_severity(AlertKind kind)
{
    g_assert(kind < ALERT_N_KINDS);
    return about[kind].severity;
}

const char *
alert_remedy(AlertKind kind)
{
    g_assert(kind < ALERT_N_KINDS);
    return about[kind].remedy;
}
