#include "host/qemu/tap.h"

#include "base/error.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define TAP_NAMES "testudo%d"

static int
tap_fail(const char *bridge, const char *what, GError **error)
{
    arm_fail(error, ARM_VM_START_FAILED, NULL, "No port on the bridge '%s' (%s): %s.", bridge, what, g_strerror(errno));
    return -1;
}

static int
tap_make(const char *bridge, GError **error)
{
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
    int index = (int)if_nametoindex(bridge);
    if (index == 0)
        return tap_fail(bridge, "--bridge", error);
    AUTO_FD tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    g_strlcpy(request.ifr_name, TAP_NAMES, sizeof request.ifr_name);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0)
        return tap_fail(bridge, "making a tap device", error);

    AUTO_FD control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq port = { .ifr_ifindex = (int)if_nametoindex(request.ifr_name) };
    g_strlcpy(port.ifr_name, bridge, sizeof port.ifr_name);
    if (control < 0 || ioctl(control, SIOCBRADDIF, &port) != 0)
        return tap_fail(bridge, "adding a tap device", error);
    if (ioctl(control, SIOCGIFFLAGS, &request) != 0)
        return tap_fail(bridge, "reading a tap device's flags", error);
    request.ifr_flags |= IFF_UP;
    if (ioctl(control, SIOCSIFFLAGS, &request) != 0)
        return tap_fail(bridge, "bringing a tap device up", error);
    return fd_steal(&tap);
}

/* ---- not as root ---- */

static char *
helper_find(void)
{
    static const char *const places[] = { "/usr/lib/qemu/qemu-bridge-helper", "/usr/libexec/qemu-bridge-helper",
                                          "/usr/local/libexec/qemu-bridge-helper" };
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        if (g_file_test(places[i], G_FILE_TEST_IS_EXECUTABLE))
            return g_strdup(places[i]);
    }
    return g_find_program_in_path("qemu-bridge-helper");
}

/* The helper sends the descriptor over the socket that it was started with, and ends. */
static int
descriptor_receive(int socket_fd)
{
    char byte;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec part = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    int fd = -1;
    if (recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC) < 0)
        return -1;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

static int
helper_ask(const char *bridge, GError **error)
{
    int pair[2];
    g_autofree char *helper = helper_find();
    if (!helper) {
        arm_fail(error, ARM_VM_START_FAILED, NULL,
                 "No port on the bridge '%s': only root can make one, and qemu-bridge-helper is not "
                 "installed.",
                 bridge);
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return tap_fail(bridge, "making a socket pair", error);
    AUTO_FD ours = pair[0];
    g_autofree char *bridge_arg = g_strdup_printf("--br=%s", bridge);
    const char *const argv[] = { helper, "--use-vnet", "--fd=3", bridge_arg, NULL };
    g_autoptr(GError) problem = NULL;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_subprocess_launcher_take_fd(launcher, pair[1], 3);
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, &problem);
    g_subprocess_launcher_close(launcher);
    g_autofree char *words = NULL;
    if (process)
        g_subprocess_communicate_utf8(process, NULL, NULL, NULL, &words, &problem);
    int fd = process && g_subprocess_get_successful(process) ? descriptor_receive(ours) : -1;
    if (fd < 0)
        arm_fail(error, ARM_VM_START_FAILED, NULL, "No port on the bridge '%s': %s: %s", bridge, helper,
                 problem           ? problem->message
                 : words && *words ? g_strchomp(words)
                                   : "it gave no descriptor");
    return fd;
}

int
tap_open(const char *bridge, GError **error)
{
    return geteuid() == 0 ? tap_make(bridge, error) : helper_ask(bridge, error);
}

/* ---- its network ---- */

static char *
prefix_of(const struct sockaddr_in *address, const struct sockaddr_in *mask)
{
    char text[INET_ADDRSTRLEN];
    const struct in_addr network = { address->sin_addr.s_addr & mask->sin_addr.s_addr };
    inet_ntop(AF_INET, &network, text, sizeof text);
    return g_strdup_printf("%s/%d", text, __builtin_popcount(mask->sin_addr.s_addr));
}

char *
bridge_network(const char *bridge)
{
    struct ifaddrs *all = NULL;
    char *prefix = NULL;
    if (getifaddrs(&all) != 0)
        return NULL;
    for (const struct ifaddrs *one = all; one && !prefix; one = one->ifa_next) {
        if (strcmp(one->ifa_name, bridge) == 0 && one->ifa_addr && one->ifa_addr->sa_family == AF_INET && one->ifa_netmask)
            prefix = prefix_of((const struct sockaddr_in *)(const void *)one->ifa_addr,
                               (const struct sockaddr_in *)(const void *)one->ifa_netmask);
    }
    freeifaddrs(all);
    return prefix;
}
