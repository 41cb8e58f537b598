#include "attest/vendor_signed.h"

#include "attest/event_info.h"
#include "attest/event_type.h"
#include "attest/shim_signer.h"

#include <string.h>

/* Loaded before any kernel: shim, and what shim loads. */
#define LOADERS 2

static char *
label_of(const LogEvent *event)
{
    return g_strndup((const char *)event->data, event->size);
}

/* ---- events beside each other ---- */

typedef struct {
    guint *stands_for;          /* compare.h */
    char *kernel, *seen_kernel; /* as the command lines name it */
    guint read_last;            /* where in the seen log the kernel's file was read last */
} Match;

static void
match_clear(Match *match)
{
    g_free(match->stands_for);
    g_free(match->kernel);
    g_free(match->seen_kernel);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Match, match_clear)

/* One PCR's events in both logs, as many in the one as in the other. */
typedef struct {
    const EventLog *reference, *seen;
    GArray *expected_at, *seen_at; /* of guint: places, from 1 */
} Beside;

static GArray *
places_of(const EventLog *log, guint32 pcr)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint place = 1; place <= event_log_length(log); place++) {
        const LogEvent *event = event_log_get(log, place - 1);
        if (event->pcr == pcr && event->type != EV_NO_ACTION)
            g_array_append_val(places, place);
    }
    return places;
}

static gboolean
beside_begin(Beside *beside, const EventLog *reference, const EventLog *seen, guint32 pcr)
{
    *beside = (Beside){ reference, seen, places_of(reference, pcr), places_of(seen, pcr) };
    return beside->expected_at->len == beside->seen_at->len;
}

static void
beside_clear(Beside *beside)
{
    g_clear_pointer(&beside->expected_at, g_array_unref);
    g_clear_pointer(&beside->seen_at, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Beside, beside_clear)

static const LogEvent *
expected_of(const Beside *beside, guint i)
{
    return event_log_get(beside->reference, g_array_index(beside->expected_at, guint, i) - 1);
}

static const LogEvent *
seen_of(const Beside *beside, guint i)
{
    return event_log_get(beside->seen, g_array_index(beside->seen_at, guint, i) - 1);
}

static gboolean
is_one_thing(const LogEvent *a, const LogEvent *b)
{
    return memcmp(a->digest, b->digest, SHA256_SIZE) == 0;
}

static void
stand_in(Match *match, const Beside *beside, guint i)
{
    match->stands_for[g_array_index(beside->seen_at, guint, i) - 1] = g_array_index(beside->expected_at, guint, i);
}

/* ---- PCR 4: shim, GRUB, kernel ---- */

static gboolean
images_match(Match *match, const Beside *beside)
{
    guint loaders = 0, kernels = 0, first = 0;
    for (guint i = 0; i < beside->expected_at->len; i++) {
        const LogEvent *event = expected_of(beside, i);
        const gboolean is_image = event->type == EV_EFI_BOOT_SERVICES_APPLICATION, has_path = event_image_has_path(event);
        if (is_image && !has_path && loaders == LOADERS) {
            first = kernels++ == 0 ? i : first;
            if (!is_one_thing(event, expected_of(beside, first)) || !is_one_thing(seen_of(beside, i), seen_of(beside, first)))
                return FALSE;
            stand_in(match, beside, i);
        } else if (kernels > 0 || (is_image && !has_path)) {
            return FALSE;
        } else {
            loaders += is_image;
        }
    }
    return kernels > 0;
}

/* ---- PCR 8: commands ---- */

static gboolean
is_version(const char *text)
{
    return *text && text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_+~")] == '\0';
}

/* "/boot/vmlinuz-6.1.0-56-amd64", "/boot/vmlinuz-6.1.0-57-amd64" */
static gboolean
is_other_version(const char *a, const char *b)
{
    const char *slash = strrchr(a, '/'), *dash = strchr(slash ? slash : a, '-');
    const gsize base = dash ? (gsize)(dash + 1 - a) : 0;
    return base > 0 && strncmp(a, b, base) == 0 && is_version(a + base) && is_version(b + base);
}

static char *
text_of(const LogEvent *event, const char **ret_prefix)
{
    const guint8 *text;
    gsize size;
    return event_grub_text(event, ret_prefix, &text, &size) ? g_strndup((const char *)text, size) : NULL;
}

/* Where the file's name begins; NULL: it is about none. */
static const char *
file_name_in(const char *prefix, const char *text)
{
    static const char *const commands[] = { "linux ", "linuxefi ", "initrd ", "initrdefi " };
    if (strcmp(prefix, GRUB_KERNEL_LINE) == 0)
        return text;
    for (guint i = 0; strcmp(prefix, GRUB_COMMAND) == 0 && i < G_N_ELEMENTS(commands); i++) {
        if (g_str_has_prefix(text, commands[i]))
            return text + strlen(commands[i]);
    }
    return NULL;
}

/* The same but for the version of the file that is named first. */
static gboolean
names_other_version(const LogEvent *expected, const LogEvent *seen)
{
    const char *prefix, *seen_prefix;
    g_autofree char *text = text_of(expected, &prefix), *seen_text = text_of(seen, &seen_prefix);
    const char *name = text ? file_name_in(prefix, text) : NULL;
    if (!name || !seen_text || strcmp(prefix, seen_prefix) != 0 || strncmp(text, seen_text, (gsize)(name - text)) != 0)
        return FALSE;
    const char *seen_name = seen_text + (name - text);
    const gsize length = strcspn(name, " "), seen_length = strcspn(seen_name, " ");
    g_autofree char *path = g_strndup(name, length), *seen_path = g_strndup(seen_name, seen_length);
    return strcmp(name + length, seen_name + seen_length) == 0 && is_other_version(path, seen_path);
}

static char *
kernel_in(const LogEvent *event)
{
    const char *prefix;
    g_autofree char *text = text_of(event, &prefix);
    return text && strcmp(prefix, GRUB_KERNEL_LINE) == 0 ? g_strndup(text, strcspn(text, " ")) : NULL;
}

static gboolean
commands_match(Match *match, const Beside *beside)
{
    for (guint i = 0; i < beside->expected_at->len; i++) {
        const LogEvent *expected = expected_of(beside, i), *seen = seen_of(beside, i);
        g_autofree char *kernel = kernel_in(expected);
        if (names_other_version(expected, seen))
            stand_in(match, beside, i);
        if (!kernel)
            continue;
        if (match->kernel)
            return FALSE;
        match->kernel = g_steal_pointer(&kernel);
        match->seen_kernel = kernel_in(seen);
    }
    return match->kernel && match->seen_kernel;
}

/* ---- PCR 9: files ---- */

static const char *
without_device(const char *path)
{
    const char *end = *path == '(' ? strchr(path, ')') : NULL;
    return end ? end + 1 : path;
}

/* "(hd0,gpt1)/vmlinuz" is "/vmlinuz", where one of them says no device. */
static gboolean
is_file(const LogEvent *event, const char *path)
{
    g_autofree char *label = label_of(event);
    const gboolean both = *label == '(' && *path == '(';
    return both ? strcmp(label, path) == 0 : strcmp(without_device(label), without_device(path)) == 0;
}

static gboolean
files_match(Match *match, const Beside *beside)
{
    guint reads = 0, first = 0;
    for (guint i = 0; i < beside->expected_at->len; i++) {
        const LogEvent *expected = expected_of(beside, i), *seen = seen_of(beside, i);
        if (!is_file(expected, match->kernel))
            continue;
        first = reads++ == 0 ? i : first;
        if (!is_file(seen, match->seen_kernel) || !is_one_thing(expected, expected_of(beside, first)) ||
            !is_one_thing(seen, seen_of(beside, first)))
            return FALSE;
        stand_in(match, beside, i);
        match->read_last = g_array_index(beside->seen_at, guint, i);
    }
    return reads > 0;
}

/* ---- together ---- */

static gboolean
match_find(Match *match, const EventLog *reference, const EventLog *seen)
{
    g_auto(Beside) images = { 0 };
    g_auto(Beside) commands = { 0 };
    g_auto(Beside) files = { 0 };
    match->stands_for = g_new0(guint, event_log_length(seen) + 1);
    return beside_begin(&images, reference, seen, 4) && images_match(match, &images) &&
           beside_begin(&commands, reference, seen, 8) && commands_match(match, &commands) &&
           beside_begin(&files, reference, seen, 9) && files_match(match, &files);
}

/* Nothing else differs than what cannot have had a part in it. ret_any: something is accepted. */
static gboolean
is_proven(const GPtrArray *differences, const Match *match, gboolean *ret_any)
{
    *ret_any = FALSE;
    for (guint i = 0; i < differences->len; i++) {
        const Difference *difference = g_ptr_array_index(differences, i);
        *ret_any = *ret_any || difference->accepted;
        if (!difference->accepted && difference->pcr != 0 && !(difference->pcr == 9 && difference->event >= match->read_last))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *
vendor_signed_compare(const EventLog *reference, const EventLog *seen, guint32 mask, char **ret_signer)
{
    g_auto(Match) match = { 0 };
    gboolean any;
    g_autoptr(GPtrArray) exact = events_compare(reference, seen, mask, /* stands_for= */ NULL);
    *ret_signer = NULL;
    g_autofree char *signer = exact->len > 0 ? shim_signer(reference) : NULL;
    if (!signer || !match_find(&match, reference, seen))
        return g_steal_pointer(&exact);
    g_autoptr(GPtrArray) found = events_compare(reference, seen, mask, match.stands_for);
    if (!is_proven(found, &match, &any) || !any)
        return g_steal_pointer(&exact);
    *ret_signer = g_steal_pointer(&signer);
    return g_steal_pointer(&found);
}
