#include "guest/refused.h"

#include <string.h>

/* Of the kernel: facility 0, whatever the level. */
#define PRIORITY_KERNEL_MAX 7

static bool
has(const char *text, size_t length, const char *word)
{
    return memmem(text, length, word, strlen(word)) != NULL;
}

static bool
begins(const char *text, size_t length, const char *word)
{
    return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

/* kernel/module/signing.c and kernel/module/main.c; security/lockdown/lockdown.c. */
static bool
is_about_a_module(const char *text, size_t length)
{
    return (begins(text, length, "Loading of ") && has(text, length, " is rejected")) ||
           has(text, length, ": module verification failed: ") ||
           (begins(text, length, "Lockdown: ") && has(text, length, "module"));
}

/* What stands behind the head of a record that the kernel made; NULL: it is none. */
static const char *
message_of(const char *line, size_t length)
{
    const char *comma = memchr(line, ',', length), *end = memchr(line, ';', length);
    if (!comma || !end || comma != line + 1 || line[0] < '0' || line[0] > '0' + PRIORITY_KERNEL_MAX)
        return NULL;
    return end + 1;
}

static bool
is_known(const Refused *refused, const char *line, size_t length)
{
    for (const char *at = refused->text, *end = at + refused->length; at < end;) {
        const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        if ((size_t)(next - at) == length && memcmp(at, line, length) == 0)
            return true;
        at = next;
    }
    return false;
}

void
refused_take(Refused *refused, const char *line, size_t length)
{
    char clean[REFUSED_LINE_MAX + 1];
    const char *text = message_of(line, length);
    if (!text || !is_about_a_module(text, length - (size_t)(text - line)))
        return;
    size_t n = length - (size_t)(text - line);
    if (n > REFUSED_LINE_MAX)
        n = REFUSED_LINE_MAX;
    for (size_t i = 0; i < n; i++)
        clean[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    clean[n++] = '\n';
    if (n > sizeof refused->text - refused->length || is_known(refused, clean, n))
        return;
    memcpy(refused->text + refused->length, clean, n);
    refused->length += n;
}
