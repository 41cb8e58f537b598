/* cli/set_path.h: the paths of --set, as `az` writes them: sku.name, tags.owner,
 * virtualMachineProfile.storageProfile.dataDisks[0].diskSizeGB, list[lun=1].name. Pure.
 *
 * A path whose first name is no member of the resource itself is taken below `properties`. Names
 * are matched without regard to case. What the daemon replaces as a whole (lists, tags) is copied
 * from the model first, so that an edit of one entry keeps the others. */
#pragma once

#include "base/error.h"
#include "base/json.h"

/* Puts PATH=VALUE into `changes`, the body of a merging request. model: what is there now, NULL for
 * nothing. VALUE is JSON where it reads as such, text otherwise. */
gboolean set_path_apply(json_t *changes, const json_t *model, const char *assignment, GError **error);

/* Sets the member at a path of plain names, making the objects on the way; steals value. */
void body_put(json_t *body, const char *dotted, json_t *value);

/* Was something copied whole from the model into `changes`, so that it must not have changed since?
 */
gboolean set_path_copies(const json_t *changes);
