#include "template/value_type.h"

#include "base/words.h"

static const char *const value_type_words[TYPE_N_TYPES] = {
    [TYPE_STRING] = "String", [TYPE_SECURE_STRING] = "SecureString", [TYPE_INT] = "Int",     [TYPE_BOOL] = "Bool",
    [TYPE_OBJECT] = "Object", [TYPE_SECURE_OBJECT] = "SecureObject", [TYPE_ARRAY] = "Array",
};
DEFINE_WORDS(value_type, ValueType, TYPE_N_TYPES)

static const Kinds type_kinds[TYPE_N_TYPES] = {
    [TYPE_STRING] = KIND_TEXT,   [TYPE_SECURE_STRING] = KIND_TEXT,   [TYPE_INT] = KIND_INTEGER, [TYPE_BOOL] = KIND_BOOLEAN,
    [TYPE_OBJECT] = KIND_OBJECT, [TYPE_SECURE_OBJECT] = KIND_OBJECT, [TYPE_ARRAY] = KIND_ARRAY,
};

gboolean
value_type_is_secure(ValueType type)
{
    return type == TYPE_SECURE_STRING || type == TYPE_SECURE_OBJECT;
}

Kinds
value_type_kinds(ValueType type)
{
    return type_kinds[type];
}

char *
value_types_text(gboolean with_secure)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < TYPE_N_TYPES; i++) {
        if (with_secure || !value_type_is_secure((ValueType)i))
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", value_type_words[i]);
    }
    return g_string_free(text, FALSE);
}
