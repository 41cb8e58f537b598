/* What can be asked of a VM that is not there: answered when the clock says so, never inside the call. */
#include "host/simulated/fleet.h"

#include "base/guest_wire.h"

#include <string.h>

typedef struct {
    Simulated *host;
    char *key;
    char **argv;
    guint timer;
    GList *link; /* in Simulated.asks */
    gboolean late;
    HostDone shot_done;
    HostExecDone exec_done;
    void *data;
} SimAsk;

static void
ask_free(SimAsk *ask)
{
    g_free(ask->key);
    g_strfreev(ask->argv);
    g_free(ask);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimAsk, ask_free)

static SimAsk *
ask_put(Host *host, const char *key, gint64 after_usec, void (*answer)(void *data), void *data)
{
    SimAsk *ask = g_new0(SimAsk, 1);
    Simulated *self = (Simulated *)host;
    ask->host = self;
    ask->key = g_strdup(key);
    ask->data = data;
    ask->timer = self->clock->timer_add(self->clock, self->clock->now(self->clock) + after_usec, answer, ask);
    g_queue_push_tail(&self->asks, ask);
    ask->link = self->asks.tail;
    return ask;
}

/* Its answer is being told: the caller owns it now. */
static SimAsk *
ask_take(void *data)
{
    SimAsk *ask = data;
    ask->timer = 0;
    g_queue_delete_link(&ask->host->asks, ask->link);
    return ask;
}

static void
ask_fail(const SimAsk *ask, const GError *error)
{
    if (ask->shot_done)
        ask->shot_done(NULL, 0, error, ask->data);
    else
        ask->exec_done(-1, "", 0, "", 0, error, ask->data);
}

void
simulated_asks_end(Simulated *self)
{
    SimAsk *next;
    while ((next = g_queue_pop_head(&self->asks))) {
        g_autoptr(SimAsk) ask = next;
        g_autoptr(GError) error = NULL;
        self->clock->timer_remove(self->clock, ask->timer);
        arm_fail(&error, ARM_OPERATION_NOT_ALLOWED, NULL, "The host was closed before the answer.");
        ask_fail(ask, error);
    }
}

/* ---- what nothing can answer ---- */

static void
shot_answer(void *data)
{
    g_autoptr(SimAsk) ask = ask_take(data);
    g_autoptr(GError) error = NULL;
    arm_fail(&error, ARM_NOT_SUPPORTED, NULL, "The simulated VM %s has no screen.", ask->key);
    ask_fail(ask, error);
}

void
simulated_screenshot(Host *host, const char *key, HostDone done, void *data)
{
    ask_put(host, key, 0, shot_answer, data)->shot_done = done;
}

static void
exec_answer(void *data)
{
    g_autoptr(SimAsk) ask = ask_take(data);
    g_autoptr(GError) error = NULL;
    arm_fail(&error, ARM_NOT_SUPPORTED, NULL, "The simulated VM %s cannot run '%s'.", ask->key, ask->argv[0]);
    ask_fail(ask, error);
}

void
simulated_exec(Host *host, const char *key, const char *const *argv, const char *input G_GNUC_UNUSED,
               gint64 timeout_usec G_GNUC_UNUSED, HostExecDone done, void *data)
{
    SimAsk *ask = ask_put(host, key, 0, exec_answer, data);
    ask->argv = g_strdupv((char **)argv);
    ask->exec_done = done;
}

/* ---- the guest's port for tokens ---- */

json_t *
host_simulated_ask_token(Host *host, const char *key, const json_t *question)
{
    Simulated *self = (Simulated *)host;
    const Sim *sim = g_hash_table_lookup(self->sims, key);
    if (!sim || !sim->alive || !sim->parts[PART_VTPM].generation)
        return NULL;
    GuestTokenAllowance *allowance = g_hash_table_lookup(self->allowances, key);
    if (!allowance) {
        allowance = g_new0(GuestTokenAllowance, 1);
        g_hash_table_insert(self->allowances, g_strdup(key), allowance);
    }
    return guest_token_answer(&self->tokens, allowance, key, question, self->clock->now(self->clock));
}

/* ---- testudo-guest ---- */

static int
health_run(const Sim *sim, const char *const *argv, GString *out)
{
    const gboolean ill = sim->unhealthy != 0;
    if (g_strcmp0(argv[1], "tcp") == 0)
        g_string_append(out, ill ? "failed " WIRE_REFUSED "\n" : "tcp open\n");
    else
        g_string_append_printf(out, "http %d whole\n{\"ApplicationHealthState\":\"%s\"}\n", ill ? 503 : 200,
                               ill ? "Unhealthy" : "Healthy");
    return ill && g_strcmp0(argv[1], "tcp") == 0;
}

void
simulated_notice_put(Simulated *self, const char *key, guint64 epoch, UnixTime at, const char *event)
{
    const gsize size = strlen(event) + 1;
    SimNotice *notice = g_malloc(sizeof *notice + size);
    notice->epoch = epoch;
    notice->at = at;
    memcpy(notice->event, event, size);
    g_hash_table_replace(self->notices, g_strdup(key), notice);
}

/* What was written into a guest's memory is gone with its boot. */
static const SimNotice *
notice_find(const Sim *sim, const char *event)
{
    const SimNotice *notice = g_hash_table_lookup(sim->host->notices, sim->key);
    return notice && notice->epoch == sim->epoch && strcmp(notice->event, event) == 0 ? notice : NULL;
}

static int
notice_run(const Sim *sim, const char *event, GString *out)
{
    Simulated *self = sim->host;
    if (!notice_find(sim, event)) {
        simulated_notice_put(self, sim->key, sim->epoch, self->clock->now(self->clock), event);
        simulated_keep(self);
    }
    g_string_append(out, WIRE_NOTICED "\n");
    return 0;
}

static int
ack_run(const Sim *sim, const char *event, GString *out)
{
    const Simulated *self = sim->host;
    const SimNotice *notice = notice_find(sim, event);
    const gboolean approved =
        notice && self->approve_usec >= 0 && self->clock->now(self->clock) - notice->at >= self->approve_usec;
    g_string_append(out, !notice ? WIRE_UNKNOWN "\n" : approved ? WIRE_APPROVED "\n" : WIRE_WAITING "\n");
    return 0;
}

/* A guest with nothing of its own, unless it is a fault: what it cannot look at is what a container cannot. */
static int
assess_run(const Sim *sim, GString *out)
{
    const gboolean vtpm = sim->parts[PART_VTPM].generation != 0;
    g_string_append_printf(out,
                           WIRE_ASSESSMENT "\n" WIRE_SECURE_BOOT " " WIRE_UNSEEN "\n" WIRE_TPM " %s\n" WIRE_MODULE_SIGNATURES
                                           " checked\n" WIRE_KERNEL " 6.1.0-simulated " WIRE_SIGNED "\n" WIRE_LOADER
                                           " /boot/efi/EFI/BOOT/BOOTX64.EFI " WIRE_SIGNED "\n",
                           vtpm ? "yes" : "no");
    if (sim->tampered == SIMULATED_VOLUME_BOUND)
        g_string_append(out, WIRE_MODULE " simulated OE " WIRE_UNSIGNED "\n" WIRE_LUKS
                                         " vdb 00000000-0000-0000-0000-000000000001 systemd-tpm2\n");
    g_string_append(out, WIRE_END "\n");
    return 0;
}

static int
program_run(const Sim *sim, const char *const *argv, GString *out)
{
    const Simulated *self = sim->host;
    int code = self->guest ? self->guest(sim->key, sim->epoch, argv, out, self->guest_data) : SIMULATED_GUEST_AS_EVER;
    if (code != SIMULATED_GUEST_AS_EVER)
        return code;
    if (strcmp(argv[0], "health") == 0)
        return health_run(sim, argv, out);
    if (strcmp(argv[0], "terminate-notice") == 0 && argv[1])
        return notice_run(sim, argv[1], out);
    if (strcmp(argv[0], "terminate-ack") == 0 && argv[1])
        return ack_run(sim, argv[1], out);
    if (strcmp(argv[0], "quote") == 0)
        return sim_quote_run(sim, argv, out);
    if (strcmp(argv[0], "activate") == 0)
        return sim_activate_run(sim, argv, out);
    if (strcmp(argv[0], "assess") == 0)
        return assess_run(sim, out);
    return 2;
}

static void
program_answer(void *data)
{
    g_autoptr(SimAsk) ask = ask_take(data);
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    const Sim *sim = g_hash_table_lookup(ask->host->sims, ask->key);
    int code = SIMULATED_GUEST_SILENT;

    if (!sim || !sim->alive)
        arm_fail(&error, ARM_OPERATION_NOT_ALLOWED, NULL, "The instance does not run.");
    else if (!sim->agent || sim->isolated ||
             (code = program_run(sim, (const char *const *)ask->argv, out)) == SIMULATED_GUEST_SILENT)
        arm_fail(&error, ARM_OPERATION_NOT_ALLOWED, NULL, "The guest agent does not answer.");
    else if (ask->late)
        arm_fail(&error, ARM_GUEST_RUN_FAILED, NULL, "testudo-guest did not end in time.");
    if (error)
        ask_fail(ask, error);
    else
        ask->exec_done(code, out->str, out->len, "", 0, NULL, ask->data);
}

void
simulated_guest_run(Host *host, const char *key, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data)
{
    Simulated *self = (Simulated *)host;
    /* One that takes too long is told so when its time is over. */
    SimAsk *ask = ask_put(host, key, MIN(self->guest_usec, timeout_usec), program_answer, data);
    ask->late = self->guest_usec > timeout_usec;
    ask->argv = g_strdupv((char **)argv);
    ask->exec_done = done;
}
