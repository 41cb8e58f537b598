/* tests/world/world.h: the control plane in one process: API handlers, store, engine and simulated driver on a virtual clock.
 * No sockets and no waiting: time moves from timer to timer. The control plane can be killed at any step and started again
 * over the same VMs, as a daemon is. */
#pragma once

#include "api/api.h"
#include "engine/engine.h"
#include "host/simulated/simulated.h"

#include <jansson.h>

/* Who looks on at the door between the control plane and its VMs, whether it is alive or not. Any member may be NULL. */
typedef struct {
    void *data;
    void (*start)(void *data, const LaunchSpec *spec); /* a call that reaches the host, before it has an effect */
    void (*stop)(void *data, const char *key);
    void (*destroy)(void *data, const char *key);
    void (*isolate)(void *data, const char *key, gboolean isolated);
    void (*event)(void *data, const HostEvent *event); /* what happened to a VM, also where nobody hears of it */
} WorldWatch;

typedef struct {
    char *dir;
    Clock *clock;
    GMainContext *context;
    SizeCatalogue *sizes;
    Quota *quota;
    ApiHost host_facts;
    ApiConfig api_config;
    EngineConfig engine_config;
    Host *simulated;    /* outlives the control plane */
    Host *door;         /* what the engine drives: the simulated host, for as long as the control plane lives */
    gboolean in_memory; /* the store: it outlives the control plane, as a file does */
    WorldWatch watch;
    Store *store;
    guint64 revision_at_death; /* of the store */
    Engine *engine;
    Api *api;
    guint crash_at;    /* the step (from 1) at which the control plane is killed; 0: never */
    guint steps;       /* commits, host calls and host events so far */
    guint incarnation; /* of the control plane: what was asked by a former one is answered to nobody */
    gboolean dead;
    json_t *revoked;       /* certificates of vTPMs that hold no more; NULL: none */
    const char *authority; /* PEM: who certifies vTPMs; NULL: nobody */
    GQueue orphans;        /* questions to guests that a dead control plane left (door.h) */
} World;

World *world_new(void);
/* The same with its store in memory: no file is written. */
World *world_new_in_memory(void);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* What a client gets. */
typedef struct {
    ApiResponse *response;
    json_t *body; /* NULL where it is empty or not JSON */
} Answer;
void answer_free(Answer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Answer, answer_free)

/* In targets "~" at the beginning stands for the subscription, "@" for the scale sets of group g1; an api-version is added
 * where there is none, unless the target begins with "!". body: JSON text or NULL. */
char *world_target(const World *world, const char *target);
Answer *world_ask(World *world, const char *method, const char *target, const char *body);
/* The request's own target is taken as it is, and body_length too. */
Answer *world_ask_request(World *world, const ApiRequest *request);
/* The same as world_ask(), but any other status ends the test and shows the body. */
Answer *world_must(World *world, int status, const char *method, const char *target, const char *body);

/* By dotted path; numbers index arrays ("value.0.name"). Text of texts, numbers and booleans; NULL where absent. Lasts as
 * long as the answer. */
const json_t *answer_at(const Answer *answer, const char *path);
char *answer_text(const Answer *answer, const char *path);
void answer_expect(const Answer *answer, const char *path, const char *text); /* text NULL: absent */

/* Takes out of an answer's body what tells how it came about, not what it is: times, etags, made-up ids. */
void world_incidental_remove(json_t *value);

/* Moves time on until nothing is left to be done; a killed control plane is started again on the way. */
void world_settle(World *world);
void world_advance(World *world, gint64 usec);
/* Runs what is ready now, without moving time. */
void world_run_ready(World *world);
/* Another process over the same store and the same VMs. */
void world_restart(World *world);
/* The two halves of it: between them nobody hears of what happens to the VMs. */
void world_stop(World *world);
void world_start(World *world);
/* FALSE sets *error: it does not start, and has ended again; nobody hears of anything until it does. */
gboolean world_start_try(World *world, GError **error);

/* Group g1, and a set with `capacity` instances on the named size and image sku; settled. securityProfile: JSON text or NULL.
 */
void world_create(World *world, const char *set, guint capacity, const char *size, const char *image_sku,
                  const char *security_profile);

/* The operation that Azure-AsyncOperation names, polled as a client does. */
Answer *world_poll(World *world, const Answer *accepted);
/* Settles, then polls: status and error code (NULL: none) must be these. */
void world_expect_operation(World *world, const Answer *accepted, const char *status, const char *code);
