/* Alerts delivered to a receiver that takes them, refuses them, or is not there. */
#include "world.h"

#include "api/webhook.h"
#include "base/hex.h"
#include "base/json.h"

#include <gio/gio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define MS     1000
#define S      ((gint64)G_USEC_PER_SEC)
#define SECRET "a secret of the operator's"

/* ---- a receiver ---- */

typedef struct {
    GSocketService *service;
    guint port;
    guint refuse; /* so many are answered with 500 first */
    GMutex lock;
    GPtrArray *taken; /* of char*: head and body of each request */
} Receiver;

static gboolean
on_request(GThreadedSocketService *service G_GNUC_UNUSED, GSocketConnection *connection, GObject *source G_GNUC_UNUSED,
           void *data)
{
    Receiver *receiver = data;
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    g_autoptr(GString) text = g_string_new(NULL);
    gsize wanted = G_MAXSIZE;
    char buffer[4096];
    while (text->len < wanted) {
        const gssize n = g_input_stream_read(in, buffer, sizeof buffer, NULL, NULL);
        if (n <= 0)
            return TRUE;
        g_string_append_len(text, buffer, n);
        const char *end = strstr(text->str, "\r\n\r\n"), *length = strstr(text->str, "Content-Length: ");
        if (end && length)
            wanted = (gsize)(end - text->str) + 4 + g_ascii_strtoull(length + strlen("Content-Length: "), NULL, 10);
    }
    g_mutex_lock(&receiver->lock);
    const gboolean refused = receiver->refuse > 0;
    receiver->refuse -= refused ? 1 : 0;
    if (!refused)
        g_ptr_array_add(receiver->taken, g_strdup(text->str));
    g_mutex_unlock(&receiver->lock);
    const char *answer = refused ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                                 : "HTTP/1.1 204 Taken\r\nConnection: close\r\n\r\n";
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    g_output_stream_write_all(out, answer, strlen(answer), NULL, NULL, NULL);
    return TRUE;
}

/* A port that is nobody else's, and refuses, until there is a receiver. */
static GSocket *
port_take(guint *ret_port)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
    GSocket *socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
    g_assert_no_error(error);
    g_assert_true(g_socket_bind(socket, any, /* allow_reuse= */ FALSE, &error));
    g_autoptr(GSocketAddress) own = g_socket_get_local_address(socket, &error);
    g_assert_no_error(error);
    *ret_port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(own));
    return socket;
}

/* socket: of port_take(), or NULL for a port of its own. */
static void
receiver_start(Receiver *receiver, GSocket *socket)
{
    g_autoptr(GError) error = NULL;
    g_mutex_init(&receiver->lock);
    receiver->taken = g_ptr_array_new_with_free_func(g_free);
    receiver->service = g_threaded_socket_service_new(4);
    if (socket && g_socket_listen(socket, &error))
        g_socket_listener_add_socket(G_SOCKET_LISTENER(receiver->service), socket, NULL, &error);
    else if (!socket)
        receiver->port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(receiver->service), NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(receiver->service, "run", G_CALLBACK(on_request), receiver);
    g_socket_service_start(receiver->service);
}

static void
receiver_stop(Receiver *receiver)
{
    g_socket_service_stop(receiver->service);
    g_socket_listener_close(G_SOCKET_LISTENER(receiver->service));
    g_object_unref(receiver->service);
    g_ptr_array_unref(receiver->taken);
    g_mutex_clear(&receiver->lock);
}

static guint
taken_by(Receiver *receiver)
{
    g_mutex_lock(&receiver->lock);
    const guint n = receiver->taken->len;
    g_mutex_unlock(&receiver->lock);
    return n;
}

/* The main loop takes connections. */
static void
await(Receiver *receiver, guint n)
{
    const gint64 end = g_get_monotonic_time() + 30 * S;
    while (taken_by(receiver) < n && g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(5 * MS);
    }
    g_assert_cmpuint(taken_by(receiver), ==, n);
}

/* ---- alerts ---- */

static void
alert_put(Store *store, const char *name, gboolean fired, gint64 at)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_write(store, &error);
    StoreAlert alert = {
        .name = (char *)name,
        .set_id = 1,
        .resource = (char *)"/subscriptions/S/resourceGroups/g1/providers/Microsoft.Compute/virtualMachineScaleSets/s1/"
                            "virtualMachines/0",
        .kind = ALERT_DEVIATION,
        .code = (char *)"deviation",
        .message = (char *)"PCR 4 differs.",
        .open = fired,
        .raised = at,
        .seen = at,
        .changed = at,
    };
    g_assert_true(store_alert_add(tx, &alert, &error));
    const StoreDelivery delivery = { .alert = alert.id, .fired = fired, .at = at, .due = at };
    g_assert_true(store_delivery_add(tx, &delivery, &error) && store_commit(g_steal_pointer(&tx), &error));
}

static guint
waiting(Store *store)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_write(store, &error);
    g_autoptr(StoreDelivery) next = store_delivery_next(tx, &error);
    g_assert_no_error(error);
    return next ? 1 : 0;
}

/* Taken, and known to be: a daemon that ends before it heard so delivers it again. */
static void
await_nothing(Store *store)
{
    for (guint i = 0; i < 2000 && waiting(store); i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(5 * MS);
    }
    g_assert_cmpuint(waiting(store), ==, 0);
}

static Webhook *
webhook_to(Store *store, guint port, gint64 keep_usec)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/alerts", port);
    g_autoptr(GBytes) secret = g_bytes_new_static(SECRET, strlen(SECRET));
    const WebhookConfig config = {
        .url = url, .secret = secret, .subscription = "S", .location = "local", .retry_usec = 20 * MS, .keep_usec = keep_usec
    };
    return webhook_start(&config, store);
}

static Store *
store_new(void)
{
    g_autoptr(GError) error = NULL;
    Store *store = store_open(":memory:", &error);
    g_assert_no_error(error);
    return store;
}

static char *
header_of(const char *request, const char *name)
{
    g_autofree char *begin = g_strconcat("\r\n", name, ": ", NULL);
    const char *at = strstr(request, begin);
    g_assert_nonnull(at);
    at += strlen(begin);
    return g_strndup(at, strcspn(at, "\r"));
}

static void
test_signed_and_in_order(void)
{
    Receiver receiver = { 0 };
    Store *store = store_new();
    receiver_start(&receiver, NULL);
    const gint64 now = g_get_real_time();
    alert_put(store, "first", TRUE, now);
    Webhook *webhook = webhook_to(store, receiver.port, WEBHOOK_KEEP_USEC);
    await(&receiver, 1);
    alert_put(store, "second", FALSE, now);
    webhook_kick(webhook);
    await(&receiver, 2);
    await_nothing(store);
    webhook_stop(webhook);

    const char *request = g_ptr_array_index(receiver.taken, 0), *body = strstr(request, "\r\n\r\n") + 4;
    g_autofree char *timestamp = header_of(request, "X-Testudo-Timestamp");
    g_autofree char *signature = header_of(request, "X-Testudo-Signature");
    g_autofree char *message = g_strconcat(timestamp, ".", body, NULL);
    guint8 mac[32];
    HMAC(EVP_sha256(), SECRET, strlen(SECRET), (const guint8 *)message, strlen(message), mac, NULL);
    g_autofree char *hex = hex_text(mac, sizeof mac), *expected = g_strconcat("sha256=", hex, NULL);
    g_assert_cmpstr(signature, ==, expected);

    g_autoptr(json_t) first = json_loads(body, 0, NULL);
    g_autoptr(json_t) second = json_loads(strstr(g_ptr_array_index(receiver.taken, 1), "\r\n\r\n") + 4, 0, NULL);
    const json_t *essentials = json_path(first, "data.essentials");
    g_assert_cmpstr(json_member_text(first, "schemaId"), ==, "azureMonitorCommonAlertSchema");
    g_assert_cmpstr(json_member_text(essentials, "originAlertId"), ==, "first");
    g_assert_cmpstr(json_member_text(essentials, "monitorCondition"), ==, "Fired");
    g_assert_cmpstr(json_member_text(essentials, "severity"), ==, "Sev2");
    g_assert_cmpstr(json_member_text(essentials, "description"), ==, "PCR 4 differs.");
    g_assert_cmpstr(json_member_text(json_path(second, "data.essentials"), "monitorCondition"), ==, "Resolved");
    g_assert_nonnull(json_path(first, "data.alertContext.alertType"));
    receiver_stop(&receiver);
    store_close(store);
}

static void
test_tried_again(void)
{
    Receiver receiver = { .refuse = 3 };
    Store *store = store_new();
    receiver_start(&receiver, NULL);
    alert_put(store, "first", TRUE, g_get_real_time());
    alert_put(store, "second", TRUE, g_get_real_time());
    Webhook *webhook = webhook_to(store, receiver.port, WEBHOOK_KEEP_USEC);
    await(&receiver, 2);
    webhook_stop(webhook);
    g_assert_nonnull(strstr(g_ptr_array_index(receiver.taken, 0), "\"originAlertId\":\"first\""));
    g_assert_nonnull(strstr(g_ptr_array_index(receiver.taken, 1), "\"originAlertId\":\"second\""));
    receiver_stop(&receiver);
    store_close(store);
}

/* What one daemon could not deliver is the next one's. */
static void
test_over_a_restart(void)
{
    Receiver receiver = { 0 };
    Store *store = store_new();
    guint port;
    g_autoptr(GSocket) socket = port_take(&port);
    alert_put(store, "first", TRUE, g_get_real_time());
    Webhook *webhook = webhook_to(store, port, WEBHOOK_KEEP_USEC);
    g_usleep(100 * MS);
    webhook_stop(webhook);
    g_assert_cmpuint(waiting(store), ==, 1);
    receiver_start(&receiver, socket);
    webhook = webhook_to(store, port, WEBHOOK_KEEP_USEC);
    await(&receiver, 1);
    await_nothing(store);
    webhook_stop(webhook);
    receiver_stop(&receiver);
    store_close(store);
}

static void
test_given_up(void)
{
    Store *store = store_new();
    guint port;
    g_autoptr(GSocket) socket = port_take(&port);
    alert_put(store, "old", TRUE, g_get_real_time() - 2 * S);
    Webhook *webhook = webhook_to(store, port, S);
    await_nothing(store);
    webhook_stop(webhook);
    store_close(store);
}

static void
test_waits(void)
{
    g_assert_cmpint(webhook_wait(WEBHOOK_RETRY_USEC, 1), ==, 5 * S);
    g_assert_cmpint(webhook_wait(WEBHOOK_RETRY_USEC, 2), ==, 10 * S);
    g_assert_cmpint(webhook_wait(WEBHOOK_RETRY_USEC, 10), ==, 2560 * S);
    g_assert_cmpint(webhook_wait(WEBHOOK_RETRY_USEC, 11), ==, 3600 * S);
    g_assert_cmpint(webhook_wait(WEBHOOK_RETRY_USEC, G_MAXUINT), ==, 3600 * S);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/api/webhook/signed-and-in-order", test_signed_and_in_order);
    g_test_add_func("/api/webhook/tried-again", test_tried_again);
    g_test_add_func("/api/webhook/over-a-restart", test_over_a_restart);
    g_test_add_func("/api/webhook/given-up", test_given_up);
    g_test_add_func("/api/webhook/waits", test_waits);
    return g_test_run();
}
