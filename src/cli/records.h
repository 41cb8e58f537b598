/* cli/records.h: how a change record is shown, from the daemon or from a file. */
#pragma once

#include "cli/output.h"

/* report: of record_verify() (attest/record.h). */
void record_report_print(const json_t *report, OutputFormat format);
