#include "cli/component_table.h"

#include "cli/output.h"

#include <stdio.h>

static const Column columns[] = {
    { "PCR", "pcr" },
    { "Event", "event" },
    { "Name", "name" },
    { "Kind", "kind" },
    { "Expected", "expected" },
    { "Seen", "seen" },
    { "AcceptedBy", "acceptedBy|-" },
    { 0 },
};

void
component_table_print(const Cli *cli, const json_t *components)
{
    if (cli->format != OUTPUT_TABLE || json_array_size(components) == 0)
        return;
    printf("\n");
    output_print(components, columns, cli->format);
}
