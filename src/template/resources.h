/* template/resources.h: the resources that a template declares: what they are called, what they need, in which order they are
 * made. Internal to the room. */
#pragma once

#include "template/copy.h"

typedef struct Declared {
    TemplateResource *resource; /* given away by resources_order() */
    const json_t *text;         /* borrowed */
    char *path;                 /* "template.resources[0]" */
    Loop loop;                  /* copied: the one that it, or its parent, was declared in */
    gboolean copied;
    GPtrArray *needs; /* of Declared, borrowed: those that it is made after, each once */
    gboolean placed;
} Declared;

typedef struct Resources {
    GPtrArray *all;     /* of Declared: those whose condition is true, a parent before its children */
    GHashTable *index;  /* folded id, "type/name" and name, to Declared; to NULL where several have that name */
    GHashTable *copies; /* folded name of a copy to GPtrArray of Declared, borrowed: its resources, without their children */
    gsize n_depends;    /* entries of dependsOn so far, and resources of copies that they mean */
} Resources;

void resources_free(Resources *resources);
void template_resource_free(void *resource);

/* Their types, names and ids, into evaluation->resources. Those whose condition is false are looked through only. */
gboolean resources_declare(Evaluation *evaluation, GError **error);
/* Their bodies, and what they need. */
gboolean resources_fill(Evaluation *evaluation, GError **error);

/* For resources_fill(): what one of them needs, at its path. needs.c, as is the next. */
gboolean needs_fill(Evaluation *evaluation, Declared *declared, GError **error);

/* The id that a text of dependsOn or reference() means: an id, or the name or "type/name" of a resource of the template.
 * NULL sets *error: it is neither. Declares the resources where that is not done. */
char *resources_resolve(Evaluation *evaluation, const char *text, GError **error);

/* Each behind what it needs, and else as the template has them. A cycle is an error that names it. Of TemplateResource. */
GPtrArray *resources_order(Evaluation *evaluation, GError **error);
