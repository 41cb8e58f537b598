/* template/value_type.h: the types that parameters and outputs have. Internal to the room. */
#pragma once

#include "template/kinds.h"

typedef enum {
    TYPE_STRING,
    TYPE_SECURE_STRING,
    TYPE_INT,
    TYPE_BOOL,
    TYPE_OBJECT,
    TYPE_SECURE_OBJECT,
    TYPE_ARRAY,
    TYPE_N_TYPES
} ValueType;

/* "String", as Azure shows it; read in any case. */
const char *value_type_text(ValueType type);
gboolean value_type_from_text(const char *text, ValueType *ret_type);
gboolean value_type_is_secure(ValueType type);
Kinds value_type_kinds(ValueType type);
/* "string, int, …"; with or without the secure ones. Newly allocated. */
char *value_types_text(gboolean with_secure);
