/* model/policy.h: how a scale set treats its instances: upgrades, repairs, endings. Part of the model, and of no instance: two
 * revisions that differ in this alone need nothing to go from one to the other. Pure.
 * Shapes and defaults: Azure Compute REST, UpgradePolicy, AutomaticOSUpgradePolicy, AutomaticRepairsPolicy, ScaleInPolicy,
 * ScheduledEventsProfile. */
#pragma once

#include <glib.h>
#include <jansson.h>

#define ROLLING_PERCENT_DEFAULT 20 /* of the three shares */

/* Shares are percent of the instances that are there; how many that is: rollout/roll.h. */
typedef struct {
    guint max_batch_percent;              /* 5–100, 20 */
    guint max_unhealthy_percent;          /* 5–100, 20 */
    guint max_unhealthy_upgraded_percent; /* 0–100, 20 */
    gint64 pause_usec;                    /* between two batches, 0 */
    gboolean prioritize_unhealthy;        /* unhealthy instances are upgraded first */
    gboolean max_surge;                   /* new instances first, then old ones are deleted */
    gboolean rollback;                    /* what failed is put back when the policy stops the upgrade */
} RollingPolicy;

typedef enum { REPAIR_REPLACE, REPAIR_RESTART, REPAIR_REIMAGE, REPAIR_N_ACTIONS } RepairAction;
/* "Replace", "Restart", "Reimage" */
const char *repair_action_text(RepairAction action);
gboolean repair_action_from_text(const char *text, RepairAction *ret_action);

typedef struct {
    gboolean enabled;
    gint64 grace_usec; /* 10–90 min, 10 min */
    RepairAction action;
} RepairsPolicy;

typedef enum { SCALE_IN_DEFAULT, SCALE_IN_NEWEST_VM, SCALE_IN_OLDEST_VM, SCALE_IN_N_RULES } ScaleInRule;
/* "Default", "NewestVM", "OldestVM" */
const char *scale_in_rule_text(ScaleInRule rule);
gboolean scale_in_rule_from_text(const char *text, ScaleInRule *ret_rule);

/* Which instances go when the capacity is lowered: rollout/scale_in.h. */
typedef struct {
    ScaleInRule rule;
    gboolean force_deletion;       /* their guests are not told before */
    gboolean prioritize_unhealthy; /* those that are out of service first */
} ScaleInPolicy;

/* A newer version of an image named `latest` is rolled out by itself: rollout/os_upgrade.h. */
typedef struct {
    gboolean enabled;
    gboolean rollback;     /* what fails by it is put back */
    RollingPolicy rolling; /* the set's where useRollingUpgradePolicy is true, else the defaults */
} OsUpgradePolicy;

typedef struct {
    RollingPolicy rolling;
    RepairsPolicy repairs;
    ScaleInPolicy scale_in;
    OsUpgradePolicy os_upgrade;
    gboolean overprovision; /* an instance that cannot be created is replaced by another one; TRUE unless it is said */
    gint64 terminate_usec;  /* how long a guest is given before its instance is deleted; 0: no notice */
} Policy;

/* From a canonical document (model/document.h). */
Policy policy_decode(const json_t *document);
