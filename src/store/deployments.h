/* store/deployments.h: deployments of templates, and what each of them set going. As store/store.h says of rows.
 *
 * A deployment has no state of its own: it goes on as long as an operation of its parts does, and these stay as long as it is
 * kept. */
#pragma once

#include "store/store.h"

typedef struct {
    char *group;
    char *name;
    char *id;       /* of this run: another one each time that it is put */
    char *document; /* JSON: {"template", "parameters", "tags"}, without secrets */
    char *outputs;  /* JSON, as they were when it was first read after its end; NULL: it was not, or there are none */
    UnixTime created;
} StoreDeployment;
void store_deployment_free(StoreDeployment *deployment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDeployment, store_deployment_free)

/* A resource of the template, in the order in which they were made. */
typedef struct {
    char *deployment; /* id */
    guint place;
    char *resource;  /* ARM id */
    char *operation; /* NULL: there was nothing to wait for */
} StoreDeploymentPart;
void store_deployment_part_free(StoreDeploymentPart *part);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDeploymentPart, store_deployment_part_free)

StoreDeployment *store_deployment_get(StoreTx *tx, const char *group, const char *name, GError **error);
/* The newest first, without document and outputs: a group may have hundreds, of megabytes each. */
GPtrArray *store_deployment_list(StoreTx *tx, const char *group, GError **error);
/* In the place of one of the same name, whose parts are forgotten. Of more than `most` in the group the oldest go that have
 * ended. */
gboolean store_deployment_put(StoreTx *tx, const StoreDeployment *deployment, guint most, GError **error);
gboolean store_deployment_outputs_set(StoreTx *tx, const StoreDeployment *deployment, GError **error);
gboolean store_deployment_delete(StoreTx *tx, const StoreDeployment *deployment, GError **error);

gboolean store_deployment_part_add(StoreTx *tx, const StoreDeploymentPart *part, GError **error);
GPtrArray *store_deployment_parts(StoreTx *tx, const char *id, GError **error); /* of StoreDeploymentPart, by place */
