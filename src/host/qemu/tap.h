/* host/qemu/tap.h: a VM's port on the operator's bridge. */
#pragma once

#include <glib.h>

/* A new tap device, up and on the bridge; it goes when the descriptor's last holder does. As root it is made here; else QEMU's
 * own qemu-bridge-helper is asked, for bridges that its bridge.conf allows. QEMU is given the descriptor alone, and needs no
 * right to make one. -1 sets *error. */
int tap_open(const char *bridge, GError **error);

/* IPv4 prefix of the host's own address on it, such as "192.168.122.0/24"; NULL: it has none. Newly allocated. */
char *bridge_network(const char *bridge);
