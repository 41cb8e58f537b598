/* model/instance_body.h: the instance's own body (PUT on virtualMachines/I), decoded. Clients send back all that they read;
 * settable are its protection, its tags, and which kept data disks are attached to it. Pure. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* An element of properties.storageProfile.dataDisks. */
typedef struct {
    guint lun;        /* 0–63, unique in the body */
    gboolean attach;  /* createOption Attach */
    char *disk_id;    /* managedDisk.id, or NULL */
    guint size_gib;   /* 0: not said */
    gboolean cached;  /* caching is another than None */
    gboolean deleted; /* deleteOption Delete */
} InstanceDisk;

typedef struct {
    gboolean has_scale_in, scale_in;
    gboolean has_scale_set_actions, scale_set_actions;
    char *tags;       /* JSON object text, or NULL where absent */
    GPtrArray *disks; /* of InstanceDisk; NULL where absent: they stay as they are */
} InstanceBody;

/* Clients send back what they read, which `shown` is, or less. FALSE sets *error where they would have the instance made of
 * something else than its set's model says: PropertyChangeNotAllowed, with every member that differs. */
gboolean instance_body_fits(const json_t *body, const json_t *shown, GError **error);

/* All violations in one error; what was read is to be cleared all the same. */
gboolean instance_body_read(const json_t *body, InstanceBody *ret_body, GError **error);
void instance_body_clear(InstanceBody *body);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InstanceBody, instance_body_clear)
