/* What Secure Boot would refuse of this guest. */
#include "base/guest_wire.h"
#include "guest/assess.h"
#include "guest/inspect.h"
#include "guest/text.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PE_HEAD     4096u
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static void
tell_boot(Assess *assess)
{
    uint8_t value[5];
    const ssize_t n = assess_read(assess, SECURE_BOOT, "", (char *)value, sizeof value);
    const char *state = n == sizeof value                              ? (value[4] ? "on" : "off")
                        : assess_is_there(assess, "/sys/firmware/efi") ? "unseen"
                                                                       : "none";
    assess_tell(assess, WIRE_SECURE_BOOT, state, NULL);
    assess_tell(assess, WIRE_TPM, assess_is_there(assess, "/sys/class/tpm/tpm0") ? "yes" : "no", NULL);
    assess_tell(assess, WIRE_MODULE_SIGNATURES,
                assess_is_there(assess, "/sys/module/module/parameters/sig_enforce") ? "checked" : "unchecked", NULL);
}

/* Of the kernel that runs. */
static char release[ASSESS_FIELD];

static const char *
program_state(const Assess *assess, const char *dir, const char *name)
{
    char head[PE_HEAD];
    const ssize_t n = assess_read(assess, dir, name, head, sizeof head);
    const bool *is_signed = n > 0 ? pe_is_signed(head, (size_t)n) : NULL;
    return !is_signed ? WIRE_UNSEEN : *is_signed ? WIRE_SIGNED : WIRE_UNSIGNED;
}

static void
tell_kernel(Assess *assess)
{
    const ssize_t n = assess_read(assess, "/proc/sys/kernel/osrelease", "", release, ASSESS_FIELD - 1);
    release[n > 0 ? n : 0] = '\0';
    release[strcspn(release, "\n/")] = '\0';
    assess_tell(assess, WIRE_KERNEL, release, program_state(assess, "/boot/vmlinuz-", release), NULL);
}

static const char *
file_state(const Assess *assess, const char *path, size_t length)
{
    char name[ASSESS_PATH], dir[ASSESS_PATH], tail[sizeof MODULE_TRAILER];
    Text text = TEXT_IN(dir);
    if (length >= sizeof name || length < 3 || memcmp(path + length - 3, ".ko", 3) != 0)
        return WIRE_UNSEEN; /* a compressed one has its signature inside */
    memcpy(name, path, length);
    name[length] = '\0';
    if (*path != '/')
        text_add_all(&text, "/lib/modules/", release, "/", NULL);
    const int fd = assess_open(assess, dir, name, "");
    if (fd < 0)
        return WIRE_UNSEEN;
    const size_t want = strlen(MODULE_TRAILER);
    const bool whole = lseek(fd, -(off_t)want, SEEK_END) >= 0 && assess_take(fd, tail, want) == want;
    close(fd);
    return whole && module_is_signed(tail, want) ? WIRE_SIGNED : WIRE_UNSIGNED;
}

/* By modules.dep: "kernel/net/nf_nat.ko: kernel/…", a line each. */
static const char *
module_state(const Assess *assess, const char *name)
{
    const char *state = WIRE_UNSEEN;
    struct stat st;
    const int fd = assess_open(assess, "/lib/modules/", release, "/modules.dep");
    const size_t size = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
    char *map = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED)
        return state;
    for (const char *at = map, *end = map + size, *colon; (colon = memchr(at, ':', (size_t)(end - at)));) {
        if (module_is_file(name, at, (size_t)(colon - at))) {
            state = file_state(assess, at, (size_t)(colon - at));
            break;
        }
        const char *next = memchr(colon, '\n', (size_t)(end - colon));
        if (!next)
            break;
        at = next + 1;
    }
    munmap(map, size);
    return state;
}

/* "nvidia 1234 0 - Live 0x0 (POE)": what stands in brackets is why the kernel is tainted by it. */
static void
tell_modules(Assess *assess)
{
    const ssize_t n = assess_read(assess, "/proc/modules", "", assess->buffer, sizeof assess->buffer - 1);
    if (n < 0 || n == sizeof assess->buffer - 1)
        assess_tell(assess, WIRE_UNSEEN, "modules", "/proc/modules", NULL);
    assess->buffer[n > 0 ? n : 0] = '\0';
    for (char *line = assess->buffer, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        char *taints = strchr(line, '(');
        line[strcspn(line, " ")] = '\0';
        if (!taints)
            continue;
        taints[strcspn(taints, ")")] = '\0';
        assess_tell(assess, WIRE_MODULE, line, taints + 1, module_state(assess, line), NULL);
    }
}

static bool
is_efi(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcasecmp(name + length - 4, ".efi") == 0;
}

static void
tell_loaders_in(Assess *assess, const char *esp, const char *vendor)
{
    char dir[ASSESS_PATH], shown[ASSESS_PATH];
    Text text = TEXT_IN(dir);
    text_add_all(&text, esp, vendor, "/", NULL);
    Names files;
    if (text.full)
        return;
    names_open(assess, dir, &files);
    for (const char *name; (name = names_next(&files));) {
        Text path = TEXT_IN(shown);
        text_add_all(&path, dir, name, NULL);
        if (is_efi(name))
            assess_tell(assess, WIRE_LOADER, shown, program_state(assess, dir, name), NULL);
    }
}

static void
tell_loaders(Assess *assess)
{
    static const char *const partitions[] = { "/boot/efi/EFI/", "/efi/EFI/", "/boot/EFI/" };
    bool any = false;
    for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++) {
        Names vendors;
        any = names_open(assess, partitions[i], &vendors) || any;
        for (const char *vendor; (vendor = names_next(&vendors));)
            tell_loaders_in(assess, partitions[i], vendor);
    }
    if (!any)
        assess_tell(assess, WIRE_UNSEEN, "loaders", "/boot/efi", NULL);
}

void
assess_boot(Assess *assess)
{
    tell_boot(assess);
    tell_kernel(assess);
    tell_loaders(assess);
    tell_modules(assess);
}
