/* store/desire.h: what a request wants of one instance, written into its desired members. Pure over the row.
 * A generation is the number of the launch that will make it: it rises with every one, and none is ever used twice. */
#pragma once

#include "model/change.h"
#include "rollout/scale_in.h"
#include "store/store.h"

/* A fresh instance on a set's current model. */
StoreInstance *instance_new(const StoreSet *set, const Model *model, guint id, UnixTime now);

/* The revision that an update starts from: the one that the instance is to be of. Where it did not get there, and nobody is at
 * it any more (its launch could not even be begun, or its step failed for something else), the one that it is of. */
guint desire_base(const StoreInstance *instance);
/* From its base to the model of `revision`, by what the change takes; running ones are launched again where it has to be. */
void desire_update(StoreInstance *instance, guint revision, const Change *change, const Model *after);

typedef enum {
    DESIRE_START,
    DESIRE_POWER_OFF,
    DESIRE_RESTART,
    DESIRE_DEALLOCATE,
    DESIRE_REIMAGE,
    DESIRE_REIMAGE_ALL,
    DESIRE_REDEPLOY,
    DESIRE_DELETE
} Desire;

/* FALSE sets *error where the action does not fit what is wanted of the instance (a restart of a stopped one). */
gboolean desire_check(const StoreInstance *instance, Desire desire, GError **error);
/* TRUE: something is to be done; FALSE: it is as wanted already, and the row is unchanged. skip_shutdown: for stops by force,
 * and for deletions (desire_deletion()). */
gboolean desire_apply(StoreInstance *instance, Desire desire, gboolean skip_shutdown);

/* The instance is to go, at once. forced: it is not asked to shut down either. */
void desire_deletion(StoreInstance *instance, gboolean forced);
/* It was just decided that the instance goes: its guest is told first, and given the time that the policy says. Not where the
 * deletion is forced, and not a guest that has not answered in this boot: it could not hear it. */
void desire_notice(StoreInstance *instance, const Policy *policy, UnixTime now);
/* Deleted already, with or without notice, and now by force: the time that its guest was given is over. TRUE: it had some. */
gboolean desire_notice_end(StoreInstance *instance);

/* Which of a set's instances (of StoreInstance, by id) go when it is scaled in by `count` (rollout/scale_in.h), by id; borrowed
 * from `instances`. NULL sets *error: too many are protected. */
GPtrArray *desire_scale_in(const GPtrArray *instances, const ScaleInPolicy *policy, guint count, GError **error);

/* How it booted speaks against it: a gate counts it as unhealthy. What its own model rules out does not: a set goes back to
 * Standard with the extension left on. */
gboolean integrity_is_against(const StoreInstance *instance);
