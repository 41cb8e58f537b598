/* api/api.h: the ARM surface: requests in, responses out. Never touches a VM: it reads and writes the store, and asks the
 * probe for what only a running VM can say. */
#pragma once

#include "base/clock.h"
#include "base/state_key.h"
#include "model/sizes.h"
#include "store/store.h"

#include <jansson.h>

/* ---- one request, without HTTP: what tests and the simulation drive ---- */
typedef struct {
    const char *method;
    const char *target;   /* path and query as on the request line, percent-encoded */
    const char *base_url; /* "https://127.0.0.1:8443": what absolute addresses in answers begin with */
    const char *link_url; /* what addresses for a browser begin with; NULL: base_url */
    const char *caller;   /* "owner" (Unix socket), "token", or a session (api/sessions.h); NULL: nobody known */
    const char *if_match, *if_none_match;
    const char *client_request_id;
    gboolean takes_gzip; /* Accept-Encoding: of what is kept packed, that is sent */
    const void *body;
    gsize body_length;
} ApiRequest;

/* A body that goes on for as long as it lasts; read by one thread at a time. */
typedef struct ApiStream ApiStream;
struct ApiStream {
    /* Up to `max` bytes. 0: there are none now, and sleep() was called; wake() is, as soon as there may be more. -1: it is
     * over. */
    gssize (*read)(ApiStream *stream, char *to, gsize max);
    void (*free)(ApiStream *stream); /* neither is called any more */
    /* The reader's, set before the first read(); called under a lock of the stream's, so they do not call the stream. */
    gboolean (*sleep)(void *data); /* FALSE: nobody would wait for it */
    void (*wake)(void *data);      /* any thread */
    void *data;
};

typedef struct {
    int status;
    char *content_type; /* NULL: no body */
    GPtrArray *headers; /* char*: name, value, name, value, …; never NULL */
    GBytes *body;       /* NULL: empty. Of an answer to HEAD its length alone is told */
    ApiStream *stream;  /* in place of a body; or NULL */
} ApiResponse;

ApiResponse *api_response_new(int status);
void api_response_set_header(ApiResponse *response, const char *name, const char *value);
const char *api_response_header(const ApiResponse *response, const char *name); /* NULL where absent */
void api_response_free(ApiResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ApiResponse, api_response_free)

typedef void (*ApiDone)(ApiResponse *response, void *data); /* takes the response; any thread */

/* ---- what only a VM can say; filled in by the daemon, called on HTTP threads, answers on any thread, exactly once ---- */
typedef void (*ProbeBytes)(gconstpointer bytes, gsize length, const GError *error, void *done_data);
typedef void (*ProbeExec)(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length,
                          const GError *error, void *done_data);
typedef void (*ProbeForwards)(const GPtrArray *ports, const GError *error, void *done_data); /* of ApiForward */
typedef struct {
    guint guest_port;
    const char *address;
    guint port;
} ApiForward;

typedef struct {
    void *data;
    void (*serial_log)(void *data, const char *key, ProbeBytes done, void *done_data);
    void (*screenshot)(void *data, const char *key, ProbeBytes done, void *done_data);
    void (*exec)(void *data, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, ProbeExec done,
                 void *done_data);
    void (*forwards)(void *data, const char *key, ProbeForwards done, void *done_data);
    /* Takes an image file on this host in (blocking, called on a worker thread); info as in a definition file. */
    gboolean (*image_import)(void *data, const char *path, ImageInfo *info, GError **error);
    /* What the image boots, computed from its file, as JSON (attest/components.h), and whether that is signed; blocking, called
     * on a worker thread. NULL sets *error. */
    char *(*image_components)(void *data, const ImageInfo *info, BootChain *ret_chain, GError **error);
    /* Removes the file of a kept data disk, where there is one (blocking). */
    gboolean (*disk_remove)(void *data, const char *file, GError **error);
    /* The instance is attested soon, where it is at all (does not block). */
    void (*attest)(void *data, const char *key);
    /* Who certifies vTPMs: PEM, the root first; newly allocated, NULL with *error (ARM_NOT_FOUND: nobody). *ret_root_key: the
     * root's private key lies on this host (blocking). */
    char *(*vtpm_authority)(void *data, gboolean *ret_root_key, GError **error);
    /* What is to be done with that CA, and what it revoked (host/authority.h): certificates by their serial numbers; a new CA
     * that signs, with the root's private key from that file (NULL: from where it was); [{"serial", "at", "reason"}]; PEM
     * (blocking). */
    gboolean (*vtpm_revoke)(void *data, const char *const *serials, const char *reason, GError **error);
    gboolean (*vtpm_renew)(void *data, const char *root_key, GError **error);
    json_t *(*vtpm_revoked)(void *data);
    char *(*vtpm_crls)(void *data);
    GBytes *(*vtpm_crl)(void *data, const char *id); /* DER, of one CA; NULL: there is none of this name */
    /* Runs testudo-guest inside the instance, as host_guest_run() does. */
    void (*guest_run)(void *data, const char *key, const char *const *argv, gint64 timeout_usec, ProbeExec done,
                      void *done_data);
} ApiProbe;

/* What this host can run, for the rules and for `host show`. */
typedef struct {
    char *driver, *accelerator, *architecture, *qemu_version, *firmware_secure, *firmware_plain, *network, *notes;
    guint vcpus_max, memory_max_mib;
    gboolean secure_boot, vtpm;
} ApiHost;

typedef struct {
    const char *location; /* the one location's name: "local" unless configured */
    const char *token;    /* bearer token; NULL: none is accepted */
    const ApiHost *host;
    const SizeCatalogue *sizes;
    const Quota *quota;
    guint body_max;             /* bytes; 4 MiB unless configured; more is 413 */
    gint64 disk_retention_usec; /* how long a data disk that is detached is kept */
    gint64 attest_period_usec;  /* as the engine's */
    gboolean alerts_delivered;  /* the same */
    const char *token_issuer;   /* https://… below which others find /certs, no slash at its end; NULL: where it listens */
    gint64 token_key_age_usec;  /* a key signs tokens for so long; 0: until it is told otherwise */
    const char *portal;         /* where the program's resources have the portal's files; NULL: it is built without */
    const StateKey *state_key;  /* borrowed; encrypts the keys that sign tokens; NULL: they are stored as they are */
} ApiConfig;

typedef struct Api Api;

/* Everything given is borrowed and outlives the Api. Makes the subscription id at the first start (a setting in the store). */
Api *api_new(const ApiConfig *config, Store *store, Clock *clock, const ApiProbe *probe, GError **error);
void api_free(Api *api);
const char *api_subscription(const Api *api);
/* Who issues tokens of healthy instances; NULL: nobody, as it could not be reached. Borrowed. */
const char *api_token_issuer(const Api *api);
/* Before the first request: where HTTPS is listened on. */
void api_listens_at(Api *api, const char *https_url);

/* Answers one request; done is called before it returns or later, from any thread, exactly once. */
void api_handle(Api *api, const ApiRequest *request, ApiDone done, void *data);

/* Streams that are being read end. */
void api_streams_end(Api *api);

/* A token for the instance that the host knows by this key, for its own guest; newly allocated. NULL sets *error. */
char *api_guest_token(Api *api, const char *key, const char *nonce, GError **error);

/* ---- HTTP ---- */
typedef struct {
    const char *socket_path; /* Unix socket, mode 0600, owner has full rights; NULL: none */
    const char *listen_host; /* NULL: no HTTPS */
    guint listen_port;       /* 0: any free one */
    const char *certificate; /* PEM texts (chain) and key */
    const char *key;
    guint threads;
    gint64 request_limit_usec; /* for a request's head and body to arrive; 0: two minutes */
} ServerConfig;

typedef struct Server Server;
/* Port in use, socket path too long, …: *error says which and what to do. A stale socket file is replaced; one that
 * another daemon answers on is an error. */
Server *server_start(Api *api, const ServerConfig *config, GError **error);
guint server_port(const Server *server);
/* Connections that come from now on get this certificate; who is connected goes on as it is. FALSE sets *error, and the one
 * before stays. Any thread. */
gboolean server_certificate_set(Server *server, const char *certificate, const char *key, GError **error);
void server_stop(Server *server); /* no new requests, waits for those in hand; accepts NULL */

/* ---- certificates: a CA and a server certificate in state_dir/tls/, made at the first start ---- */
typedef struct {
    char *ca_file;     /* for clients */
    char *certificate; /* PEM */
    char *key;
    UnixTime ends;    /* of the certificate */
    UnixTime ca_ends; /* 0: not our CA */
} TlsFiles;
/* names: host names and addresses for subjectAltName (127.0.0.1, ::1 and localhost are always in). A certificate that lacks
 * one of them, or ends within 30 days, is made anew under the same CA. */
TlsFiles *tls_files_prepare(const char *state_dir, const char *const *names, UnixTime now, GError **error);
/* The same, later: a CA that is gone is an error. */
TlsFiles *tls_files_renew(const char *state_dir, const char *const *names, UnixTime now, GError **error);
TlsFiles *tls_files_own(const char *certificate_file, const char *key_file, GError **error);
void tls_files_free(TlsFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsFiles, tls_files_free)
