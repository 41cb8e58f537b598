/* tests/world/door.h: the way between a control plane that may be killed and VMs that live on. A dead one's calls reach no
 * VM, and what VMs say reaches no dead one. */
#pragma once

#include "world.h"

Host *door_new(World *world);
void door_event(const HostEvent *event, void *world);
/* The control plane that asked is gone: its questions to guests come back to it unanswered, so that they are freed. */
void door_orphans_return(World *world);
/* One step of the control plane is done: the one that it is to die at kills it. */
void door_step(World *world);
