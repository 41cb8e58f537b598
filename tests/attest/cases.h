/* cases.h: evidence of real boots, from fixtures/CASE (fixtures/README.md). */
#pragma once

#include "attest/verdict.h"

typedef struct {
    Evidence evidence;
    GBytes *nonce;
} Case;

Case case_read(const char *name);
void case_clear(Case *one);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

/* A file of fixtures/; a missing one is the end of the test. NULL: asked for with may_be_absent. */
GBytes *fixture_read(const char *path, gboolean may_be_absent);

/* In place of *bytes: itself with one byte XORed. */
void bytes_damage(GBytes **bytes, gsize at, guint8 mask);
/* In place of *bytes: without `count` bytes from `at` on. */
void bytes_cut(GBytes **bytes, gsize at, gsize count);
