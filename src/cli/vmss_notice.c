/* Guests that have notice of their end: who waits for a deletion waits for them. */
#include "cli/vmss.h"

#include <string.h>

/* NULL where it has none. Borrowed. */
static const json_t *
notice_of(const json_t *view)
{
    size_t i;
    const json_t *status;
    json_array_foreach(json_object_get(view, "statuses"), i, status)
    {
        if (g_strcmp0(json_member_text(status, "code"), "ScheduledEvent/Terminate") == 0)
            return status;
    }
    return NULL;
}

/* "12:30:05", as clocks here show it; newly allocated. */
static char *
clock_text(const char *utc)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(utc, zone), here = time ? g_date_time_to_local(time) : NULL;
    return here ? g_date_time_format(here, "%H:%M:%S") : g_strdup(utc);
}

static char *
one_text(const char *clock)
{
    return g_strdup_printf("the guest has notice until %s", clock);
}

char *
vmss_notice_so_far(Cli *cli)
{
    g_autofree char *path = cli_set_path(cli, "/virtualMachines?$expand=instanceView");
    g_autoptr(json_t) instances = client_list(cli->client, path, NULL);
    const char *last = NULL;
    guint guests = 0;
    size_t i;
    const json_t *instance;
    json_array_foreach(instances, i, instance)
    {
        const char *until = json_member_text(notice_of(json_path(instance, "properties.instanceView")), "time");
        if (!until)
            continue;
        guests++;
        if (!last || strcmp(until, last) > 0)
            last = until;
    }
    if (guests == 0)
        return NULL;
    g_autofree char *clock = clock_text(last);
    return guests == 1 ? one_text(clock) : g_strdup_printf("%u guests have notice, the last of them until %s", guests, clock);
}

char *
vm_notice_so_far(Cli *cli)
{
    g_autofree char *path = vm_path(cli, "/instanceView");
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", path, NULL, &reply, NULL))
        return NULL;
    const char *until = json_member_text(notice_of(reply.body), "time");
    g_autofree char *clock = until ? clock_text(until) : NULL;
    return clock ? one_text(clock) : NULL;
}

void
vmss_view_reason_add(json_t *view)
{
    json_t *health = json_path(view, "vmHealth.status");
    const json_t *notice = notice_of(view);
    if (health && notice && !json_member_text(health, "message"))
        json_set_text(health, "message", json_member_text(notice, "message"));
}
