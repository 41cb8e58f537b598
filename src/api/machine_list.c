#include "api/machine_list.h"

#include "api/filter.h"
#include "api/instance_body.h"
#include "api/page.h"
#include "api/set_body.h"

#include <string.h>

typedef struct {
    const StoreSet *set;
    guint id;
    guint64 etag;
} Entry;

/* The sets whose instances are listed, and these. */
typedef struct {
    GPtrArray *sets;     /* of StoreSet */
    GArray *entries;     /* of Entry, in the order of their tokens */
    const StoreSet *set; /* whose entries are being added */
} Listing;

static void
listing_clear(Listing *listing)
{
    g_clear_pointer(&listing->sets, g_ptr_array_unref);
    g_clear_pointer(&listing->entries, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listing, listing_clear)

char *
machine_token(const StoreSet *set, guint instance)
{
    g_autofree char *of_set = set_token_of(set);
    return g_strdup_printf("%s %010u", of_set, instance);
}

static char *
entry_token(const void *data, guint index)
{
    const Entry *entry = &g_array_index((GArray *)data, Entry, index);
    return machine_token(entry->set, entry->id);
}

static void
entry_add(guint id, guint64 etag, void *data)
{
    Listing *listing = data;
    Entry entry = { listing->set, id, etag };
    g_array_append_val(listing->entries, entry);
}

/* wanted: the id of the one set that is asked for, or NULL. */
static gboolean
listing_load(Listing *listing, const Call *call, StoreTx *tx, const char *group, const char *wanted, GError **error)
{
    listing->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    listing->sets = store_set_list(tx, group, error);
    for (guint i = 0; listing->sets && i < listing->sets->len; i++) {
        const StoreSet *set = listing->set = g_ptr_array_index(listing->sets, i);
        g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
        if (set->flexible && filter_matches(wanted, id) && !store_instance_etags(tx, set->id, entry_add, listing, error))
            return FALSE;
    }
    return listing->sets != NULL;
}

static GBytes *
entry_body(Call *call, StoreTx *tx, const Entry *entry, gboolean view, GError **error)
{
    GBytes *known = instance_body_known(call, entry->set, entry->id, entry->etag, view);
    if (known)
        return known;
    g_autoptr(StoreInstance) instance = store_instance_get(tx, entry->set->id, entry->id, error);
    return instance ? instance_body(call, tx, entry->set, instance, view, error) : NULL;
}

ApiResponse *
machine_list_respond(Call *call, const char *group, GError **error)
{
    static const char *const fields[] = { "virtualMachineScaleSet/id", NULL };
    g_auto(Filter) filter = { 0 };
    g_auto(Listing) listing = { 0 };
    g_auto(Page) page = { 0 };
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) known = tx && group ? call_group(tx, group, error) : NULL;
    if (!tx || (group && !known) || !filter_parse(call_query(call, "$filter"), fields, &filter, error) ||
        !listing_load(&listing, call, tx, group, filter.values[0], error) ||
        !page_read(call, &(PageItems){ listing.entries->len, entry_token, listing.entries }, &page, error))
        return NULL;
    call->as_machine = TRUE;
    for (guint i = page.first; i < page.first + page.count; i++) {
        GBytes *body =
            entry_body(call, tx, &g_array_index(listing.entries, Entry, i), call_query(call, "$expand") != NULL, error);
        if (!body)
            return NULL;
        g_ptr_array_add(bodies, body);
    }
    return page_respond(call, bodies, &page);
}
