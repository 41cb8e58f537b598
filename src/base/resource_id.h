/* base/resource_id.h: ARM resource ids. Pure.
 * /subscriptions/S[/resourceGroups/G[/providers/NS/TYPE/NAME[/SUBTYPE/SUBNAME]…]]
 * Compared without regard to case, given back in the case of creation. */
#pragma once

#include <glib.h>

/* Builders; newly allocated, canonical case of the fixed segments. */
char *resource_id_subscription(const char *subscription);
char *resource_id_group(const char *subscription, const char *group);
char *resource_id_scale_set(const char *subscription, const char *group, const char *set);
char *resource_id_instance(const char *subscription, const char *group, const char *set, guint instance);
char *resource_id_disk(const char *subscription, const char *group, const char *disk);

/* An instance of a Flexible set as a VM of its own: "web_12". A set's name may hold "_" too: the last one parts the two. */
char *resource_id_machine(const char *subscription, const char *group, const char *set, guint instance);
char *resource_machine_name(const char *set, guint instance);
/* FALSE: no such name. A number has no leading zeros, so that each instance has one name. */
gboolean resource_machine_parse(const char *name, char **ret_set, guint *ret_instance);

/* ASCII case folding, as ARM compares names; newly allocated. */
char *resource_fold(const char *text);
gboolean resource_same(const char *a, const char *b);

/* Is this a name ARM accepts? On failure *error names the rule that is broken, with `target`.
 * Group: 1–90 of letters, digits, _ - . ( ), not ending in '.'.
 * Scale set: 1–64 of letters, digits, _ - ., beginning with a letter or digit, ending in a letter, digit or _. */
gboolean resource_name_check_group(const char *name, const char *target, GError **error);
gboolean resource_name_check_scale_set(const char *name, const char *target, GError **error);

/* Length-limited (4,096 bytes) parse; parts that the id does not have are NULL. Owned by the caller. */
typedef struct {
    char *subscription;
    char *group;
    char *provider;   /* "Microsoft.Compute", as written */
    char *type;       /* "virtualMachineScaleSets", or "a/b" for a child, as written */
    char *name;       /* of the top resource */
    char *child_name; /* of the child, or NULL */
} ResourceId;

ResourceId *resource_id_parse(const char *text, GError **error);
void resource_id_free(ResourceId *id);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ResourceId, resource_id_free)
