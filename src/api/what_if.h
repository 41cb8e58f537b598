/* api/what_if.h: which instances a body would change, how, what is lost, and which rules refuse it. Changes nothing. */
#pragma once

#include "api/call.h"

ApiResponse *scale_set_what_if(Call *call, GError **error);
