/* host/image_components.h: what an image boots, computed from its file. Blocking; any thread.
 * The parts of it that are read are copied out by qemu-img, in an unprivileged process with limits; partition table and file
 * systems are read by host/gpt.h and host/fat.h. Read are EFI system partitions; every other one counts as not read. */
#pragma once

#include "attest/components.h"
#include "model/image.h"

/* info: of an image that was imported. */
Components *image_components(const char *state_dir, const ImageInfo *info, GError **error);

BootChain image_boot_chain(const Components *components);
