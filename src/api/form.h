/* api/form.h: names and values as forms and the queries of addresses have them, "name=value&other=value"
 * (application/x-www-form-urlencoded; WHATWG URL Standard, 5.1). Pure. */
#pragma once

#include <glib.h>

#define FORM_TYPE      "application/x-www-form-urlencoded"
#define FORM_PAIRS_MAX 32u
/* Of a form that comes as a body: room for a certificate's signature, and for what clients say of themselves. */
#define FORM_BYTES_MAX (16u << 10)

/* text: `length` bytes, the client's. Names in lower case -> values, both decoded; none has a NUL byte, or bytes that are not
 * UTF-8. NULL sets *error, which calls the text `what` ("query"): a bad escape, a name that is there twice, more than
 * FORM_PAIRS_MAX. */
GHashTable *form_parse(const char *text, gsize length, const char *what, GError **error);

/* Newly allocated; NULL: it has an escape that is none, or stands for bytes that are not UTF-8. '+' stays what it is. */
char *form_decode(const char *text);
