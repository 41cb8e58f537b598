/* Microsoft.Compute/virtualMachines: the instances of Flexible scale sets under an address of their own. What is asked of one
 * is done by the instance's own route: the address is rewritten, and the request routed again. */
#include "api/lock_out.h"
#include "api/machine_list.h"
#include "api/page.h"
#include "api/place.h"

#include <string.h>

#define PATH_MACHINES "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines"
#define PATH_MACHINE  PATH_MACHINES "/{machine}"
#define COMPUTE       "/subscriptions/{subscription}/providers/Microsoft.Compute"
enum { PARAM_MACHINE = 2 };
/* Where the resource's type is among the segments of its address; its name follows. */
enum { SEGMENT_TYPE = 6, SEGMENT_NAME, SEGMENT_REST };

/* Which instance of which set has this name. NULL in *ret_set: none. Uniform sets have no such resources. */
static gboolean
owner_find(Call *call, StoreSet **ret_set, guint *ret_instance, GError **error)
{
    const char *name = call->params[PARAM_MACHINE];
    g_autofree char *set_name = NULL;
    GError *lookup = NULL;
    *ret_set = NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) group = tx ? call_group(tx, call->params[PARAM_GROUP], error) : NULL;
    if (!group)
        return FALSE;
    if (!resource_machine_parse(name, &set_name, ret_instance))
        return TRUE;
    g_autoptr(StoreSet) set = store_set_get(tx, group->name, set_name, &lookup);
    g_autoptr(StoreInstance) instance = set && set->flexible ? store_instance_get(tx, set->id, *ret_instance, &lookup) : NULL;
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (instance)
        *ret_set = g_steal_pointer(&set);
    return TRUE;
}

static char **
instance_segments(char **segments, const StoreSet *set, guint instance)
{
    GStrvBuilder *builder = g_strv_builder_new();
    g_autofree char *id = g_strdup_printf("%u", instance);
    for (guint i = 0; i < SEGMENT_TYPE; i++)
        g_strv_builder_add(builder, segments[i]);
    g_strv_builder_add_many(builder, "virtualMachineScaleSets", set->name, "virtualMachines", id, NULL);
    g_strv_builder_addv(builder, (const char **)&segments[SEGMENT_REST]);
    char **made = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return made;
}

static gboolean
not_found(const Call *call, GError **error)
{
    return arm_fail(error, ARM_RESOURCE_NOT_FOUND, NULL,
                    "The Resource 'Microsoft.Compute/virtualMachines/%.100s' under resource group '%.100s' was not found. VMs "
                    "are the instances of scale sets with orchestration mode 'Flexible', named SET_ID; those of Uniform sets "
                    "are at virtualMachineScaleSets/SET/virtualMachines/ID.",
                    call->params[PARAM_MACHINE], call->params[PARAM_GROUP]);
}

/* Found: the instance's route answers. Not found: the answer that `absent` gives, or a 404. */
static ApiResponse *
forward(Call *call, ApiResponse *(*absent)(Call *call, GError **error), GError **error)
{
    guint instance = 0;
    g_autoptr(StoreSet) set = NULL;
    if (!owner_find(call, &set, &instance, error))
        return NULL;
    if (!set && absent)
        return absent(call, error);
    if (!set) {
        not_found(call, error);
        return NULL;
    }
    char **segments = instance_segments(call->target.segments, set, instance);
    g_strfreev(call->target.segments);
    call->target.segments = segments;
    call->as_machine = TRUE;
    return call_route(call, error);
}

static ApiResponse *
machine_any(Call *call, GError **error)
{
    return forward(call, NULL, error);
}

static ApiResponse *
absent_deleted(Call *call, GError **error)
{
    (void)call;
    (void)error;
    return respond_empty(204);
}

static ApiResponse *
machine_delete(Call *call, GError **error)
{
    return forward(call, absent_deleted, error);
}

static ApiResponse *
absent_created(Call *call, GError **error)
{
    arm_fail(error, ARM_BAD_REQUEST, NULL,
             "The VM '%.100s' cannot be created: there are no single VMs here, only scale sets. A scale set with "
             "orchestrationMode 'Flexible' makes VMs; raise its sku.capacity for one more.",
             call->params[PARAM_MACHINE]);
    return NULL;
}

static ApiResponse *
machine_put(Call *call, GError **error)
{
    return forward(call, absent_created, error);
}

/* ---- lists ---- */

static ApiResponse *
list_by_group(Call *call, GError **error)
{
    return machine_list_respond(call, call->params[PARAM_GROUP], error);
}

static ApiResponse *
list_all(Call *call, GError **error)
{
    return machine_list_respond(call, /* group= */ NULL, error);
}

#define EXPAND     "$expand=instanceView,userData,resiliencyView"
#define LIST_QUERY "$filter $expand=instanceView statusOnly=false " PAGE_QUERY

const Route routes_machines[] = {
    { "GET", PATH_MACHINES, list_by_group, 0, LIST_QUERY },
    { "GET", COMPUTE "/virtualMachines", list_all, 0, LIST_QUERY },
    { "GET", COMPUTE "/locations/{location}/virtualMachines", list_all, 0, LIST_QUERY },
    { "GET", PATH_MACHINE, machine_any, 0, EXPAND },
    { "PUT", PATH_MACHINE, machine_put, ROUTE_BODY, NO_QUERY },
    { "PATCH", PATH_MACHINE, machine_any, ROUTE_BODY, NO_QUERY },
    { "DELETE", PATH_MACHINE, machine_delete, 0, "forceDeletion=true,false" },
    { "GET", PATH_MACHINE "/instanceView", machine_any, 0, NO_QUERY },
    { "POST", PATH_MACHINE "/start", machine_any, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_MACHINE "/powerOff", machine_any, ROUTE_OPTIONAL_BODY, "skipShutdown=true,false" },
    { "POST", PATH_MACHINE "/restart", machine_any, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_MACHINE "/deallocate", machine_any, ROUTE_OPTIONAL_BODY, "hibernate=false" },
    { "POST", PATH_MACHINE "/reimage", machine_any, ROUTE_OPTIONAL_BODY, ACKNOWLEDGE },
    { "POST", PATH_MACHINE "/redeploy", machine_any, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_MACHINE "/retrieveBootDiagnosticsData", machine_any, 0, "sasUriExpirationTimeInMinutes" },
    { "POST", PATH_MACHINE "/runCommand", machine_any, ROUTE_BODY, NO_QUERY },
    { "GET", PATH_MACHINE "/providers/Microsoft.Security/assessments", machine_any, 0, NO_QUERY },
    { "GET", PATH_MACHINE "/providers/Microsoft.Security/assessments/{assessment}", machine_any, 0, NO_QUERY },
    { "GET", PATH_MACHINE "/providers/Microsoft.ResourceHealth/availabilityStatuses/current", machine_any, 0,
      "$expand=recommendedactions" },
    { "POST", PATH_MACHINE "/release", machine_any, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_MACHINE "/connectionInfo", machine_any, 0, NO_QUERY },
    { "POST", PATH_MACHINE "/assess", machine_any, 0, NO_QUERY },
    { 0 },
};
