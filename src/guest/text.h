/* guest/text.h: short texts put together without stdio, which would be a sixth of this program. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *at;    /* always ends with NUL */
    size_t room; /* with the NUL */
    size_t length;
    bool full; /* something did not fit: what is here is no use */
} Text;

/* char buffer[100]; Text text = TEXT_IN(buffer); */
#define TEXT_IN(buffer) text_begin(buffer, sizeof(buffer))
Text text_begin(char *buffer, size_t size);
void text_add(Text *text, const char *more);
/* Decimal, with zeros before it up to `digits`. */
void text_add_number(Text *text, unsigned number, unsigned digits);
/* "0x921" */
void text_add_hex(Text *text, unsigned number);
/* All of these in order; ends with NULL. */
void text_add_all(Text *text, const char *first, ...) __attribute__((sentinel));

/* Decimal, from 1 to max; false: it is something else. */
bool number_read(const char *text, unsigned max, unsigned *ret_number);
