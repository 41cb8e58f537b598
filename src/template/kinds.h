/* template/kinds.h: kinds of JSON values, as sets. Internal to the room. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum {
    KIND_TEXT = 1 << 0,
    KIND_INTEGER = 1 << 1,
    KIND_BOOLEAN = 1 << 2,
    KIND_ARRAY = 1 << 3,
    KIND_OBJECT = 1 << 4,
    KIND_REAL = 1 << 5,
    KIND_NULL = 1 << 6,
    KIND_SCALAR = KIND_TEXT | KIND_INTEGER | KIND_BOOLEAN,
    KIND_ANY = (1 << 7) - 1,
} Kinds;

Kinds kind_of(const json_t *value);
/* "a text", or "a text, an array or an object". Newly allocated. */
char *kinds_text(Kinds kinds);

/* Values that are equal have the same key: so that many are compared with many in time. Keys of an array's elements. */
char *value_key(const json_t *value);
GHashTable *value_keys(const json_t *array);
gboolean value_is_among(const json_t *value, GHashTable *keys);
