/* api/call.h: inside the API room: one authenticated, routed request on its way through a handler. */
#pragma once

#include "api/api.h"
#include "api/target.h"
#include "base/json.h"
#include "base/resource_id.h"
#include "store/steps.h"

#define CALL_MAX_PARAMS 8

struct Api {
    ApiConfig config;
    Store *store;
    Clock *clock;
    ApiProbe probe;
    char *subscription;
    char *issuer;               /* of tokens: config.token_issuer, or where HTTPS is listened on; NULL: neither */
    char *link_secret;          /* signs short-lived addresses (boot diagnostics) */
    GRegex *version_form;       /* compiled once: every request is matched with it */
    struct BodyCache *bodies;   /* api/body_cache.h */
    struct Sessions *sessions;  /* who has signed in */
    struct Feed *feed;          /* what changed of late */
    struct PortalFiles *portal; /* NULL: this program is built without it */
    GMutex works_lock;          /* of n_works */
    GCond works_ended;
    guint n_works; /* threads that do what takes long; they use the store */
};

/* Work on a thread of its own (image import) that api_free() waits for; FALSE: too much of it is under way (429). */
gboolean api_work_begin(Api *api, GError **error);
void api_work_end(Api *api);

typedef struct {
    Api *api;
    const ApiRequest *request;
    const char *params[CALL_MAX_PARAMS]; /* the route's {…} segments in order, percent-decoded, as the client wrote them */
    guint n_params;
    Target target;
    gboolean as_machine; /* instances are shown as resources of type virtualMachines */
    json_t *body;        /* parsed, borrowed; NULL where the request has none */
    UnixTime now;

    /* For handlers that answer later: call_defer() takes the right to answer; call_answer() gives it back. */
    ApiDone done;
    void *done_data;
    gboolean deferred;
} Call;

/* Query member by name without regard to case ("api-version", "$expand"), percent-decoded; NULL where absent or
 * empty. Borrowed. */
const char *call_query(Call *call, const char *name);
/* What the catalogues of versions take: $top (G_MAXUINT32 where absent), and $orderby "name", "name asc" or "name desc". */
gboolean call_catalogue_query(Call *call, guint *ret_top, gboolean *ret_descending, GError **error);
/* Is it there, and "true"? */
gboolean call_query_is_true(Call *call, const char *name);

/* A handler returns its response, or NULL with *error set (which becomes the ARM error body), or NULL without an error when
 * it has called call_defer(). */
typedef ApiResponse *(*Handler)(Call *call, GError **error);

/* A copy of what a later answer needs; answer with one of the two, once. */
typedef struct Deferred Deferred;
Deferred *call_defer(Call *call);
void deferred_answer(Deferred *deferred, ApiResponse *response);
void deferred_fail(Deferred *deferred, const GError *error);

/* ---- responses ---- */
ApiResponse *respond_json(int status, const json_t *body);            /* dumps; body stays the caller's */
ApiResponse *respond_json_once(int status, const json_t *body);       /* the same, for this client alone: nobody stores it */
ApiResponse *respond_bytes(int status, GBytes *body);                 /* encoded JSON, as the body cache has it */
ApiResponse *respond_text(int status, char *json_text, gsize length); /* steals g_malloc'ed JSON text */
ApiResponse *respond_error(const GError *error);
ApiResponse *respond_empty(int status);
void respond_with_etag(ApiResponse *response, guint64 etag);
/* PUT/PATCH of something with an operation: status, body, Azure-AsyncOperation and Retry-After when operation_id. */
void respond_with_operation(ApiResponse *response, Call *call, const char *operation_id);
/* POST/DELETE: 202, empty, Azure-AsyncOperation, Retry-After. */
ApiResponse *respond_accepted(Call *call, const char *operation_id);
/* DELETE of a resource group: 202, empty, Location, Retry-After. */
ApiResponse *respond_accepted_at_location(Call *call, const char *operation_id);
/* What every answer carries; once, before it goes out. client_request_id: may be NULL. */
void response_finish(ApiResponse *response, const char *client_request_id, const char *base_url);
/* Seconds between two polls; clients wait half a minute where they are told nothing. */
#define POLL_AFTER_S "1"

/* ---- routes: each handler file exports one table; the router joins them (api/router.c) ---- */
typedef enum {
    ROUTE_ANONYMOUS = 1u << 0,     /* needs no token */
    ROUTE_NO_VERSION = 1u << 1,    /* needs no api-version */
    ROUTE_BODY = 1u << 2,          /* a JSON object */
    ROUTE_OPTIONAL_BODY = 1u << 3, /* the same, or nothing; a body on any other route is refused */
    ROUTE_FORM = 1u << 4,          /* no JSON: the handler reads it (api/form.h), and answers in its own way where it cannot */
    ROUTE_JSONC = 1u << 5,         /* a body of JSON as templates are written (base/jsonc.h) */
} RouteFlags;
typedef struct {
    const char *method;
    /* Segments; fixed ones match without regard to case, {name} takes one segment. {subscription} and {location} are checked
     * by the router (404 SubscriptionNotFound, 400 LocationNotAvailable…) and are params all the same; a trailing slash is
     * fine. {name...}, which is the last, takes all that follow, also none, and is no param. */
    const char *path;
    Handler handler;
    guint flags;
    const char *query; /* what the query may have beside api-version: target_check_query() */
} Route;
#define NO_QUERY  NULL
#define ANY_QUERY "*"
/* Each ends with a row whose method is NULL. */
extern const Route routes_subscriptions[]; /* subscriptions, locations, providers, tenants */
extern const Route routes_features[];
extern const Route routes_groups[];
extern const Route routes_deployments[]; /* of templates */
extern const Route routes_machines[];    /* virtualMachines: instances of Flexible sets */
extern const Route routes_networks[];    /* the host's, which each group has */
extern const Route routes_operations[];
extern const Route routes_catalogue[]; /* skus, vmSizes, usages */
extern const Route routes_images[];    /* publishers/…, import, delete */
extern const Route routes_host[];      /* GET /subscriptions/{subscription}/providers/Testudo.Host/hosts/local */
extern const Route routes_activity[];  /* Microsoft.Insights/eventtypes/management/values */
extern const Route routes_links[];     /* anonymous signed addresses: /links/… */
extern const Route routes_scale_sets[];
extern const Route routes_scale_set_actions[];
extern const Route routes_assess[];
extern const Route routes_attestations[];
extern const Route routes_baselines[];
extern const Route routes_components[];
extern const Route routes_quarantine[];
extern const Route routes_alerts[];
extern const Route routes_suppression_rules[];
extern const Route routes_assessments[];
extern const Route routes_resource_health[];
extern const Route routes_tokens[];     /* of instances that are healthy */
extern const Route routes_authority[];  /* who certifies vTPMs */
extern const Route routes_token_ring[]; /* the keys for them: /certs, … */
extern const Route routes_services[];   /* automatic repairs: suspend and resume */
extern const Route routes_rolls[];      /* rolling upgrades of a set */
extern const Route routes_instances[];  /* virtualMachines of a set */
extern const Route routes_disks[];      /* kept from removed instances */
extern const Route routes_extensions[];
extern const Route routes_extension_images[];
extern const Route routes_change_records[];
extern const Route routes_revisions[]; /* of a set, and rollback */
extern const Route routes_guest[];     /* boot diagnostics, run command, connection info */
extern const Route routes_sign_in[];   /* /portal/codes, /portal/session */
extern const Route routes_changes[];   /* /portal/changes */
extern const Route routes_portal[];    /* /portal/… */
extern const Route routes_login[];     /* /metadata/endpoints, /adfs/… */
extern const Route routes_resources[]; /* what lies in a group, or in the subscription */

/* Answers by the route of call->target, which a handler has rewritten; query and body are checked already. */
ApiResponse *call_route(Call *call, GError **error);

/* ---- what many handlers need ---- */
/* The group, or NULL with ResourceGroupNotFound (or the store's error). */
StoreGroup *call_group(StoreTx *tx, const char *name, GError **error);
/* The same in a transaction of its own. */
StoreGroup *call_group_read(const Call *call, const char *name, GError **error);
/* The scale set, or NULL with ResourceNotFound. */
StoreSet *call_set(StoreTx *tx, const char *group, const char *name, GError **error);
/* The instance named by the text of its id, or by its name (SET_ID); NULL with InstanceIdNotFound. */
StoreInstance *call_instance(StoreTx *tx, const StoreSet *set, const char *id, GError **error);
/* 409 where the set is being deleted. */
gboolean call_not_deleting(const StoreSet *set, GError **error);
/* If-Match and If-None-Match against the etag of what is there: 412 where they do not hold. */
gboolean call_preconditions(const Call *call, guint64 etag, GError **error);

/* ---- signed, short-lived addresses ---- */
/* "<base>/links/<kind>/<key>?se=<unix seconds>&sig=<hex HMAC-SHA256>"; newly allocated. kind: "serial", "screen". */
char *link_make(Call *call, const char *kind, const char *key, gint64 lifetime_usec);
