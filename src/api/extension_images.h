/* api/extension_images.h: the extensions that clients find in the catalogue. */
#pragma once

#include "api/call.h"

/* Adds the publishers of extensions that are not in the list of publishers yet. */
void extension_publishers_add(const Call *call, json_t *list);
