/* cli/output.h: results on standard output, as table, JSON, TSV or YAML. */
#pragma once

#include "base/error.h"
#include "base/json.h"

#include <stdio.h>

typedef enum { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_TSV, OUTPUT_YAML } OutputFormat;

/* NULL: table on a terminal, JSON elsewhere. */
gboolean output_format_parse(const char *text, OutputFormat *ret_format, GError **error);

/* One column: header and a path of member names with dots ("sku.name"); "statuses[PowerState]"
 * takes what follows '/' in the code of the array's entry whose code begins so, and "id/resourceGroups"
 * what follows that part of a resource's id. "PATH|TEXT" shows TEXT where there is nothing. */
typedef struct {
    const char *header;
    const char *path;
} Column;

/* Prints an object or an array of objects. `columns` (ends with a NULL header) is what table and
 * TSV show; NULL: the members of the objects that are plain values. */
void output_print(const json_t *value, const Column *columns, OutputFormat format);
void output_write(FILE *stream, const json_t *value, const Column *columns, OutputFormat format);
