/* tests/simulation/sim.h: one seed's run: a world with scale sets in it, what their users were promised, and what was seen to
 * happen to their VMs. The promise and the ledger of VMs are kept by the simulation alone; the product's rows are what is
 * compared with them. */
#pragma once

#include "model/model.h"
#include "model/policy.h"
#include "random.h"
#include "world.h"

/* ---- what fleets are made of (fleet.c) ---- */
typedef struct {
    const char *name, *family;
    guint vcpus;
    guint disks_max;
    gboolean v1, v2, trusted; /* boots generation 1, generation 2; may be a Trusted launch VM's */
} SimSize;

#define SIM_RANK_LAST 90

typedef struct {
    const char *sku, *version;
    guint generation;
    gboolean bootable; /* where Secure Boot is on */
    gboolean agent;
    gboolean unhealthy; /* its application never becomes well */
    guint rank;         /* among the versions of its sku; SIM_RANK_LAST: comes in the end */
    gboolean pre_release;
} SimImage;

extern const SimSize sim_sizes[];
extern const guint sim_n_sizes;
/* Those that are there from the beginning, and then those that may be imported (os_upgrades.c). */
extern const SimImage sim_images[];
extern const guint sim_n_images, sim_n_all_images;

/* ---- how they treat their instances (policy.c) ---- */
typedef struct {
    guint batch, unhealthy, unhealthy_upgraded; /* percent */
    guint pause_s;
    gboolean ill_first, surge, rollback;
} SimRolling;

typedef struct {
    UpgradeMode mode;
    SimRolling rolling;
    ScaleInRule scale_in;
    gboolean scale_in_ill_first;
    gboolean repairs;
    guint repairs_grace_min; /* 0: nothing was ever said of repairs */
    RepairAction repairs_action;
    gboolean os_said; /* FALSE: nothing was ever said of automatic OS image upgrade */
    gboolean os_enabled, os_own_rolling, os_no_rollback;
} SimPolicy;

/* A model as its user asked for it. */
typedef struct {
    guint size, image; /* in the tables above */
    gboolean latest;   /* the image is the one that `latest` was when the model was made */
    gboolean trusted, secure_boot, vtpm;
    gboolean says_standard;    /* its body names the security type Standard, and does not only leave it out */
    guint disks;               /* data disks, luns 0 … */
    guint health;              /* 0: none; else the number of an Application Health extension in policy.c, plus 1 */
    gboolean attested;         /* it has the Guest Attestation extension */
    DeviationPolicy deviation; /* attested: what follows from one */
    gboolean flexible;
    guint capacity;
    guint tag;
    SimPolicy policy;
} SimModel;

/* ---- the promise (promise.c) ---- */
typedef struct {
    guint id;
    DesiredPower power;
    gboolean unsure; /* a step that would have changed the power was superseded: either is right */
    gboolean protect_scale_in, protect_actions;
    gboolean leaving;
    gboolean out_of_service; /* as the product sees it: what scale-in may take first */
    guint want;              /* revision that it is to be brought to, as last seen */
    gboolean surge;          /* a rolling upgrade's, beyond the capacity */
    RollMark mark;           /* of the rolling upgrade under way, as last seen */
    gboolean taken_back;     /* somebody brings it to the model while a rolling upgrade puts it back */
    gboolean repairing;      /* by itself, as last seen */
    gboolean has_step;       /* as last seen, and not because it had died */
    guint step_revision;     /* of its set, when that was seen */
    UnixTime step_over;      /* the last one that it was well after; 0: none was seen */
    gboolean quarantined;    /* as last seen, until a request releases it */
    gboolean replaced;       /* quarantined, and another one came in its place */
    gboolean stands_in;      /* it came in the place of one in quarantine */
    UnixTime released_at;    /* 0: it was not, or has a verdict since */
} SimInstance;

/* A rolling upgrade under way, as last seen; what it may do is known from what was asked for. */
typedef struct {
    gint64 id; /* 0: none */
    guint target;
    RollPhase phase;
    guint batch;
    guint batch_max;   /* members that the batch in hand may have */
    gboolean surge;    /* the batch in hand is of new instances */
    gboolean in_place; /* it began under a policy without maxSurge, whatever the policy is by now */
    gboolean cancel;
    gboolean calm;    /* nobody else did anything to the set's instances since it began, and all were well then */
    guint capacity;   /* calm: how many served when it began */
    UnixTime busy_at; /* when it last had an instance in hand */
    gboolean stopped; /* it is to end, and the reason was judged */
    guint os_before;  /* a newer image began it: the one before, plus 1; 0: somebody's own */
} SimRoll;

typedef struct {
    char *name, *uid;
    gboolean gone; /* deleted, and the deletion has ended */
    gboolean deleting;
    guint revision;
    GArray *models;     /* of SimModel; index: revision - 1 */
    GPtrArray *present; /* of SimInstance, by id */
    guint next_id;
    SimRoll roll;
    gboolean roll_may_begin;    /* an accepted request says so */
    gboolean roll_cancel;       /* the same of its end */
    gboolean repairs_suspended; /* automatic repairs: asked for, or as last seen */
    guint repairs_in_vain;      /* in a row, as last seen */
    gint64 os_roll;             /* the last one that a newer image began */
    guint os_before;            /* as in SimRoll, when it began */
    guint avoided;              /* the image, plus 1, that is not taken by itself, nor an older one; 0: none */
    gboolean has_attached;      /* a kept disk was attached to one of its instances, once at least */
    gboolean left_behind;       /* in the end its model is not reached: data disks keep somebody from Trusted launch */
    RollStatus roll_ended_as;   /* of the last one */
    gboolean roll_faulted;      /* one of them ended so */
    guint stand_ins_due;        /* in whose place one is to come, and was not seen yet */
    guint rests;                /* how often it was at rest with something new in it */
    guint roll_seen_at;         /* step at which a rolling upgrade was last under way */
    guint64 answers_seen; /* the state of its rows, and the life of the control plane, that its answers were compared with */
    guint answers_in;
} SimSet;

typedef struct {
    guint id;
    guint launches; /* of the VM, when it was asked */
    guint64 disk_gen;
    gboolean perhaps; /* nobody knows whether it is one of those that were asked for */
} SimCover;

/* An operation that was accepted. */
typedef struct {
    char *id;
    OperationKind kind;
    char *set; /* uid */
    guint revision;
    GArray *covers; /* of SimCover: instances that it may touch */
    OperationStatus status;
    guint asked_at; /* step */
} SimOperation;

/* ---- the ledger: one VM, as seen from the door (watch.c) ---- */
typedef struct {
    char *key;
    gboolean alive, stopping, destroying, destroyed;
    gboolean died;    /* and did not run since: the engine starts it again unasked */
    gboolean revived; /* that may be under way: since it died, all has not been at rest */
    guint launches;
    guint64 epoch;
    LaunchSpec *last;            /* of the last launch */
    GHashTable *disks;           /* disk generation (text) -> image urn that it was made from */
    GHashTable *vtpms;           /* vTPM generations that were ever there */
    guint revision_max;          /* the newest revision that it was ever asked to be brought to */
    gboolean may_disk, may_data; /* an accepted request replaces them */
    gboolean may_vars, may_vtpm;
    gboolean owes_disk;      /* a request that replaces the disk was done: the next launch has another one */
    gboolean agent;          /* its guest agent has answered in this boot */
    LaunchSpec *undo;        /* what a rolling upgrade puts back: the last launch before it took the instance; or NULL */
    gboolean put_back;       /* to that, and not launched since: it may have rested, and be started much later */
    UnixTime ill_until;      /* a fault: its application is ill so long */
    gboolean owed;           /* it died, and not in its creation: it is to be started again */
    gboolean created;        /* the product has said that it runs, and the step that makes it was over */
    gboolean refused;        /* this boot, by Secure Boot */
    SimulatedFault tampered; /* with its last boot; SIMULATED_OK: nobody did */
    gboolean rebooted;       /* that boot was begun by its guest: for a while its verdict may be of the one before */
    /* its end (notice.c) */
    gboolean end_seen;
    UnixTime end_at;    /* its guest has time until then; 0: none */
    UnixTime told_at;   /* its guest was told; 0: not yet */
    UnixTime may_go;    /* it approved, or was deleted by force; 0: neither */
    gboolean named;     /* an accepted request deletes it by name */
    gboolean forced;    /* and by force */
    gboolean end_begun; /* it was stopped or destroyed for it */
} Vm;

/* What kind of run a seed is. */
typedef struct {
    gboolean kills;   /* of the control plane */
    gboolean faults;  /* of VMs and host */
    gboolean disk;    /* of the disk that holds the store */
    gboolean hurried; /* actions come while others are under way */
    gboolean twin;    /* done once more without the kills, on a disk that does not fail: both end alike */
    gboolean on_file;
    gboolean repairs;    /* sets repair their instances, and there is time for it */
    gboolean images;     /* images are imported, and sets follow `latest` */
    gboolean disks;      /* models have data disks, and kept ones are attached */
    gboolean attested;   /* instances are asked how they booted, and some are tampered with */
    gboolean quarantine; /* attested, and most of what is tampered with is a deviation */
    guint actions;
} SimKind;

typedef struct {
    gboolean steps; /* record each step, not only what was done */
    gboolean print; /* at once, to stdout */
    GPtrArray *lines;
} Trace;

typedef struct {
    guint64 seed;
    SimKind kind;
    World *world;
    Random fleet, actions, faults, kills, disk;
    guint kills_left;
    Trace trace;
    UnixTime began;
    GPtrArray *sets;        /* of SimSet */
    GPtrArray *operations;  /* of SimOperation */
    GHashTable *vms;        /* key -> Vm */
    guint long_waits;       /* so far */
    gboolean *imported;     /* of the table of images */
    GHashTable *data_disks; /* data_disks.h */
    guint luns_given;
    guint steps;
    struct Rows *rows; /* rows.h: as they were read last */
    guint64 fed_at;    /* the store's revision that the engine was compared with last, and the life that it did so in */
    guint fed_in;
    guint fed_left;     /* writing steps until it is compared again, unless it comes to rest before */
    guint64 seen;       /* the store's revision that was looked at last */
    guint64 rolls_seen; /* the same, with an eye on rolling upgrades */
    gint64 jumped;      /* the clock, so far */
    gboolean faults_on;
    gboolean quota_is_cut;
    gboolean flexible_feature; /* Flexible sets may go to Trusted launch */
    GHashTable *usage;         /* family, or "" for the region -> vCPUs in use when last looked at */
    char *broken;              /* the first invariant that broke, or NULL; everything ends then */
    char *why;
} Sim;

Sim *sim_begin(guint64 seed, SimKind kind);
void sim_end(Sim *sim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sim, sim_end)

/* trace.c */
void trace_act(Sim *sim, const char *format, ...) G_GNUC_PRINTF(2, 3);
void trace_step(Sim *sim, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The invariant broke; the first one counts. */
void sim_break(Sim *sim, const char *invariant, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* fleet.c */
SimModel model_random(Sim *sim);
/* The same with something changed: what the mask allows, at random. */
gboolean model_is_valid(const SimModel *model);
char *model_body(const SimModel *model, const SimModel *before); /* PUT where before is NULL, else a PATCH */
char *model_urn(const SimModel *model);
gint64 set_notice_usec(const SimSet *set); /* how long its guests are given before their end; 0: they are not told */
/* Are instances made from it well, where nothing goes wrong? */
gboolean model_is_well(const SimModel *model);
gboolean model_attestable(const SimModel *model);                 /* the Guest Attestation extension may be added */
gboolean model_same_effect(const SimModel *a, const SimModel *b); /* on an instance */
gboolean model_same_launch(const SimModel *a, const SimModel *b); /* on its VM alone */

/* os_upgrades.c: images that are imported, and who follows `latest`. */
gboolean image_is_there(const Sim *sim, guint image);
guint image_newest(const Sim *sim, guint image); /* that `latest` is of this one's sku */
void follow_draw(const Sim *sim, Random *random, SimModel *model);
SimRolling roll_policy(const SimModel *target, guint os_before);
void image_back_note(SimSet *set, const SimModel *before, const SimModel *after);
/* When nothing goes wrong any more one more version comes, for all. */
void act_import_last(Sim *sim);

/* attested.c: how instances booted. */
json_t *attestation_json(DeviationPolicy deviation);
DeviationPolicy deviation_random(Random *random);
/* What this launch is tampered with, which is noted in its VM. */
SimulatedFault attested_fault(Sim *sim, const LaunchSpec *spec, gboolean comes_up);

/* quarantined.c: what is taken out of service for how it booted. */
/* It is not in quarantine, or is on its way out of it for good: a request may touch it. */
gboolean quarantine_lets(const SimInstance *instance);
void quarantine_isolate_judge(Sim *sim, const SimSet *set, guint id, gboolean isolated);
/* Of all its sets: some are released, some deleted, and some stay. */
void quarantine_end(Sim *sim, SimSet *set);

/* policy.c */
SimPolicy policy_random(const Sim *sim, Random *random, gboolean flexible);
void policy_keep_os(SimPolicy *policy, const SimPolicy *before); /* what it says of automatic OS image upgrade */
gboolean policy_same(const SimPolicy *a, const SimPolicy *b);
void policy_set(json_t *properties, const SimPolicy *policy);
guint health_random(Random *random);
json_t *health_json(guint health);
guint health_interval_s(guint health); /* not 0 */

/* promise.c */
SimSet *sim_set_by_uid(Sim *sim, const char *uid);
SimSet *sim_set_of_key(Sim *sim, const char *key, guint *ret_id);
const SimModel *sim_model(const SimSet *set); /* the current one */
SimInstance *sim_instance(const SimSet *set, guint id);
guint sim_staying(const SimSet *set); /* instances that are not leaving */
SimSet *promise_create(Sim *sim, const char *name, const char *uid, const SimModel *model);
void promise_model(Sim *sim, SimSet *set, guint revision, const SimModel *model);
void promise_grow(Sim *sim, SimSet *set, guint count);
SimOperation *promise_operation(Sim *sim, const Answer *answer, OperationKind kind, const SimSet *set);
SimOperation *operation_add(Sim *sim, char *id, OperationKind kind, const SimSet *set); /* takes the id */
SimCover *operation_cover(Sim *sim, SimOperation *operation, const SimSet *set, guint id);
gboolean set_is_quiet(Sim *sim, const SimSet *set); /* no operation of it is under way, accepted or of the engine's own */
void sim_set_free(void *set);
void sim_operation_free(void *operation);

/* rolls.c */
void roll_serving_check(Sim *sim, const SimSet *set);
/* Whose step a rolling upgrade has in hand. */
gboolean roll_covers(const SimSet *set, const SimInstance *instance);

/* watch.c */
/* The request, or the rolling upgrade, brings it to this model: what that entitles the host to replace. */
void vm_entitle(Vm *vm, const SimModel *model, guint revision);
gboolean vm_serves(const Sim *sim, const Vm *vm);
/* It runs, and its image has no guest agent that would tell when its boot is over. */
gboolean vm_runs_without_agent(const Sim *sim, const Vm *vm);
void watch_begin(Sim *sim);
Vm *vm_get(Sim *sim, const char *key);
Vm *vm_of(Sim *sim, const SimSet *set, guint id);
void vm_free(void *vm);

/* notice.c: guests that are told of their end. */
int notice_answer(Sim *sim, Vm *vm, const char *const *argv, GString *out);
void notice_forced(Sim *sim, Vm *vm);                       /* an accepted request deletes it by force */
void notice_end_judge(Sim *sim, const SimSet *set, Vm *vm); /* it is about to be stopped or destroyed */

/* fed.c: what the engine was told change by change is what the store says; at_rest: it has looked at everything. */
void check_fed(Sim *sim, gboolean at_rest);

/* faults.c */
void faults_begin(Sim *sim);
/* Word of the launch before this one, which says nothing about it any more. */
void late_word(Sim *sim, const LaunchSpec *spec);
/* Is the application in this VM ill now, by a fault? */
gboolean vm_is_ill(const Sim *sim, const Vm *vm);
void faults_end(Sim *sim);
/* One of them, by itself; its application is away meanwhile. */
void guest_reboots(Sim *sim);
void fault_random(Sim *sim);
void quota_restore(Sim *sim);
void kill_arm(Sim *sim);
void disk_arm_random(Sim *sim);

/* actions.c */
void action_random(Sim *sim);
/* What its users do when nothing goes wrong any more: what has stopped is started, and brought to its model. */
void action_heal(Sim *sim);
/* Then, where sets follow `latest`, a last version comes for all of them. */
void action_follow(Sim *sim);
Answer *sim_ask(Sim *sim, const char *method, const char *target, const char *body);

/* invariants.c */
void check_step(Sim *sim);
void check_rest(Sim *sim);     /* nothing is under way */
void check_well(Sim *sim);     /* the same, and nothing goes wrong any more */
void check_followed(Sim *sim); /* the same, all are well, and nobody was brought to the newest image by hand */
void check_end(Sim *sim);      /* nothing is under way, nothing goes wrong, everybody was started and brought to its model */

/* drive.c */
gboolean sim_step(Sim *sim); /* FALSE: at rest, or broken */
void sim_settle(Sim *sim);
void sim_wait(Sim *sim, gint64 usec);
/* The whole of one seed; NULL: all is well; else what broke, for people. */
char *seed_run(guint64 seed, gboolean print);
