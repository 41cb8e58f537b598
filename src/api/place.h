/* api/place.h: the paths of a scale set and of its instances, and what lies there. */
#pragma once

#include "api/call.h"

#define PATH_SETS      "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets"
#define PATH_SET       PATH_SETS "/{set}"
#define PATH_INSTANCES PATH_SET "/virtualMachines"
#define PATH_INSTANCE  PATH_INSTANCES "/{instance}"
/* Where these are among Call.params. */
enum { PARAM_GROUP = 1, PARAM_SET = 2, PARAM_INSTANCE = 3 };

/* The set and, where the path names one, the instance, in a read transaction. */
typedef struct {
    StoreTx *tx;
    StoreSet *set;
    StoreInstance *instance;
} Place;

gboolean place_find(Call *call, Place *ret_place, GError **error);
void place_clear(Place *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

/* What was done to an instance at once, for the activity log: an operation of this kind that begins and ends. */
gboolean place_record(Call *call, StoreTx *tx, StoreSet *set, const StoreInstance *instance, OperationKind kind,
                      GError **error);

/* ARM id of the set (instance NULL) or of an instance of it, which may be called by its name as a VM; newly allocated. */
char *place_resource(const Call *call, const StoreSet *set, const guint *instance, gboolean as_machine);

/* The instance as the host knows it; newly allocated. */
char *place_key(const Place *place);
