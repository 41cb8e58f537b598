/* Reads a body against a table of members. */
#include "model/properties.h"

#include "base/error.h"
#include "base/json.h"
#include "base/time_text.h"

#include <string.h>

#define VIOLATIONS_MAX  20
#define PATH_MAX_LENGTH 512

const char *
property_class_text(PropertyClass class)
{
    static const char *const texts[] = { "effective", "descriptive", "read-only", "refused" };
    return texts[class];
}

const char *
property_type_text(PropertyType type)
{
    static const char *const texts[] = { "object", "list",    "texts",  "words",    "text",
                                         "word",   "boolean", "number", "duration", "any" };
    return texts[type];
}

const Property *
property_find(const Property *table, const char *path)
{
    for (; table->path; table++) {
        if (g_ascii_strcasecmp(table->path, path) == 0)
            return table;
    }
    return NULL;
}

typedef struct {
    const Property *table;
    GPtrArray *violations;
} Reader;

static void
violation_add(Reader *reader, GError *violation)
{
    if (reader->violations->len < VIOLATIONS_MAX)
        g_ptr_array_add(reader->violations, violation);
    else
        g_error_free(violation);
}

G_GNUC_PRINTF(4, 5)
static json_t *
violate(Reader *reader, ArmCode code, const char *path, const char *format, ...)
{
    va_list args;
    GError *violation = NULL;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    arm_fail(&violation, code, path, "%s", message);
    violation_add(reader, violation);
    return NULL;
}

/* What a value looks like in a message; texts are cut short, and secrets never get here. */
static char *
shown(const json_t *value)
{
    g_autofree char *text = json_text(value);
    if (!text)
        return g_strdup("(not a value)");
    if (g_utf8_strlen(text, -1) <= 60)
        return g_steal_pointer(&text);
    g_autofree char *head = g_utf8_substring(text, 0, 60);
    return g_strconcat(head, "…", NULL);
}

static json_t *
mismatch(Reader *reader, const Property *row, const char *path, const json_t *value, const char *accepted)
{
    g_autofree char *what = strstr(path, "assword") ? g_strdup("the value") : shown(value);
    return violate(reader, ARM_INVALID_PARAMETER, path, "'%s': %s is not accepted; accepted: %s.", path, what,
                   row->accepted && row->type == PROPERTY_TEXT ? row->accepted : accepted);
}

static gboolean
says_nothing(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) || (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) || (json_is_object(value) && json_object_size(value) == 0);
}

static json_t *
bool_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    const char *text = json_string_value(value);
    if (json_is_boolean(value))
        return json_boolean(json_is_true(value));
    if (text && g_ascii_strcasecmp(text, "true") == 0)
        return json_true();
    if (text && g_ascii_strcasecmp(text, "false") == 0)
        return json_false();
    return mismatch(reader, row, path, value, "true, false");
}

static json_t *
number_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    gint64 number = 0, min = 0, max = 0;
    char *end = NULL;
    gboolean ok = FALSE;

    min = g_ascii_strtoll(row->accepted, &end, 10);
    max = g_ascii_strtoll(end + 2, NULL, 10);
    if (json_is_integer(value)) {
        number = json_integer_value(value);
        ok = TRUE;
    } else if (json_is_real(value)) {
        double real = json_real_value(value);
        number = real >= (double)min && real <= (double)max ? (gint64)real : min - 1;
        ok = (double)number == real;
    } else if (json_is_string(value)) {
        ok = g_ascii_string_to_signed(json_string_value(value), 10, min, max, &number, NULL);
    }
    if (ok && number >= min && number <= max)
        return json_integer(number);
    g_autofree char *accepted = g_strdup_printf("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
    return mismatch(reader, row, path, value, accepted);
}

/* The word as the table has it; NULL: it is none of them. */
static json_t *
word_canonical(char **words, const json_t *value)
{
    const char *text = json_string_value(value);
    for (char **word = words; text && *word; word++) {
        if (g_ascii_strcasecmp(*word, text) == 0)
            return json_string(*word);
    }
    return NULL;
}

static json_t *
word_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    g_auto(GStrv) words = g_strsplit(row->accepted, "|", -1);
    json_t *word = word_canonical(words, value);
    if (word)
        return word;
    g_autofree char *accepted = g_strjoinv(", ", words);
    return mismatch(reader, row, path, value, accepted);
}

static json_t *
words_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    g_auto(GStrv) words = g_strsplit(row->accepted, "|", -1);
    g_autoptr(json_t) list = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *word = word_canonical(words, json_array_get(value, i));
        if (word)
            json_array_append_new(list, word);
    }
    if (json_is_array(value) && json_array_size(list) == json_array_size(value))
        return g_steal_pointer(&list);
    g_autofree char *joined = g_strjoinv(", ", words);
    g_autofree char *accepted = g_strconcat("an array of: ", joined, NULL);
    return mismatch(reader, row, path, value, accepted);
}

static json_t *
duration_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    gint64 usec;
    const char *text = json_string_value(value);
    if (!text || !duration_from_text(text, &usec))
        return mismatch(reader, row, path, value, "an ISO 8601 duration such as PT10M");
    g_autofree char *canonical = duration_to_text(usec);
    return json_string(canonical);
}

static json_t *
texts_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!json_is_string(json_array_get(value, i)))
            return mismatch(reader, row, path, value, "an array of texts");
    }
    return json_is_array(value) ? json_deep_copy(value) : mismatch(reader, row, path, value, "an array of texts");
}

static json_t *object_read(Reader *reader, const json_t *object, const char *path, const char *table_path);

static json_t *
list_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    if (!json_is_array(value))
        return mismatch(reader, row, path, value, "an array of objects");
    g_autofree char *table_path = g_strconcat(row->path, "[]", NULL);
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        g_autofree char *item_path = g_strdup_printf("%s[%zu]", path, i);
        if (json_is_object(item))
            json_array_append_new(list, object_read(reader, item, item_path, table_path));
        else
            mismatch(reader, row, item_path, item, "an object");
    }
    return list;
}

static json_t *
typed_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    switch (row->type) {
    case PROPERTY_OBJECT:
        return json_is_object(value) ? object_read(reader, value, path, row->path)
                                     : mismatch(reader, row, path, value, "an object");
    case PROPERTY_LIST:
        return list_read(reader, row, path, value);
    case PROPERTY_TEXTS:
        return texts_read(reader, row, path, value);
    case PROPERTY_WORDS:
        return words_read(reader, row, path, value);
    case PROPERTY_TEXT:
        return json_is_string(value) ? json_incref((json_t *)value) : mismatch(reader, row, path, value, "a text");
    case PROPERTY_WORD:
        return word_read(reader, row, path, value);
    case PROPERTY_BOOL:
        return bool_read(reader, row, path, value);
    case PROPERTY_NUMBER:
        return number_read(reader, row, path, value);
    case PROPERTY_DURATION:
        return duration_read(reader, row, path, value);
    case PROPERTY_ANY:
        return json_deep_copy(value);
    }
    g_assert_not_reached();
}

static json_t *
member_read(Reader *reader, const Property *row, const char *path, const json_t *value)
{
    GError *violation = NULL;

    if (row->class == PROPERTY_REFUSED) {
        if (says_nothing(value))
            return NULL;
        return violate(reader, ARM_BAD_REQUEST, path, "'%s' is not accepted: %s.", path, row->why);
    }
    /* A word that has a check of its own may say more about a wrong word than a list of the right ones. */
    if (row->check && row->type == PROPERTY_WORD && json_is_string(value) && !row->check(value, path, &violation)) {
        violation_add(reader, violation);
        return NULL;
    }
    g_autoptr(json_t) read = typed_read(reader, row, path, value);
    if (read && row->check && row->type != PROPERTY_WORD && !row->check(read, path, &violation)) {
        violation_add(reader, violation);
        return NULL;
    }
    return g_steal_pointer(&read);
}

/* Members right below this path that have an effect or are kept. */
static char *
members_text(const Property *table, const char *table_path)
{
    GString *text = g_string_new(NULL);
    const gsize length = strlen(table_path);
    for (; table->path; table++) {
        if (table->class > PROPERTY_DESCRIPTIVE || g_ascii_strncasecmp(table->path, table_path, length) != 0 ||
            (length > 0 && table->path[length] != '.'))
            continue;
        const char *name = length == 0 ? table->path : table->path + length + 1;
        if (strchr(name, '.'))
            continue;
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", name);
    }
    return g_string_free(text, FALSE);
}

static json_t *
object_read(Reader *reader, const json_t *object, const char *path, const char *table_path)
{
    json_t *result = json_object();
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        const char *dot = *path ? "." : "";
        g_autofree char *row_path = g_strconcat(table_path, *table_path ? "." : "", key, NULL);
        g_autofree char *own_path = g_strconcat(path, dot, key, NULL);
        const Property *row = strlen(own_path) <= PATH_MAX_LENGTH ? property_find(reader->table, row_path) : NULL;
        if (!row) {
            g_autofree char *accepted = members_text(reader->table, table_path);
            violate(reader, ARM_INVALID_REQUEST_CONTENT, own_path,
                    "Could not find member '%.100s' on object '%s'; accepted: %s.", key, *path ? path : "the body", accepted);
            continue;
        }
        if (row->class == PROPERTY_READ_ONLY || json_is_null(value))
            continue;
        const char *canonical = strrchr(row->path, '.');
        canonical = canonical ? canonical + 1 : row->path;
        g_autofree char *canonical_path = g_strconcat(path, dot, canonical, NULL);
        if (json_object_get(result, canonical)) {
            violate(reader, ARM_INVALID_REQUEST_CONTENT, canonical_path, "The member '%s' is there twice, in different case.",
                    canonical_path);
            continue;
        }
        json_set_new(result, canonical, member_read(reader, row, canonical_path, value));
    }
    return result;
}

json_t *
properties_read(const Property *table, const json_t *body, GPtrArray *violations)
{
    Reader reader = { table, violations };
    if (!json_is_object(body)) {
        violate(&reader, ARM_INVALID_REQUEST_CONTENT, NULL, "The body is a JSON object.");
        return json_object();
    }
    return object_read(&reader, body, "", "");
}

json_t *
properties_read_at(const Property *table, const char *table_path, const json_t *object, const char *path, GPtrArray *violations)
{
    Reader reader = { table, violations };
    if (!json_is_object(object)) {
        violate(&reader, ARM_INVALID_PARAMETER, path, "'%s' is an object.", *path ? path : "the body");
        return json_object();
    }
    return object_read(&reader, object, path, table_path);
}
