/* tests/simulation/rows.h: what the product remembers, read at once. */
#pragma once

#include "sim.h"

typedef struct {
    StoreSet *set;
    GPtrArray *instances; /* of StoreInstance, by id */
    StoreRoll *roll;      /* the one under way, or NULL */
} RowSet;

typedef struct {
    GPtrArray *sets;       /* of RowSet */
    GPtrArray *operations; /* of StoreOperation, in progress */
} Rows;

Rows *rows_read(Sim *sim);
void rows_free(Rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_free)
/* rolls.c: looks what rolling upgrades have done since it was last asked, and judges it. */
void rolls_follow(Sim *sim, const Rows *rows, const char *name);
const RowSet *rows_find(const Rows *rows, const char *uid);
