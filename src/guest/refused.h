/* guest/refused.h: what the kernel said about modules that it would not load, or loaded unsigned, since it booted. Pure.
 *
 * /dev/kmsg (Linux, Documentation/ABI/testing/dev-kmsg): "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,…];MESSAGE", one record a line;
 * lines that begin with a blank belong to the record before. Records of user space have a facility of their own, which no
 * program can leave out: what is here was said by the kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define REFUSED_MAX      4096u
#define REFUSED_LINE_MAX 200u

/* Messages, each once, printable ASCII alone, each with its LF; what does not fit is left out. */
typedef struct {
    char text[REFUSED_MAX];
    size_t length;
} Refused;

/* line: without its LF. */
void refused_take(Refused *refused, const char *line, size_t length);
