/* engine/attest.h: instances whose vTPM is asked how they booted, after each boot and every period. What the guest hands over
 * is judged by attest/ (engine/verdicts.h); the row has the verdict, the store the evidence.
 *
 * A round is one quote over a fresh nonce. Where the attestation key is not known yet to be in the TPM that was made for this
 * instance, a credential is activated in the same round before its evidence counts. What is under way in the guest when the
 * daemon ends is asked again: nothing of a round lasts. */
#pragma once

#include "engine/pass.h"

typedef struct Attested Attested;

/* Begins or ends asking, by what the row in hand says. */
gboolean attest_follow(Pass *pass, Held *held, GError **error);
/* The same for all rows in hand. */
gboolean attest_follow_all(Pass *pass, GError **error);
/* What guests handed over since the last pass. */
gboolean attest_take(Pass *pass, GError **error);
void attest_stop(Tracked *tracked);
/* Nothing of the pass was kept: what it heard of this one is asked for again. */
void attest_pass_lost(const Pass *pass, Tracked *tracked);
/* Its guest began another boot, which nobody has verified yet: it is asked for when the guest agent is back. */
void attest_reboot(Pass *pass, Held *held);
void attest_agent_back(const Held *held);
/* Answers that are still under way come to nobody. */
void attest_abandon(Engine *engine);
