/* engine/references.h: what a boot is compared with: the baselines of the image that was launched, of which one is of the same
 * size where there is one. Event logs are parsed once and kept. */
#pragma once

#include "attest/verdict.h"
#include "engine/pass.h"

/* What Engine.reference_components has. */
void computed_free(void *computed);

/* The best that one of them says; where there is none, what the image's computed components do (attest/components.h).
 * ret_reference: what it was compared with, for people; NULL where there is none. */
gboolean references_judge(Pass *pass, Held *held, const Evidenced *seen, Judgement *ret_judgement, char **ret_reference,
                          GError **error);
