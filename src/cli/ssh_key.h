/* cli/ssh_key.h: the user's own SSH key. */
#pragma once

#include <glib.h>

/* The public key in ~/.ssh, made by ssh-keygen where there is none; newly allocated, NULL sets
 * *error. */
char *ssh_key_own(GError **error);
