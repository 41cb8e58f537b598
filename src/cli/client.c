#include "cli/client.h"

#include "base/file.h"
#include "cli/client_error.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define API_VERSION "2025-04-01"
#define ANSWER_MAX  (256u << 20)

struct Client {
    ClientConfig config;
    CURL *curl;
    char *authorization; /* header line, or NULL */
    char *subscription, *location;
    const char *if_match;
    int status;
    gboolean refused;
};

static char *
token_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(path, &text, NULL, &problem)) {
        arm_fail(error, ARM_AUTHENTICATION_FAILED, NULL,
                 "The token cannot be read: %s. It is admin.token in the daemon's state folder.", problem->message);
        return NULL;
    }
    g_strstrip(text);
    /* Two lines would be two headers. */
    if (*text && !strpbrk(text, " \t\r\n"))
        return g_strconcat("Authorization: Bearer ", text, NULL);
    arm_fail(error, ARM_AUTHENTICATION_FAILED, NULL,
             "'%s' holds no token, which is one word. It is admin.token in the daemon's state folder.", path);
    return NULL;
}

void
reply_clear(Reply *reply)
{
    g_clear_pointer(&reply->body, json_decref);
    if (reply->text)
        g_string_free(g_steal_pointer(&reply->text), TRUE);
    g_clear_pointer(&reply->operation, g_free);
    g_clear_pointer(&reply->location, g_free);
}

static size_t
body_receive(char *bytes, size_t size, size_t count, void *data)
{
    GString *text = data;
    if (text->len + size * count > ANSWER_MAX)
        return 0;
    g_string_append_len(text, bytes, (gssize)(size * count));
    return size * count;
}

const char *
client_path_of(const char *address)
{
    const char *host = strstr(address, "://");
    const char *path = host ? strchr(host + 3, '/') : address;
    return path ? path : "/";
}

/* Takes a header's value where the line is the header `name` ("name:", lower case). */
static void
header_take(const char *line, gsize length, const char *name, char **value)
{
    gsize name_length = strlen(name);
    if (length <= name_length || g_ascii_strncasecmp(line, name, name_length) != 0)
        return;
    g_autofree char *text = g_strndup(line + name_length, length - name_length);
    g_free(*value);
    *value = g_strdup(client_path_of(g_strstrip(text)));
}

static size_t
header_receive(char *bytes, size_t size, size_t count, void *data)
{
    Reply *reply = data;
    header_take(bytes, size * count, "azure-asyncoperation:", &reply->operation);
    header_take(bytes, size * count, "location:", &reply->location);
    return size * count;
}

static gboolean
connection_fail(const Client *client, CURLcode code, const char *detail, GError **error)
{
    const char *reason = *detail ? detail : curl_easy_strerror(code);
    if (client->config.server)
        return arm_fail(error, ARM_UNAVAILABLE, NULL,
                        "No answer from %s: %s. Is testudod running with --listen, and is --ca-file "
                        "tls/ca.pem of its state folder?",
                        client->config.server, reason);
    const char *problem = client_socket_problem(client->config.socket_path);
    return arm_fail(error, ARM_UNAVAILABLE, NULL, "No answer on %s: %s.", client->config.socket_path,
                    problem ? problem : reason);
}

/* The daemon answers both alike. */
static gboolean
token_fail(const Client *client, GError **error)
{
    if (!client->config.token_file)
        return arm_fail(error, ARM_AUTHENTICATION_FAILED, NULL,
                        "%s answers who has a token: give --token-file; the token is admin.token in the daemon's state folder.",
                        client->config.server);
    return arm_fail(error, ARM_AUTHENTICATION_FAILED, NULL,
                    "The token in '%s' is not one of this daemon's; admin.token in its state folder has it.",
                    client->config.token_file);
}

static char *
address_make(const Client *client, const char *path)
{
    const char *version = strstr(path, "api-version=") || g_str_has_prefix(path, "/links/") ? "" : "api-version=" API_VERSION;
    const char *separator = !*version ? "" : strchr(path, '?') ? "&" : "?";
    return g_strconcat(client->config.server ? client->config.server : "http://localhost", path, separator, version, NULL);
}

/* What is shown must not hold a password. */
static void
secrets_mask(json_t *value)
{
    const char *name;
    json_t *member;
    json_object_foreach(value, name, member)
    {
        if (g_ascii_strcasecmp(name, "adminPassword") == 0 && json_is_string(member))
            json_string_set(member, "***");
        secrets_mask(member);
    }
}

static void
debug_print(const Client *client, const char *method, const char *address, const json_t *sent, const Reply *reply)
{
    if (!client->config.debug)
        return;
    g_printerr("> %s %s\n", method, address);
    if (sent) {
        g_autoptr(json_t) shown = json_deep_copy(sent);
        secrets_mask(shown);
        g_autofree char *text = json_text(shown);
        g_printerr("> %s\n", text);
    }
    g_printerr("< %d %.*s\n", reply->status, (int)MIN(reply->text->len, 20000), reply->body ? reply->text->str : "");
}

static struct curl_slist *
headers_make(const Client *client)
{
    /* No "Expect: 100-continue": the daemon is near. */
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (client->authorization)
        headers = curl_slist_append(headers, client->authorization);
    if (client->if_match) {
        g_autofree char *line = g_strconcat("If-Match: ", client->if_match, NULL);
        headers = curl_slist_append(headers, line);
    }
    return headers;
}

/* How every request travels; the connection is kept from one to the next. */
static void
transport_set(const Client *client)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    if (!client->config.server)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->config.socket_path);
    else if (client->config.ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->config.ca_file);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, client->config.timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
}

static CURLcode
perform(Client *client, const char *method, const char *address, const char *sent, Reply *reply, char *detail)
{
    struct curl_slist *headers = headers_make(client);
    CURL *curl = client->curl;
    long status = 0;
    client->refused = FALSE;
    transport_set(client);
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply->text);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_receive);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, reply);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    if (strcmp(method, "GET") != 0)
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, sent ? sent : "");
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    client->status = reply->status = code == CURLE_OK ? (int)status : 0;
    return code;
}

gboolean
client_refuse(Client *client, const json_t *object, int status, GError **error)
{
    client->refused = TRUE;
    g_propagate_error(error, client_error_of(object, status));
    return FALSE;
}

gboolean
client_send(Client *client, const char *method, const char *path, const json_t *body, Reply *ret_reply, GError **error)
{
    g_auto(Reply) reply = { .text = g_string_new(NULL) };
    g_autofree char *address = address_make(client, path), *sent = body ? json_text(body) : NULL;
    char detail[CURL_ERROR_SIZE] = "";
    CURLcode code = perform(client, method, address, sent, &reply, detail);
    if (code != CURLE_OK)
        return connection_fail(client, code, detail, error);
    reply.body = json_loadb(reply.text->str, reply.text->len, JSON_DECODE_ANY, NULL);
    debug_print(client, method, address, body, &reply);
    if (reply.status == 401 && client->config.server) {
        client->refused = TRUE;
        return token_fail(client, error);
    }
    if (reply.status >= 400)
        return client_refuse(client, json_member(reply.body, "error"), reply.status, error);
    *ret_reply = reply;
    reply = (Reply){ 0 };
    return TRUE;
}

json_t *
client_list(Client *client, const char *path, GError **error)
{
    return client_list_some(client, path, G_MAXUINT, error);
}

json_t *
client_list_some(Client *client, const char *path, guint max, GError **error)
{
    g_autoptr(json_t) all = json_array();
    g_autofree char *next = g_strdup(path);
    while (next && json_array_size(all) < max) {
        g_auto(Reply) reply = { 0 };
        if (!client_send(client, "GET", next, NULL, &reply, error))
            return NULL;
        g_clear_pointer(&next, g_free);
        /* The image catalogue answers with bare arrays. */
        json_array_extend(all, json_is_array(reply.body) ? reply.body : json_member(reply.body, "value"));
        const char *link = json_member_text(reply.body, "nextLink");
        next = link ? g_strdup(client_path_of(link)) : NULL;
    }
    while (json_array_size(all) > max)
        json_array_remove(all, json_array_size(all) - 1);
    return g_steal_pointer(&all);
}

static gboolean
place_ask(Client *client, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!client_send(client, "GET", "/subscriptions", NULL, &reply, error))
        return FALSE;
    client->subscription = g_strdup(json_member_text(json_array_get(json_member(reply.body, "value"), 0), "subscriptionId"));
    if (!client->subscription)
        return arm_fail(error, ARM_INTERNAL, NULL, "The daemon names no subscription.");
    g_autofree char *path = g_strdup_printf("/subscriptions/%s/locations", client->subscription);
    g_autoptr(json_t) locations = client_list(client, path, error);
    client->location = g_strdup(json_member_text(json_array_get(locations, 0), "name"));
    return locations != NULL;
}

/* curl says of any trouble with it that it is one with a certificate. */
static gboolean
ca_file_check(const char *path, GError **error)
{
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 || arm_fail(error, ARM_INVALID_PARAMETER, "ca-file",
                               "The CA certificate cannot be read: '%s': %s. It is tls/ca.pem in the daemon's state folder.",
                               path, g_strerror(errno));
}

Client *
client_new(const ClientConfig *config)
{
    Client *client = g_new0(Client, 1);
    client->config = *config;
    client->curl = curl_easy_init();
    return client;
}

gboolean
client_open(Client *client, GError **error)
{
    const ClientConfig *config = &client->config;
    if (config->server && !g_str_has_prefix(config->server, "https://"))
        return arm_fail(error, ARM_INVALID_PARAMETER, "server", "--server is https://HOST:PORT, not '%s'.", config->server);
    if (config->server && config->ca_file && !ca_file_check(config->ca_file, error))
        return FALSE;
    if (config->server && config->token_file && !(client->authorization = token_read(config->token_file, error)))
        return FALSE;
    return place_ask(client, error);
}

void
client_free(Client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    g_free(client->authorization);
    g_free(client->subscription);
    g_free(client->location);
    g_free(client);
}

const char *
client_subscription(const Client *client)
{
    return client->subscription;
}

const char *
client_location(const Client *client)
{
    return client->location;
}

void
client_set_if_match(Client *client, const char *etag)
{
    client->if_match = etag;
}

gboolean
client_is_local(const Client *client)
{
    return client->config.server == NULL;
}

gboolean
client_is_refused(const Client *client)
{
    return client->refused;
}

int
client_status(const Client *client)
{
    return client->status;
}
