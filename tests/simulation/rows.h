/* tests/simulation/rows.h: what the product remembers, read at once. */
#pragma once

#include "sim.h"

typedef struct {
    StoreSet *set;
    GPtrArray *instances; /* of StoreInstance, by id */
} RowSet;

typedef struct {
    GPtrArray *sets;       /* of RowSet */
    GPtrArray *operations; /* of StoreOperation, in progress */
} Rows;

Rows *rows_read(Sim *sim);
void rows_free(Rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_free)
const RowSet *rows_find(const Rows *rows, const char *uid);
