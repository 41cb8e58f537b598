/* api/deployment_put.h: what deploys a template. */
#pragma once

#include "api/call.h"

ApiResponse *deployment_put(Call *call, GError **error);
ApiResponse *deployment_validate(Call *call, GError **error);
ApiResponse *deployment_what_if(Call *call, GError **error);
