#include "guest/text.h"

#include <stdarg.h>
#include <string.h>

Text
text_begin(char *buffer, size_t size)
{
    *buffer = '\0';
    return (Text){ .at = buffer, .room = size };
}

void
text_add(Text *text, const char *more)
{
    const size_t length = strlen(more);
    text->full = text->full || length >= text->room - text->length;
    if (text->full)
        return;
    memcpy(text->at + text->length, more, length + 1);
    text->length += length;
}

void
text_add_number(Text *text, unsigned number, unsigned digits)
{
    char written[12];
    size_t n = sizeof written;
    written[--n] = '\0';
    for (unsigned done = 0; n > 0 && (number > 0 || done < digits || done == 0); done++, number /= 10)
        written[--n] = (char)('0' + number % 10);
    text_add(text, written + n);
}

void
text_add_hex(Text *text, unsigned number)
{
    char written[12];
    size_t n = sizeof written;
    written[--n] = '\0';
    do
        written[--n] = "0123456789abcdef"[number & 0xf];
    while ((number >>= 4) > 0);
    text_add_all(text, "0x", written + n, NULL);
}

void
text_add_all(Text *text, const char *first, ...)
{
    va_list args;
    va_start(args, first);
    for (const char *more = first; more; more = va_arg(args, const char *))
        text_add(text, more);
    va_end(args);
}

bool
number_read(const char *text, unsigned max, unsigned *ret_number)
{
    unsigned number = 0;
    if (!text || !*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (unsigned)(*text - '0');
        if (number > max)
            return false;
    }
    *ret_number = number;
    return number > 0;
}
