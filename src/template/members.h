/* template/members.h: which members the objects of a template have. Internal to the room. */
#pragma once

#include "template/evaluation.h"
#include "template/kinds.h"

typedef struct {
    const char *name;
    Kinds kinds;
    const char *refused; /* why, where Azure has it and we do not; NULL: it is taken */
} Member;

typedef struct {
    const char *what;   /* "A template" */
    gboolean open;      /* members that are in no row are not looked at */
    Member members[12]; /* up to a row without name */
} MemberTable;

/* Each member has a row, is not refused, and has a kind that is taken; null counts as absent. */
gboolean members_check(Evaluation *evaluation, const json_t *object, const MemberTable *table, GError **error);

/* A member without regard to case; NULL where it is absent or null. Borrowed. */
json_t *member_sent(const json_t *object, const char *name);

/* "'a', 'b'", at most 20 of an object's names; "none". Newly allocated. */
char *members_known(const json_t *object);
