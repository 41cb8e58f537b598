#include "api/webhook.h"

#include "api/alerts.h"
#include "api/body_parts.h"
#include "base/hex.h"
#include "base/json.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define TIMEOUT_S 20L
#define WAIT_MAX  (3600 * USEC_PER_SEC)
#define SHA256    32

struct Webhook {
    Store *store;
    char *url, *subscription, *location;
    GBytes *secret;
    gint64 retry_usec, keep_usec;
    GThread *thread;
    GMutex lock; /* of `kicked` and `stopping` */
    GCond changed;
    gboolean kicked, stopping;
};

gint64
webhook_wait(gint64 retry_usec, guint tries)
{
    gint64 wait = MIN(retry_usec, WAIT_MAX);
    for (guint i = 1; i < tries && wait < WAIT_MAX; i++)
        wait = MIN(2 * wait, WAIT_MAX);
    return wait;
}

/* ---- what is sent ---- */

static json_t *
essentials_json(const StoreDelivery *delivery, const StoreAlert *alert, const char *id)
{
    json_t *essentials = json_object();
    json_set_text(essentials, "alertId", id);
    json_set_text(essentials, "alertRule", alert_title(alert->kind));
    json_set_text(essentials, "severity", g_str_equal(alert_severity(alert->kind), "Low") ? "Sev3" : "Sev2");
    json_set_text(essentials, "signalType", "Log");
    json_set_text(essentials, "monitorCondition", delivery->fired ? "Fired" : "Resolved");
    json_set_text(essentials, "monitoringService", "Testudo");
    json_object_set_new(essentials, "alertTargetIDs", json_pack("[s]", alert->resource));
    json_set_text(essentials, "originAlertId", alert->name);
    body_time_set(essentials, "firedDateTime", alert->raised);
    if (!delivery->fired)
        body_time_set(essentials, "resolvedDateTime", delivery->at);
    json_set_text(essentials, "description", alert->message);
    json_set_text(essentials, "essentialsVersion", "1.0");
    json_set_text(essentials, "alertContextVersion", "1.0");
    return essentials;
}

static char *
body_text(const Webhook *self, const StoreDelivery *delivery, const StoreAlert *alert)
{
    g_autoptr(json_t) shown = alert_json(self->subscription, self->location, alert);
    json_t *essentials = essentials_json(delivery, alert, json_member_text(shown, "id"));
    g_autoptr(json_t) body = json_pack("{ss s{so sO}}", "schemaId", "azureMonitorCommonAlertSchema", "data", "essentials",
                                       essentials, "alertContext", json_object_get(shown, "properties"));
    return json_text(body);
}

/* "X-Testudo-Signature: sha256=…"; NULL: there is no secret. */
static char *
signature_header(const Webhook *self, const char *timestamp, const char *body)
{
    guint8 mac[SHA256];
    gsize size;
    if (!self->secret)
        return NULL;
    const void *key = g_bytes_get_data(self->secret, &size);
    g_autofree char *message = g_strconcat(timestamp, ".", body, NULL);
    g_assert(HMAC(EVP_sha256(), key, (int)size, (const guint8 *)message, strlen(message), mac, NULL));
    g_autofree char *hex = hex_text(mac, sizeof mac);
    return g_strconcat("X-Testudo-Signature: sha256=", hex, NULL);
}

/* ---- the receiver ---- */

static size_t
answer_drop(char *bytes G_GNUC_UNUSED, size_t size, size_t n, void *data G_GNUC_UNUSED)
{
    return size * n;
}

static gboolean
is_stopping(Webhook *self)
{
    g_mutex_lock(&self->lock);
    const gboolean stopping = self->stopping;
    g_mutex_unlock(&self->lock);
    return stopping;
}

static int
on_progress(void *data, curl_off_t down G_GNUC_UNUSED, curl_off_t downed G_GNUC_UNUSED, curl_off_t up G_GNUC_UNUSED,
            curl_off_t upped G_GNUC_UNUSED)
{
    return is_stopping(data);
}

static struct curl_slist *
headers_make(const Webhook *self, const char *body)
{
    g_autofree char *timestamp = g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / USEC_PER_SEC);
    g_autofree char *time_header = g_strconcat("X-Testudo-Timestamp: ", timestamp, NULL);
    g_autofree char *signature = signature_header(self, timestamp, body);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    headers = curl_slist_append(headers, time_header);
    return signature ? curl_slist_append(headers, signature) : headers;
}

/* NULL: it was taken; else why not, newly allocated. */
static char *
post(Webhook *self, const char *body)
{
    char detail[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = headers_make(self, body);
    g_assert(curl && headers);
    curl_easy_setopt(curl, CURLOPT_URL, self->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, answer_drop);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, self);
    const CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK)
        return g_strdup(*detail ? detail : curl_easy_strerror(code));
    return status >= 200 && status < 300 ? NULL : g_strdup_printf("it answers with status %ld", status);
}

/* ---- the queue ---- */

/* *ret_delivery NULL: there is nothing to deliver. */
static gboolean
next_read(const Webhook *self, StoreDelivery **ret_delivery, StoreAlert **ret_alert, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(StoreTx) tx = store_read(self->store, &problem);
    g_autoptr(StoreDelivery) delivery = tx ? store_delivery_next(tx, &problem) : NULL;
    g_autoptr(StoreAlert) alert = delivery ? store_alert_get_by_id(tx, delivery->alert, &problem) : NULL;
    if (problem) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    *ret_delivery = g_steal_pointer(&delivery);
    *ret_alert = g_steal_pointer(&alert);
    return TRUE;
}

static gboolean
taken(const Webhook *self, const StoreDelivery *delivery, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(self->store, error);
    return tx && store_delivery_delete(tx, delivery->id, error) && store_commit(g_steal_pointer(&tx), error);
}

static gboolean
put_off(const Webhook *self, StoreDelivery *delivery, const char *why, GError **error)
{
    const gint64 now = g_get_real_time();
    if (now - delivery->at > self->keep_usec) {
        g_message("webhook %s: an alert is given up: %s", self->url, why);
        return taken(self, delivery, error);
    }
    delivery->tries++;
    delivery->due = now + webhook_wait(self->retry_usec, delivery->tries);
    if (delivery->tries == 1)
        g_message("webhook %s: %s; it is tried again", self->url, why);
    g_autoptr(StoreTx) tx = store_write(self->store, error);
    return tx && store_delivery_update(tx, delivery, error) && store_commit(g_steal_pointer(&tx), error);
}

/* When there is something to do again; 0: when somebody says so. */
static gboolean
deliver_one(Webhook *self, gint64 *ret_due, GError **error)
{
    g_autoptr(StoreDelivery) delivery = NULL;
    g_autoptr(StoreAlert) alert = NULL;
    *ret_due = 0;
    if (!next_read(self, &delivery, &alert, error))
        return FALSE;
    if (!delivery)
        return TRUE;
    *ret_due = MAX(delivery->due, 1);
    if (delivery->due > g_get_real_time())
        return TRUE;
    g_autofree char *body = alert ? body_text(self, delivery, alert) : NULL;
    g_autofree char *why = body ? post(self, body) : NULL;
    /* Broken off by us: that says nothing about the receiver. */
    if (why && is_stopping(self))
        return TRUE;
    *ret_due = 1;
    return why ? put_off(self, delivery, why, error) : taken(self, delivery, error);
}

static void
wait_until(Webhook *self, gint64 due)
{
    const gint64 ahead = due == 0 ? WAIT_MAX : CLAMP(due - g_get_real_time(), 0, WAIT_MAX);
    const gint64 end = g_get_monotonic_time() + ahead;
    g_mutex_lock(&self->lock);
    while (!self->stopping && !self->kicked && g_cond_wait_until(&self->changed, &self->lock, end))
        continue;
    self->kicked = FALSE;
    g_mutex_unlock(&self->lock);
}

static void *
run(void *data)
{
    Webhook *self = data;
    while (!is_stopping(self)) {
        g_autoptr(GError) error = NULL;
        gint64 due;
        if (!deliver_one(self, &due, &error)) {
            g_warning("webhook: the store does not answer, which is tried again: %s", error->message);
            due = g_get_real_time() + self->retry_usec;
        }
        wait_until(self, due);
    }
    return NULL;
}

Webhook *
webhook_start(const WebhookConfig *config, Store *store)
{
    Webhook *self = g_new0(Webhook, 1);
    self->store = store;
    self->url = g_strdup(config->url);
    self->subscription = g_strdup(config->subscription);
    self->location = g_strdup(config->location);
    self->secret = config->secret ? g_bytes_ref(config->secret) : NULL;
    self->retry_usec = config->retry_usec;
    self->keep_usec = config->keep_usec;
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    self->thread = g_thread_new("webhook", run, self);
    return self;
}

void
webhook_kick(Webhook *self)
{
    if (!self)
        return;
    g_mutex_lock(&self->lock);
    self->kicked = TRUE;
    g_cond_signal(&self->changed);
    g_mutex_unlock(&self->lock);
}

void
webhook_stop(Webhook *self)
{
    if (!self)
        return;
    g_mutex_lock(&self->lock);
    self->stopping = TRUE;
    g_cond_signal(&self->changed);
    g_mutex_unlock(&self->lock);
    g_thread_join(self->thread);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->lock);
    if (self->secret)
        g_bytes_unref(self->secret);
    g_free(self->url);
    g_free(self->subscription);
    g_free(self->location);
    g_free(self);
}
