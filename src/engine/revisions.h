/* engine/revisions.h: the model revisions that instances are launched from, decoded once and kept: a stored revision never
 * changes. What may change under it, the image, is looked up once a pass: a pass holds the store's writer, so whatever is
 * imported or deleted is seen by the next one. */
#pragma once

#include "engine/pass.h"
#include "engine/sets.h"
#include "model/model.h"

struct Revision {
    guint number;
    Model *model;
    char *image_urn;
    guint vcpus;
    guint memory_mib;
    guint64 looked_up; /* number of the pass in which `image` was; 0: in none */
    ImageInfo *image;  /* NULL: it is not on this host */
};

/* Lasts until revision_get() is called again. NULL always sets *error. */
const Revision *revision_get(Pass *pass, SetTracked *set, guint number, GError **error);
/* The same with its image looked up in this pass. */
const Revision *revision_with_image(Pass *pass, SetTracked *set, guint number, GError **error);
void revision_free(Revision *revision); /* accepts NULL */
/* One that a lost transaction had made may come to be another one: all of the set's are read again. */
void revisions_lost(SetTracked *set);

/* Has its image a guest agent, as far as this host knows? */
gboolean revision_has_agent(Pass *pass, SetTracked *set, guint number, gboolean *ret_has, GError **error);
