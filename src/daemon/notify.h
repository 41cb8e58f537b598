/* daemon/notify.h: tells the service manager how we are (sd_notify(3) protocol, "READY=1"); nothing happens without one. */
#pragma once

void notify_service_manager(const char *state);
