#include "api/filter.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

void
filter_clear(Filter *filter)
{
    for (guint i = 0; i < FILTER_MAX_FIELDS; i++)
        g_clear_pointer(&filter->values[i], g_free);
}

gboolean
filter_matches(const char *wanted, const char *value)
{
    return !wanted || (value && g_ascii_strcasecmp(wanted, value) == 0);
}

static gboolean
refuse(const char *text, const char *const *fields, GError **error)
{
    g_autofree char *list = g_strjoinv(", ", (char **)fields);
    return arm_fail(
        error, ARM_INVALID_PARAMETER, "$filter",
        "The filter '%.100s' is not supported; accepted: FIELD eq 'VALUE', joined by 'and', where FIELD is one of: %s.", text,
        list);
}

static const char *
skip_spaces(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

/* "name" is compared by eq, "name ge" by ge. */
static gboolean
field_is(const char *field, const char *name, const char *comparison)
{
    gsize length = strcspn(field, " ");
    return strlen(name) == length && g_ascii_strncasecmp(field, name, length) == 0 &&
           g_ascii_strcasecmp(field[length] ? field + length + 1 : "eq", comparison) == 0;
}

/* The next run of characters that are none of " '"; moves *at behind it. */
static char *
word_take(const char **at)
{
    const char *begin = skip_spaces(*at);
    gsize length = strcspn(begin, " '");
    *at = begin + length;
    return length > 0 ? g_strndup(begin, length) : NULL;
}

static char *
value_take(const char **at)
{
    const char *from = skip_spaces(*at);
    if (*from != '\'')
        return word_take(at);
    GString *value = g_string_new(NULL);
    for (from++; *from && (*from != '\'' || from[1] == '\''); from++) {
        if (*from == '\'')
            from++;
        g_string_append_c(value, *from);
    }
    if (*from != '\'') {
        g_string_free(value, TRUE);
        return NULL;
    }
    *at = from + 1;
    return g_string_free(value, FALSE);
}

static int
field_index(const char *const *fields, const char *name, const char *comparison)
{
    for (int i = 0; name && comparison && fields[i]; i++) {
        if (field_is(fields[i], name, comparison))
            return i;
    }
    return -1;
}

static gboolean
word_is(const char **at, const char *expected)
{
    g_autofree char *word = word_take(at);
    return word && g_ascii_strcasecmp(word, expected) == 0;
}

gboolean
filter_parse(const char *text, const char *const *fields, Filter *ret_filter, GError **error)
{
    const char *at = text;
    if (!text || !*skip_spaces(text))
        return TRUE;
    for (;;) {
        /* Azure's command line puts a field that has a slash in quotes. */
        g_autofree char *name = value_take(&at);
        g_autofree char *comparison = word_take(&at);
        int field = field_index(fields, name, comparison);
        g_autofree char *value = field >= 0 ? value_take(&at) : NULL;
        if (!value || ret_filter->values[field])
            return refuse(text, fields, error);
        ret_filter->values[field] = g_steal_pointer(&value);
        at = skip_spaces(at);
        if (!*at)
            return TRUE;
        if (!word_is(&at, "and"))
            return refuse(text, fields, error);
    }
}

gboolean
filter_tags_check(const char *name, const char *value, GError **error)
{
    return name || !value ||
           arm_fail(error, ARM_INVALID_PARAMETER, "$filter",
                    "A filter by tagValue names the tag too: tagName eq 'NAME' and tagValue eq 'VALUE'.");
}

gboolean
filter_tags_match(const char *name, const char *value, const json_t *tags)
{
    const char *own = name ? json_member_text(tags, name) : NULL;
    return !name || (own && (!value || strcmp(own, value) == 0));
}
