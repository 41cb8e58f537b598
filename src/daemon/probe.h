/* daemon/probe.h: the bridge by which the API asks running VMs: each question hops to the engine's thread, where the host's
 * driver lives, and is answered from there. */
#pragma once

#include "api/api.h"
#include "engine/engine.h"
#include "host/authority.h"

typedef struct Probe Probe;

/* Everything is borrowed and outlives the probe. */
Probe *probe_new(Host *host, Engine *engine, Authority *authority, GMainContext *context, const char *state_dir);
void probe_free(Probe *probe);
const ApiProbe *probe_table(Probe *probe);
