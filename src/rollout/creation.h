/* rollout/creation.h: an instance whose VM could not be made when it was created, in a set with `overprovision`: does another
 * one come in its place? Pure. Azure makes a few more than are asked for, and deletes what is too much when enough are there.
 * Here none is too much: what fails is replaced, in the same operation. */
#pragma once

#include "base/error.h"

/* Instances that are made one after another before it counts as failed. */
#define CREATION_ATTEMPTS 3

/* attempt: how many failed before it in this place. A guest that came up and never answered is left as it is: its log says why,
 * and the next one would not do better. */
gboolean creation_is_repeated(ArmCode code, guint attempt);
