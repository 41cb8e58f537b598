/* cli/component_table.h: what differs from a baseline, as it is shown. */
#pragma once

#include "cli/cli.h"

/* Below what was printed, where tables are asked for and there are components: other formats have them in their answer. */
void component_table_print(const Cli *cli, const json_t *components);
