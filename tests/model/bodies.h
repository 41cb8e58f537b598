/* bodies.h: request bodies for tests, written with ' for ". */
#pragma once

#include "base/json.h"
#include "model/document.h"
#include "model/model.h"

/* A scale set as small as it may be: Standard_A1, three instances, Testudo:mini:gen1:1.0.0. */
extern const char small_set[];

/* Parses text in which ' stands for "; fails the test where that is no JSON. */
json_t *body_of(const char *text);

/* As a client would: `body` (text as above) sent to a set whose document is `stored` (NULL: a create). */
json_t *send_body(const json_t *stored, const char *body, GError **error);
json_t *must_send(const json_t *stored, const char *body);
/* small_set created, then `change` sent to it (NULL: nothing). */
json_t *small_set_with(const char *change);

/* The value at a dotted path as compact JSON with ' for ", or "absent". Newly allocated. */
char *text_at(const json_t *document, const char *path);

Model *must_decode(const json_t *document);
/* small_set with a change, decoded. */
Model *model_with(const char *change);

/* The error has this code and target, and all words of `words` (separated by '|') in its message. */
void assert_error_says(const GError *error, int code, const char *target, const char *words);
