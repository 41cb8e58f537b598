#include "api/sessions.h"

#include "base/hex.h"
#include "base/secret.h"

#include <string.h>

#define CLOSED_EVENT  "Testudo.Portal/sessions/delete"
#define TOKEN_SETTING "admin-token" /* the SHA-256 of it */
#define NAME_BYTES    4u
#define CODE_DIGITS   16u
#define CODE_GROUP    4u
#define MINUTE        (60 * USEC_PER_SEC)
/* The store hears of a session's use this often at most. */
#define USE_WRITTEN_EVERY (5 * MINUTE)

/* A session's name says its kind, in the store too. */
static const struct {
    const char *prefix, *opened, *guessed;
    gint64 idle, lifetime;
    guint max;
} kinds[SESSION_N_KINDS] = {
    [SESSION_PORTAL] = { "portal:", "Testudo.Portal/sessions/write", "codes to sign in to the portal", SESSION_IDLE,
                         SESSION_LIFETIME, SESSIONS_MAX },
    [SESSION_CLIENT] = { "client:", "Testudo.Clients/sessions/write", "secrets to sign in as a client", CLIENT_LIFETIME,
                         CLIENT_LIFETIME, CLIENT_SESSIONS_MAX },
};

typedef struct {
    UnixTime since;
    guint n;
} Wrong;

typedef struct {
    char *hash;
    char *made_by;
    UnixTime until;
} Code;

typedef struct {
    StoreSession *row;
    UnixTime used; /* the row's is the last one that was written */
} Session;

struct Sessions {
    Store *store;
    GMutex lock;         /* of all below */
    GQueue codes;        /* of Code, the oldest first */
    GHashTable *by_hash; /* the row's hash -> Session */
    Wrong wrong[SESSION_N_KINDS];
};

/* SESSION_N_KINDS: this is no session. */
static SessionKind
kind_of(const char *name)
{
    SessionKind kind = 0;
    while (kind < SESSION_N_KINDS && !g_str_has_prefix(name, kinds[kind].prefix))
        kind++;
    return kind;
}

static char *
hash_of(const char *secret)
{
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
}

static void
code_free(void *data)
{
    Code *code = data;
    g_free(code->hash);
    g_free(code->made_by);
    g_free(code);
}

static void
session_free(void *data)
{
    Session *session = data;
    store_session_free(session->row);
    g_free(session);
}

static void
session_add(Sessions *sessions, StoreSession *row)
{
    Session *session = g_new0(Session, 1);
    session->row = row;
    session->used = row->used;
    g_hash_table_insert(sessions->by_hash, row->hash, session);
}

static UnixTime
end_of(const StoreSession *row, UnixTime used)
{
    SessionKind kind = kind_of(row->name);
    return kind == SESSION_N_KINDS ? 0 : MIN(row->created + kinds[kind].lifetime, used + kinds[kind].idle);
}

/* hashes: of sessions that are over. Most starts find none, and write nothing. */
static gboolean
stored_forget(const Sessions *sessions, const GPtrArray *hashes, GError **error)
{
    if (hashes->len == 0)
        return TRUE;
    g_autoptr(StoreTx) tx = store_write(sessions->store, error);
    for (guint i = 0; tx && i < hashes->len; i++) {
        if (!store_session_delete(tx, g_ptr_array_index(hashes, i), error))
            return FALSE;
    }
    return tx && store_commit(g_steal_pointer(&tx), error);
}

static gboolean
stored_take_up(Sessions *sessions, UnixTime now, GError **error)
{
    g_autoptr(GPtrArray) over = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreTx) tx = store_read(sessions->store, error);
    g_autoptr(GPtrArray) rows = tx ? store_session_list(tx, error) : NULL;
    for (guint i = 0; rows && i < rows->len; i++) {
        const StoreSession *row = g_ptr_array_index(rows, i);
        if (end_of(row, row->used) > now)
            session_add(sessions, g_steal_pointer(&g_ptr_array_index(rows, i)));
        else
            g_ptr_array_add(over, g_strdup(row->hash));
    }
    g_clear_pointer(&tx, store_abort);
    return rows && stored_forget(sessions, over, error);
}

static gboolean
of_token_delete(StoreTx *tx, GError **error)
{
    g_autoptr(GPtrArray) rows = store_session_list(tx, error);
    for (guint i = 0; rows && i < rows->len; i++) {
        const StoreSession *row = g_ptr_array_index(rows, i);
        if (strcmp(row->made_by, CALLER_TOKEN) == 0 && !store_session_delete(tx, row->hash, error))
            return FALSE;
    }
    return rows != NULL;
}

gboolean
sessions_end_with_token(Store *store, const char *token, GError **error)
{
    g_autofree char *hash = hash_of(token), *known = NULL;
    g_autoptr(StoreTx) tx = store_write(store, error);
    if (!tx || !store_setting_get(tx, TOKEN_SETTING, &known, error))
        return FALSE;
    if (g_strcmp0(known, hash) == 0)
        return TRUE;
    return (!known || of_token_delete(tx, error)) && store_setting_set(tx, TOKEN_SETTING, hash, error) &&
           store_commit(g_steal_pointer(&tx), error);
}

Sessions *
sessions_new(Store *store, UnixTime now, GError **error)
{
    Sessions *sessions = g_new0(Sessions, 1);
    sessions->store = store;
    g_mutex_init(&sessions->lock);
    g_queue_init(&sessions->codes);
    sessions->by_hash = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, session_free);
    if (stored_take_up(sessions, now, error))
        return sessions;
    sessions_free(sessions);
    return NULL;
}

void
sessions_free(Sessions *sessions)
{
    if (!sessions)
        return;
    g_queue_clear_full(&sessions->codes, code_free);
    g_hash_table_unref(sessions->by_hash);
    g_mutex_clear(&sessions->lock);
    g_free(sessions);
}

/* ---- codes ---- */

/* Crockford's base 32: no letter that looks like a digit. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static char *
code_new(void)
{
    guint8 bytes[CODE_DIGITS];
    GString *code = g_string_new(NULL);
    secret_fill(bytes, sizeof bytes);
    for (guint i = 0; i < CODE_DIGITS; i++) {
        if (i > 0 && i % CODE_GROUP == 0)
            g_string_append_c(code, '-');
        g_string_append_c(code, digits[bytes[i] % 32]);
    }
    return g_string_free(code, FALSE);
}

static char
digit_meant(char c)
{
    c = g_ascii_toupper(c);
    if (c == 'O')
        return '0';
    return c == 'I' || c == 'L' ? '1' : c;
}

static char *
code_hash(const char *code)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    for (; *code && plain->len <= CODE_DIGITS; code++) {
        if (*code != '-' && !g_ascii_isspace(*code))
            g_string_append_c(plain, digit_meant(*code));
    }
    return hash_of(plain->str);
}

static void
old_codes_drop(Sessions *sessions, UnixTime now)
{
    const Code *oldest;
    while ((oldest = g_queue_peek_head(&sessions->codes)) && (oldest->until <= now || sessions->codes.length > CODES_MAX))
        code_free(g_queue_pop_head(&sessions->codes));
}

char *
sessions_code_make(Sessions *sessions, const char *made_by, UnixTime now)
{
    char *text = code_new();
    Code *code = g_new0(Code, 1);
    code->hash = code_hash(text);
    code->made_by = g_strdup(made_by);
    code->until = now + CODE_LIFETIME;
    g_mutex_lock(&sessions->lock);
    g_queue_push_tail(&sessions->codes, code);
    old_codes_drop(sessions, now);
    g_mutex_unlock(&sessions->lock);
    return text;
}

/* All are looked at, whichever it is. */
static Code *
code_take(Sessions *sessions, const char *hash)
{
    GList *found = NULL;
    for (GList *link = sessions->codes.head; link; link = link->next) {
        const Code *code = link->data;
        if (secret_same(code->hash, hash))
            found = link;
    }
    Code *code = found ? found->data : NULL;
    if (found)
        g_queue_delete_link(&sessions->codes, found);
    return code;
}

/* FALSE: there were too many within a minute. *ret_first: this is the first too many. */
static gboolean
wrong_count(Wrong *wrong, UnixTime now, gboolean *ret_first)
{
    if (now - wrong->since >= MINUTE || now < wrong->since)
        *wrong = (Wrong){ .since = now };
    wrong->n++;
    *ret_first = wrong->n == WRONG_MAX + 1;
    return wrong->n <= WRONG_MAX;
}

/* One line a minute, however many come. */
static void
guessing_note(const Sessions *sessions, SessionKind kind, const char *resource, UnixTime now)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message =
        g_strdup_printf("Somebody tries %s: more than %u wrong ones came within a minute.", kinds[kind].guessed, WRONG_MAX);
    StoreEvent event = {
        .time = now,
        .level = (char *)"Warning",
        .operation_name = (char *)kinds[kind].opened,
        .status = (char *)"Failed",
        .resource_id = (char *)resource,
        .caller = (char *)"anonymous",
        .message = message,
    };
    g_autoptr(StoreTx) tx = store_write(sessions->store, &error);
    if (!tx || !store_event_add(tx, &event, &error) || !store_commit(g_steal_pointer(&tx), &error))
        g_warning("attempts to sign in were not noted: %s", error->message);
}

gboolean
sessions_wrong(Sessions *sessions, SessionKind kind, const char *resource, UnixTime now)
{
    gboolean first;
    g_mutex_lock(&sessions->lock);
    gboolean few = wrong_count(&sessions->wrong[kind], now, &first);
    g_mutex_unlock(&sessions->lock);
    if (first)
        guessing_note(sessions, kind, resource, now);
    return few;
}

char *
sessions_code_redeem(Sessions *sessions, const char *code, const char *resource, UnixTime now, GError **error)
{
    g_autofree char *hash = code_hash(code);
    g_mutex_lock(&sessions->lock);
    old_codes_drop(sessions, now);
    Code *found = code_take(sessions, hash);
    g_mutex_unlock(&sessions->lock);
    char *made_by = found ? g_steal_pointer(&found->made_by) : NULL;
    if (found)
        code_free(found);
    else if (sessions_wrong(sessions, SESSION_PORTAL, resource, now))
        arm_fail(
            error, ARM_AUTHENTICATION_FAILED, "code",
            "The code is wrong, was used before, or is over: 'testudo portal' gives a new one, which holds for %d minutes.",
            (int)(CODE_LIFETIME / MINUTE));
    else
        arm_fail(error, ARM_TOO_MANY_REQUESTS, "code", "More than %u wrong codes came within a minute; wait for one.",
                 WRONG_MAX);
    return made_by;
}

/* ---- sessions ---- */

/* Under the lock. *ret_n: how many of its kind there are. */
static Session *
least_used(const Sessions *sessions, SessionKind kind, guint *ret_n)
{
    Session *least = NULL;
    GHashTableIter iter;
    gpointer value;
    *ret_n = 0;
    g_hash_table_iter_init(&iter, sessions->by_hash);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Session *session = value;
        if (kind_of(session->row->name) != kind)
            continue;
        ++*ret_n;
        if (!least || session->used < least->used)
            least = session;
    }
    return least;
}

/* Makes room for one more of its kind: the hash of the one that had to go, newly allocated, or NULL. */
static char *
least_used_drop(Sessions *sessions, SessionKind kind)
{
    guint n;
    char *hash = NULL;
    g_mutex_lock(&sessions->lock);
    const Session *least = least_used(sessions, kind, &n);
    if (n >= kinds[kind].max) {
        hash = g_strdup(least->row->hash);
        g_hash_table_remove(sessions->by_hash, hash);
    }
    g_mutex_unlock(&sessions->lock);
    return hash;
}

static StoreSession *
session_new(SessionKind kind, const char *made_by, UnixTime now, char **ret_token)
{
    guint8 bytes[NAME_BYTES];
    StoreSession *session = g_new0(StoreSession, 1);
    secret_fill(bytes, sizeof bytes);
    g_autofree char *name = hex_text(bytes, sizeof bytes);
    *ret_token = secret_new();
    session->hash = hash_of(*ret_token);
    session->name = g_strconcat(kinds[kind].prefix, name, NULL);
    session->made_by = g_strdup(made_by);
    session->created = session->used = now;
    return session;
}

static char *
opened_message(const char *made_by, const char *client)
{
    /* What a client calls itself stands last: no name can look like what is ours to say. */
    if (client)
        return g_strdup_printf("Signed in, by right of '%s', as client '%s'.", made_by, client);
    return g_strdup_printf("Signed in to the portal, by right of '%s'.", made_by);
}

/* In the store, with its line in the activity log. */
static gboolean
session_record(const Sessions *sessions, const StoreSession *session, const char *dropped, const char *resource,
               const char *message, GError **error)
{
    const char *event = kinds[kind_of(session->name)].opened;
    g_autoptr(StoreTx) tx = store_write(sessions->store, error);
    return tx && (!dropped || store_session_delete(tx, dropped, error)) && store_session_insert(tx, session, error) &&
           store_event_note(tx, event, resource, session->name, message, session->created, error) &&
           store_commit(g_steal_pointer(&tx), error);
}

char *
sessions_open(Sessions *sessions, const char *made_by, const char *client, const char *resource, UnixTime now,
              UnixTime *ret_end, GError **error)
{
    SessionKind kind = client ? SESSION_CLIENT : SESSION_PORTAL;
    g_autofree char *token = NULL, *message = opened_message(made_by, client);
    g_autoptr(StoreSession) session = session_new(kind, made_by, now, &token);
    g_autofree char *dropped = least_used_drop(sessions, kind);
    if (!session_record(sessions, session, dropped, resource, message, error))
        return NULL;
    *ret_end = end_of(session, now);
    g_mutex_lock(&sessions->lock);
    session_add(sessions, g_steal_pointer(&session));
    g_mutex_unlock(&sessions->lock);
    return g_steal_pointer(&token);
}

static gboolean
session_is_over(const Session *session, UnixTime now)
{
    return end_of(session->row, session->used) <= now;
}

/* What the store does not take now it takes the next time; a session is good all the same. */
static void
use_write(const Sessions *sessions, const char *hash, UnixTime now)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_write(sessions->store, &error);
    if (!tx || !store_session_use(tx, hash, now, &error) || !store_commit(g_steal_pointer(&tx), &error))
        g_warning("the use of a session was not written: %s", error->message);
}

char *
sessions_caller(Sessions *sessions, const char *token, UnixTime now)
{
    g_autofree char *hash = hash_of(token);
    char *caller = NULL;
    gboolean write = FALSE;
    g_mutex_lock(&sessions->lock);
    Session *session = g_hash_table_lookup(sessions->by_hash, hash);
    if (session && !session_is_over(session, now)) {
        session->used = MAX(session->used, now);
        write = session->used - session->row->used >= USE_WRITTEN_EVERY;
        if (write)
            session->row->used = session->used;
        caller = g_strdup(session->row->name);
    }
    g_mutex_unlock(&sessions->lock);
    if (write)
        use_write(sessions, hash, now);
    return caller;
}

gboolean
sessions_is_session(const char *caller)
{
    return kind_of(caller) != SESSION_N_KINDS;
}

gboolean
sessions_is_of_portal(const char *caller)
{
    return kind_of(caller) == SESSION_PORTAL;
}

/* Under the lock. */
static Session *
session_named(const Sessions *sessions, const char *caller)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, sessions->by_hash);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Session *session = value;
        if (strcmp(session->row->name, caller) == 0)
            return session;
    }
    return NULL;
}

gboolean
sessions_lasts(Sessions *sessions, const char *caller, UnixTime now)
{
    g_mutex_lock(&sessions->lock);
    const Session *session = session_named(sessions, caller);
    gboolean lasts = session && !session_is_over(session, now);
    g_mutex_unlock(&sessions->lock);
    return lasts;
}

gboolean
sessions_close(Sessions *sessions, const char *caller, const char *resource, UnixTime now, GError **error)
{
    g_mutex_lock(&sessions->lock);
    const Session *session = session_named(sessions, caller);
    g_autofree char *hash = session ? g_strdup(session->row->hash) : NULL;
    if (hash)
        g_hash_table_remove(sessions->by_hash, hash);
    g_mutex_unlock(&sessions->lock);
    if (!hash)
        return TRUE;
    g_autoptr(StoreTx) tx = store_write(sessions->store, error);
    return tx && store_session_delete(tx, hash, error) &&
           store_event_note(tx, CLOSED_EVENT, resource, caller, "Signed out of the portal.", now, error) &&
           store_commit(g_steal_pointer(&tx), error);
}
