/* api/deployment_place.h: the path of a deployment, and what lies there. */
#pragma once

#include "api/deployment_state.h"

#define PATH_DEPLOYMENTS "/subscriptions/{subscription}/resourceGroups/{group}/providers/" DEPLOYMENT_TYPE
#define PATH_DEPLOYMENT  PATH_DEPLOYMENTS "/{deployment}"
/* Where its operations are looked for besides. */
#define PATH_GROUP_DEPLOYMENT "/subscriptions/{subscription}/resourceGroups/{group}/deployments/{deployment}"
/* Where these are among Call.params. */
enum { PARAM_DEPLOYMENT = 2, PARAM_RUN = 3 };

/* ARM id; newly allocated. */
char *deployment_id(const Call *call, const char *group, const char *name);

typedef struct {
    StoreTx *tx;
    StoreGroup *group;
    StoreDeployment *deployment; /* NULL: there is none of this name, and neither state nor id */
    DeploymentState state;
    char *id;
} DeploymentPlace;

/* The group has to be there; the deployment may. */
gboolean deployment_place_look(Call *call, DeploymentPlace *ret_place, gboolean writes, GError **error);
/* For reading, and both have to be there. */
gboolean deployment_place_find(Call *call, DeploymentPlace *ret_place, GError **error);
/* It is none that goes on (409). */
gboolean deployment_place_not_running(const DeploymentPlace *place, GError **error);
void deployment_place_clear(DeploymentPlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeploymentPlace, deployment_place_clear)
