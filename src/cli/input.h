/* cli/input.h: files that the command line names, to be read here. */
#pragma once

#include "base/error.h"

/* Its whole content, as file_read() (base/file.h); one that cannot be read makes the command line wrong. named_by: "FILE",
 * "--ca". */
char *input_read(const char *path, const char *named_by, gsize max, gsize *ret_length, GError **error);
