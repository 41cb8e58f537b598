#include "cli/client_error.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

GError *
client_error_of(const json_t *object, int status)
{
    const char *code_text = json_member_text(object, "code"), *message = json_member_text(object, "message");
    const json_t *details = json_member(object, "details");
    GError *error = NULL;
    ArmCode code;

    if (!message)
        message = "The daemon gave no reason.";
    if (code_text && arm_code_from_text(code_text, &code))
        arm_fail(&error, code, json_member_text(object, "target"), "%s", message);
    else
        arm_fail(&error, ARM_BAD_REQUEST, json_member_text(object, "target"), "%s (%s, HTTP status %d)", message,
                 code_text ? code_text : "no code", status);
    if (json_array_size(details) == 0)
        return error;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    for (size_t i = 0; i < json_array_size(details); i++)
        g_ptr_array_add(all, client_error_of(json_array_get(details, i), status));
    const GError *first = g_ptr_array_index(all, 0);
    if (strcmp(first->message, error->message) != 0)
        g_ptr_array_insert(all, 0, g_error_copy(error));
    GError *joined = NULL;
    arm_set_error_from_violations(&joined, all);
    g_error_free(error);
    return joined;
}

const char *
client_socket_problem(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path)
        return "the path of a Unix socket has at most 107 bytes";
    strcpy(address.sun_path, path);
    AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return NULL;
    switch (errno) {
    case ENOENT:
        return "it does not exist. Start testudod, or name the state folder of the one that runs "
               "by --state-dir or TESTUDO_STATE_DIR";
    case ECONNREFUSED:
        return "nobody listens there. Start testudod with this state folder";
    case EACCES:
        return "it belongs to another user. Use the daemon's user, or its HTTPS address and token "
               "(--server, --token-file)";
    default:
        return g_strerror(errno);
    }
}
