/* cli/ca.h: who certifies on the daemon's host, for what is verified here. */
#pragma once

#include "cli/cli.h"

/* PEM, as record_verify() and identity_check() take them: the daemon's chain, and what its CAs revoked. NULL sets *error. */
GBytes *ca_chain_ask(Cli *cli, GError **error);
GBytes *ca_crls_ask(Cli *cli, GError **error);
