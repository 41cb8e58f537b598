#include "base/jsonc.h"

#include <string.h>

typedef struct {
    const char *at, *end;
    GString *out;
} Copy;

static gboolean
begins(const Copy *copy, const char *text)
{
    const gsize length = strlen(text);
    return (gsize)(copy->end - copy->at) >= length && memcmp(copy->at, text, length) == 0;
}

/* Where it ends; lines stay lines, so that errors name the right one. */
static void
comment_copy(Copy *copy)
{
    const gboolean is_line = copy->at[1] == '/';
    copy->at += 2;
    g_string_append(copy->out, "  ");
    while (copy->at < copy->end && !(is_line ? *copy->at == '\n' : begins(copy, "*/"))) {
        g_string_append_c(copy->out, *copy->at == '\n' ? '\n' : ' ');
        copy->at++;
    }
    if (!is_line && copy->at < copy->end) {
        copy->at += 2;
        g_string_append(copy->out, "  ");
    }
}

static void
text_copy(Copy *copy)
{
    g_string_append_c(copy->out, *copy->at++);
    while (copy->at < copy->end) {
        const char c = *copy->at++;
        if (c == '\n')
            g_string_append(copy->out, "\\n");
        else if (c == '\r')
            g_string_append(copy->out, "\\r");
        else
            g_string_append_c(copy->out, c);
        if (c == '"')
            return;
        if (c == '\\' && copy->at < copy->end)
            g_string_append_c(copy->out, *copy->at++);
    }
}

static gboolean
is_of_word(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '$';
}

static void
word_copy(Copy *copy)
{
    const char *word = copy->at;
    while (copy->at < copy->end && is_of_word(*copy->at))
        copy->at++;
    const char *next = copy->at;
    while (next < copy->end && g_ascii_isspace(*next))
        next++;
    const gboolean is_name = next < copy->end && *next == ':' && !g_ascii_isdigit(*word);
    if (is_name)
        g_string_append_c(copy->out, '"');
    g_string_append_len(copy->out, word, copy->at - word);
    if (is_name)
        g_string_append_c(copy->out, '"');
}

char *
jsonc_to_json(const char *text, gsize length, gsize *ret_length)
{
    Copy copy = { text, text + length, g_string_sized_new(length + 16) };
    while (copy.at < copy.end) {
        if (*copy.at == '"')
            text_copy(&copy);
        else if (begins(&copy, "//") || begins(&copy, "/*"))
            comment_copy(&copy);
        else if (is_of_word(*copy.at))
            word_copy(&copy);
        else
            g_string_append_c(copy.out, *copy.at++);
    }
    *ret_length = copy.out->len;
    return g_string_free(copy.out, FALSE);
}
