/* What users were promised, kept from their requests and the answers to them. */
#include "sim.h"

#include <string.h>

void
sim_set_free(void *data)
{
    SimSet *set = data;
    g_free(set->name);
    g_free(set->uid);
    g_array_unref(set->models);
    g_ptr_array_unref(set->present);
    g_free(set);
}

void
sim_operation_free(void *data)
{
    SimOperation *operation = data;
    g_free(operation->id);
    g_free(operation->set);
    g_array_unref(operation->covers);
    g_free(operation);
}

SimSet *
sim_set_by_uid(Sim *sim, const char *uid)
{
    for (guint i = 0; i < sim->sets->len; i++) {
        SimSet *set = g_ptr_array_index(sim->sets, i);
        if (strcmp(set->uid, uid) == 0)
            return set;
    }
    return NULL;
}

SimSet *
sim_set_of_key(Sim *sim, const char *key, guint *ret_id)
{
    const char *dot = strrchr(key, '.');
    g_autofree char *uid = g_strndup(key, (gsize)(dot - key));
    *ret_id = (guint)g_ascii_strtoull(dot + 1, NULL, 10);
    return sim_set_by_uid(sim, uid);
}

const SimModel *
sim_model(const SimSet *set)
{
    return &g_array_index(set->models, SimModel, set->revision - 1);
}

SimInstance *
sim_instance(const SimSet *set, guint id)
{
    for (guint i = 0; i < set->present->len; i++) {
        SimInstance *instance = g_ptr_array_index(set->present, i);
        if (instance->id == id)
            return instance;
    }
    return NULL;
}

/* What a rolling upgrade has beyond the capacity for a while is its own; for who is replaced there is another. */
static gboolean
is_part(const SimInstance *instance)
{
    return !instance->leaving && !instance->surge && !instance->replaced;
}

guint
sim_staying(const SimSet *set)
{
    guint count = 0;
    for (guint i = 0; i < set->present->len; i++)
        count += is_part(g_ptr_array_index(set->present, i)) ? 1 : 0;
    return count;
}

SimSet *
promise_create(Sim *sim, const char *name, const char *uid, const SimModel *model)
{
    SimSet *set = g_new0(SimSet, 1);
    set->name = g_strdup(name);
    set->uid = g_strdup(uid);
    set->models = g_array_new(FALSE, FALSE, sizeof(SimModel));
    set->present = g_ptr_array_new_with_free_func(g_free);
    set->revision = 1;
    g_array_append_val(set->models, *model);
    g_ptr_array_add(sim->sets, set);
    promise_grow(sim, set, model->capacity);
    return set;
}

void
promise_grow(Sim *sim, SimSet *set, guint count)
{
    for (guint i = 0; i < count; i++) {
        SimInstance *instance = g_new0(SimInstance, 1);
        instance->id = set->next_id++;
        instance->power = POWER_RUNNING;
        instance->want = set->revision;
        g_ptr_array_add(set->present, instance);
        vm_of(sim, set, instance->id)->revision_max = set->revision;
    }
}

void
promise_model(Sim *sim, SimSet *set, guint revision, const SimModel *model)
{
    if (revision != set->revision + 1) {
        sim_break(sim, "an accepted change raises the revision by one", "set %s: %u after %u", set->name, revision,
                  set->revision);
        return;
    }
    set->revision = revision;
    g_array_append_val(set->models, *model);
}

SimOperation *
promise_operation(Sim *sim, const Answer *answer, OperationKind kind, const SimSet *set)
{
    const char *address = api_response_header(answer->response, "Azure-AsyncOperation");
    const char *at = address ? strstr(address, "/operations/") : NULL;
    if (!at)
        return NULL;
    at += strlen("/operations/");
    return operation_add(sim, g_strndup(at, strcspn(at, "?")), kind, set);
}

SimOperation *
operation_add(Sim *sim, char *id, OperationKind kind, const SimSet *set)
{
    SimOperation *operation = g_new0(SimOperation, 1);
    operation->id = id;
    operation->kind = kind;
    operation->set = g_strdup(set->uid);
    operation->revision = set->revision;
    operation->covers = g_array_new(FALSE, FALSE, sizeof(SimCover));
    operation->status = OPERATION_IN_PROGRESS;
    operation->asked_at = sim->steps;
    g_ptr_array_add(sim->operations, operation);
    return operation;
}

SimCover *
operation_cover(Sim *sim, SimOperation *operation, const SimSet *set, guint id)
{
    const Vm *vm = vm_of(sim, set, id);
    SimCover cover = { .id = id, .launches = vm->launches, .disk_gen = vm->last ? vm->last->disk_gen : 0 };
    g_array_append_val(operation->covers, cover);
    return &g_array_index(operation->covers, SimCover, operation->covers->len - 1);
}

gboolean
set_is_quiet(Sim *sim, const SimSet *set)
{
    for (guint i = 0; i < set->present->len; i++) {
        if (vm_of(sim, set, ((const SimInstance *)g_ptr_array_index(set->present, i))->id)->revived)
            return FALSE;
    }
    for (guint i = 0; i < sim->operations->len; i++) {
        const SimOperation *operation = g_ptr_array_index(sim->operations, i);
        if (operation->status == OPERATION_IN_PROGRESS && strcmp(operation->set, set->uid) == 0)
            return FALSE;
    }
    return TRUE;
}
