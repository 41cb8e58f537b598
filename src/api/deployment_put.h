/* api/deployment_put.h: what deploys a template. */
#pragma once

#include "api/deployment_place.h"

ApiResponse *deployment_put(Call *call, GError **error);
ApiResponse *deployment_validate(Call *call, GError **error);
ApiResponse *deployment_what_if(Call *call, GError **error);

/* May something of this name be deployed there now? */
gboolean deployment_put_check(const Call *call, const DeploymentPlace *place, GError **error);
