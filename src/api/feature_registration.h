/* api/feature_registration.h: which features the subscription has registered. */
#pragma once

#include "model/feature.h"
#include "store/store.h"

gboolean feature_registered(StoreTx *tx, Feature feature, gboolean *ret_registered, GError **error);
