/* fuzz.h: what every fuzz target implements. README.md says how to add one. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* One input: parse it, hold what a caller may rely on against it (g_assert), free everything, return 0. `data` may be
 * NULL where size is 0, has no NUL behind it, and is exactly `size` bytes long under the sanitizers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
