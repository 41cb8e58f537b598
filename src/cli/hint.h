/* cli/hint.h: the command that does what a sentence of the daemon's names as a request. The daemon speaks to all its clients,
 * most of which send requests; this one types commands. Pure. */
#pragma once

/* "testudo vmss revisions", for a scale set that -g and -n are to name; NULL where the sentence names no request. */
const char *hint_command(const char *sentence);
