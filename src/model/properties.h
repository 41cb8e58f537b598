/* model/properties.h: the one table of every member that a scale set's body may have. Pure.
 * Source of the names: Azure Compute REST, VirtualMachineScaleSet, versions 2019-03-01 to 2026-03-01. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum {
    PROPERTY_EFFECTIVE,   /* has an effect */
    PROPERTY_DESCRIPTIVE, /* kept and given back as sent */
    PROPERTY_READ_ONLY,   /* ignored on input */
    PROPERTY_REFUSED,     /* 400 with the reason, unless it says nothing (null, false, "", [], {}) */
} PropertyClass;

typedef enum {
    PROPERTY_OBJECT,
    PROPERTY_LIST,  /* of objects whose members are rows below PATH[] */
    PROPERTY_TEXTS, /* array of texts */
    PROPERTY_WORDS, /* array of words, as WORD has them */
    PROPERTY_TEXT,
    PROPERTY_WORD, /* one of the words in `accepted`, separated by '|'; canonical case is the table's */
    PROPERTY_BOOL,
    PROPERTY_NUMBER,   /* whole, within `accepted` "MIN..MAX" */
    PROPERTY_DURATION, /* ISO 8601 */
    PROPERTY_ANY,      /* whatever it is, kept as a whole */
} PropertyType;

typedef struct {
    const char *path; /* canonical, from the body's root; "[]" after the name of a list */
    PropertyClass class;
    PropertyType type;
    const char *accepted; /* for WORD, WORDS and NUMBER; for texts what the check accepts, in words; else NULL */
    const char *why;      /* for REFUSED: the reason and what to do instead */
    /* Further check of a value that has the right type; sets *error with target `path`. NULL: none. */
    gboolean (*check)(const json_t *value, const char *path, GError **error);
} Property;

extern const Property scale_set_properties[]; /* ends with a NULL path */
extern const Property instance_properties[];

const char *property_class_text(PropertyClass class);
const char *property_type_text(PropertyType type);

/* The row of a path, without regard to case. */
const Property *property_find(const Property *table, const char *path);

/* Reads a body against a table: canonical keys, canonical words, coerced scalars, nulls and read-only members left out.
 * Violations (GError*) are appended to `violations`; what is wrong is left out of the result, which is never NULL. */
json_t *properties_read(const Property *table, const json_t *body, GPtrArray *violations);
/* The same for an object within a body: `path` is where it stands, for messages; table_path where its members are in the table
 * ("": there from the root). */
json_t *properties_read_at(const Property *table, const char *table_path, const json_t *object, const char *path,
                           GPtrArray *violations);
