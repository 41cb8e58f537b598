/* cli/client.h: the daemon's REST API from the command line: over the Unix socket, or HTTPS with a
 * token. */
#pragma once

#include "base/error.h"
#include "base/json.h"

typedef struct {
    const char *socket_path; /* used when server is NULL */
    const char *server;      /* "https://HOST:PORT" */
    const char *token_file;  /* for server */
    const char *ca_file;
    long timeout_ms; /* of a request; 0: none */
    gboolean debug;  /* requests and answers on standard error */
} ClientConfig;

typedef struct Client Client;

Client *client_new(const ClientConfig *config);
/* Before anything is sent. Asks for the subscription, so an unreachable daemon is noticed here. */
gboolean client_open(Client *client, GError **error);
void client_free(Client *client); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

const char *client_subscription(const Client *client);
const char *client_location(const Client *client);

typedef struct {
    int status;
    json_t *body; /* NULL where it is not JSON */
    GString *text;
    char *operation; /* path of the operation to poll, or NULL */
    char *location;  /* path that answers 202 until the work is done, or NULL */
} Reply;
void reply_clear(Reply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reply, reply_clear)

/* `path` begins with '/'; an api-version is added where it has none. A status from 400 is an error
 * with the answer's code, message and details; so is no connection. body may be NULL (borrowed). */
gboolean client_send(Client *client, const char *method, const char *path, const json_t *body, Reply *ret_reply,
                     GError **error);

/* Sends If-Match with every request from now on; NULL ends that. `etag` is borrowed for as long. */
void client_set_if_match(Client *client, const char *etag);

/* The path and query of an absolute address: it leads to the same daemon, on the connection that is
 * there. Borrowed. */
const char *client_path_of(const char *address);

/* GET of a list, all its pages as one array; NULL on error. */
json_t *client_list(Client *client, const char *path, GError **error);
/* The first `max` entries alone. */
json_t *client_list_some(Client *client, const char *path, guint max, GError **error);

/* Who waits is told. */
typedef struct {
    void (*step)(int percent, void *data);   /* after every poll; -1 where it is not known */
    void (*lost)(guint seconds, void *data); /* there is no answer; it is tried again for so long */
    void (*back)(void *data);                /* there is one again */
    void *data;
} ClientWatch;

/* GET, tried again for a while where the daemon does not answer: it may be started anew. After that no connection is an error
 * as above, and client_status() is 0. `step` is not called. */
gboolean client_get_patiently(Client *client, const char *path, const ClientWatch *watch, Reply *ret_reply, GError **error);

/* Waits for the operation of a reply (none: returns at once), likewise. A failed operation is an error as above. */
gboolean client_wait(Client *client, const Reply *reply, const ClientWatch *watch, GError **error);

/* Over the Unix socket? */
gboolean client_is_local(const Client *client);

/* The last answer's HTTP status; 0 where there was none. */
int client_status(const Client *client);
/* Was the last answer an error, whose code and words are the daemon's? */
gboolean client_is_refused(const Client *client);
/* Sets *error to what an answer has as its error (borrowed). */
gboolean client_refuse(Client *client, const json_t *object, int status, GError **error);
