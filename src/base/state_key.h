/* base/state_key.h: the operator's key, by which secrets of the state folder are encrypted at rest.
 *
 * The key itself encrypts nothing: each use has a key of its own, derived by HKDF-SHA256 (RFC 5869) from it, a salt and a
 * label, so that one that is found out says nothing of the others. Pure, but for randomness; any thread. */
#pragma once

#include <glib.h>

#define STATE_KEY_BYTES 32

typedef struct StateKey StateKey;

/* From a file's content: 32 bytes as they are, or 64 hexadecimal digits, with white space around them. NULL sets *error, which
 * does not repeat the content. */
StateKey *state_key_parse(const char *content, gsize length, GError **error);
void state_key_free(StateKey *key); /* accepts NULL; overwrites it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StateKey, state_key_free)

/* A stamp is one line beside what is encrypted: which key it was ("1 <salt> <check value>", in hexadecimal). It is no secret:
 * the check value is derived from key and salt. Newly allocated, with a fresh salt. */
char *state_key_stamp(const StateKey *key);

typedef enum {
    STATE_KEY_RIGHT,
    STATE_KEY_OTHER,    /* the stamp is another key's */
    STATE_KEY_NO_STAMP, /* the text is none */
} StateKeyMatch;
StateKeyMatch state_key_match(const StateKey *key, const char *stamp);

/* The key of what lies beside a stamp, as 64 hexadecimal digits; newly allocated, to be freed by state_key_text_free(). NULL
 * where the stamp does not match. */
char *state_key_of_stamp(const StateKey *key, const char *stamp, const char *label);
void state_key_text_free(char *text); /* accepts NULL; overwrites it */

/* A text encrypted and authenticated (AES-256-GCM, with a key of its own), printable; newly allocated. The label says what it
 * is for: it opens under no other. NULL key: the text as it is. */
char *state_key_seal(const StateKey *key, const char *label, const char *text);
gboolean state_key_is_sealed(const char *text);
/* The text that was sealed, newly allocated; one that was not is given back as it is. NULL sets *error: there is no key, or it
 * is another's, or the text was changed. */
char *state_key_open(const StateKey *key, const char *label, const char *text, GError **error);
