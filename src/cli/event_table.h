/* cli/event_table.h: what a TCG event log measured, as it is shown. */
#pragma once

#include "attest/event_log.h"
#include "cli/output.h"

extern const Column event_columns[];
/* A list, in log order; a new reference. */
json_t *events_json(const EventLog *log);
