/* engine/records.h: the change record: what an upgrade or a roll back did, in one signed file (attest/record.h has its form).
 *
 * A change (store/upgrades.h) is over when its operation is, and when of each instance of it is known how it came out: it runs,
 * is healthy and was attested, or rests, has failed or is gone. That is waited for RECORD_WAIT at most. */
#pragma once

#include "engine/pass.h"

#define RECORD_WAIT (10 * 60 * USEC_PER_SEC)

/* After the rows of a pass are written: which of its instances came down or up, and records of what is over. */
gboolean records_follow(Pass *pass, GError **error);
/* What was over when the daemon ended is looked at. */
void records_begin(Engine *engine);
void records_stop(Engine *engine);
