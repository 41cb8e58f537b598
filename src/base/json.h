/* base/json.h: what jansson lacks. Pure.
 * Parsing is strict (duplicate keys, NUL characters and invalid UTF-8 are refused) and limited in depth. */
#pragma once

#include <glib.h>
#include <jansson.h>

#define JSON_BODY_MAX_DEPTH 32

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* Parses `length` bytes; at most JSON_BODY_MAX_DEPTH levels. NULL sets *error (ARM_INVALID_REQUEST_CONTENT,
 * with line and column). The depth is checked before anything is allocated for the nested values. */
json_t *json_parse(const char *text, gsize length, GError **error);

/* Member by name: exact first, then without regard to ASCII case. Borrowed, NULL where absent.
 * JSON null is returned as json_null(). */
json_t *json_member(const json_t *object, const char *name);

/* Text of a string member, NULL where it is absent or not a string. Borrowed. */
const char *json_member_text(const json_t *object, const char *name);

/* A name that an object in it has twice, but for the case of ASCII letters; borrowed, NULL where none has. The parser refuses
 * those that are the same to the letter. */
const char *json_twin(const json_t *value);

/* Follows a path of names separated by dots; borrowed, NULL where it ends early. */
json_t *json_path(const json_t *object, const char *dotted);

/* Compact text, members in insertion order; newly allocated with g_malloc. */
char *json_text(const json_t *value);

/* Sets a member only when value is not NULL; steals value. For strings: when text is not NULL. */
void json_set_new(json_t *object, const char *name, json_t *value);
void json_set_text(json_t *object, const char *name, const char *text);
