#include "cli/input.h"

#include "base/file.h"

char *
input_read(const char *path, const char *named_by, gsize max, gsize *ret_length, GError **error)
{
    g_autoptr(GError) problem = NULL;
    char *text = file_read(path, max, ret_length, &problem);
    if (!text)
        arm_fail(error, ARM_INVALID_PARAMETER, named_by, "%s: %s.", named_by, problem->message);
    return text;
}
