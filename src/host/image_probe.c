#include "host/image_probe.h"

#include "base/error.h"

#include <string.h>

/* qcow2.txt, "Header": all numbers big-endian. */
#define QCOW2_MAGIC                  0x514649fbu
#define QCOW2_AT_VERSION             4
#define QCOW2_AT_BACKING             8
#define QCOW2_AT_CRYPT               32
#define QCOW2_AT_INCOMPATIBLE        72
#define QCOW2_V3_LENGTH              104
#define QCOW2_INCOMPATIBLE_DATA_FILE (1u << 2)
#define QCOW2_INCOMPATIBLE_KNOWN     0x1fu

/* VHD: "Hard Disk Footer Format". */
#define VHD_AT_TYPE 60
#define VHD_FIXED   2u
#define VHD_DYNAMIC 3u

static guint64
big_endian(const guint8 *bytes, gsize n)
{
    guint64 value = 0;
    for (gsize i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

static gboolean
refuse(GError **error, const char *format, const char *why)
{
    return arm_fail(error, ARM_INVALID_PARAMETER, "format", "The file is no %s image that is accepted: %s.", format, why);
}

static gboolean
qcow2_probe(const guint8 *head, gsize length, GError **error)
{
    if (length < QCOW2_V3_LENGTH || big_endian(head, 4) != QCOW2_MAGIC)
        return refuse(error, "qcow2", "it does not begin as one; name the format that it has");
    guint64 version = big_endian(head + QCOW2_AT_VERSION, 4);
    if (version != 2 && version != 3)
        return refuse(error, "qcow2", "its version is neither 2 nor 3");
    if (big_endian(head + QCOW2_AT_BACKING, 8) != 0)
        return refuse(error, "qcow2", "it has a backing file; flatten it first (qemu-img convert)");
    if (big_endian(head + QCOW2_AT_CRYPT, 4) != 0)
        return refuse(error, "qcow2", "it is encrypted");
    if (version == 2)
        return TRUE;
    guint64 incompatible = big_endian(head + QCOW2_AT_INCOMPATIBLE, 8);
    if (incompatible & QCOW2_INCOMPATIBLE_DATA_FILE)
        return refuse(error, "qcow2", "it has an external data file; flatten it first (qemu-img convert)");
    if (incompatible & ~(guint64)QCOW2_INCOMPATIBLE_KNOWN)
        return refuse(error, "qcow2", "it needs features that are not known");
    return TRUE;
}

static gboolean
vhd_probe(const guint8 *tail, gsize length, GError **error)
{
    if (length < 512 || memcmp(tail, "conectix", 8) != 0)
        return refuse(error, "VHD", "it has no footer; name the format that it has");
    guint64 type = big_endian(tail + VHD_AT_TYPE, 4);
    return type == VHD_FIXED || type == VHD_DYNAMIC ||
           refuse(error, "VHD", "it is a differencing disk, which stands on another file");
}

gboolean
image_probe(ImageFormat format, const guint8 *head, gsize head_length, const guint8 *tail, gsize tail_length, GError **error)
{
    switch (format) {
    case IMAGE_QCOW2:
        return qcow2_probe(head, head_length, error);
    case IMAGE_RAW:
        return head_length >= 512 || refuse(error, "raw", "it is shorter than a sector");
    case IMAGE_VHD:
        return vhd_probe(tail, tail_length, error);
    case IMAGE_VHDX:
        return (head_length >= 8 && memcmp(head, "vhdxfile", 8) == 0) ||
               refuse(error, "VHDX", "it does not begin as one; name the format that it has");
    case IMAGE_N_FORMATS:
        break;
    }
    g_assert_not_reached();
}
