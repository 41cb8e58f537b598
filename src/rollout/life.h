/* rollout/life.h: an instance's life as one table of states and events. Pure. */
#pragma once

#include "model/instance.h"

typedef enum {
    LIFE_LAUNCH,           /* the engine begins to start it */
    LIFE_STARTED,          /* QEMU runs, and a guest agent's answer is to come */
    LIFE_STARTED_NO_AGENT, /* QEMU runs, and the image has no guest agent: that is all there is to see */
    LIFE_START_FAILED,
    LIFE_AGENT,   /* the guest agent answered */
    LIFE_REFUSED, /* Secure Boot refused the boot */
    LIFE_STOP,    /* the engine begins to stop it */
    LIFE_EXITED,  /* the process ended as asked, or the guest powered itself off */
    LIFE_DIED,    /* the process ended, and nobody had asked */
    LIFE_TIMEOUT,
    LIFE_DESTROY, /* the engine begins to remove it */
    LIFE_N_EVENTS
} LifeEvent;

const char *life_event_text(LifeEvent event);

/* The state after the event; an event that means nothing in a state leaves it as it is. `power` decides between stopped and
 * deallocated. */
InstanceState life_next(InstanceState state, LifeEvent event, DesiredPower power);
