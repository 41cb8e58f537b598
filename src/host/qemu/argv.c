#include "host/qemu/argv.h"

#include "base/error.h"
#include "base/guest_wire.h"
#include "host/qemu/folder.h"
#include "host/qemu/token_port.h"
#include "host/qemu/vtpm_key.h"

#include <stdarg.h>
#include <string.h>

/* Slots on pcie.0: part of what is measured (Boot0001's device path), so they never move. */
#define SLOT_VGA        "0x1"
#define SLOT_NET        "0x2"
#define SLOT_SERIAL     "0x3"
#define SLOT_OS_DISK    "0x4"
#define SLOT_SEED       "0x5"
#define SLOT_RNG        "0x6"
#define SLOT_DATA_DISKS "0x7"

#define SANDBOX       "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
#define PFLASH_SECURE "driver=cfi.pflash01,property=secure,value=on"

typedef struct {
    GPtrArray *items;
    const LaunchSpec *spec;
    const ArgvContext *context;
} Line;

static void
add(Line *line, const char *item)
{
    g_ptr_array_add(line->items, g_strdup(item));
}

G_GNUC_PRINTF(3, 4)
static void
option(Line *line, const char *name, const char *format, ...)
{
    va_list args;
    add(line, name);
    va_start(args, format);
    g_ptr_array_add(line->items, g_strdup_vprintf(format, args));
    va_end(args);
}

/* In QEMU's option syntax a comma in a value is written twice. */
static char *
escaped(const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    return g_strjoinv(",,", parts);
}

static char *
file_in(const Line *line, const char *name)
{
    g_autofree char *path = folder_file(line->context->folder, name);
    return escaped(path);
}

static void
machine_add(Line *line)
{
    const LaunchSpec *spec = line->spec;
    gboolean uefi = spec->generation == 2;
    option(line, "-machine", "q35,accel=%s,smm=%s,usb=off,vmport=off,dump-guest-core=off%s", line->context->accelerator,
           spec->trusted_launch ? "on" : "off", uefi ? ",pflash0=code,pflash1=vars" : "");
    if (spec->trusted_launch)
        option(line, "-global", "%s", PFLASH_SECURE);
    option(line, "-cpu", "max");
    option(line, "-smp", "%u", spec->vcpus);
    option(line, "-m", "%u", spec->memory_mib);
    option(line, "-uuid", "%s", spec->vm_id);
    option(line, "-rtc", "base=utc");
}

static void
firmware_add(Line *line)
{
    if (line->spec->generation != 2)
        return;
    g_autofree char *code = escaped(line->context->firmware_code), *vars = file_in(line, "vars.fd");
    option(line, "-blockdev", "driver=file,node-name=code-file,filename=%s,read-only=on,auto-read-only=off", code);
    option(line, "-blockdev", "driver=raw,node-name=code,file=code-file,read-only=on");
    option(line, "-blockdev", "driver=file,node-name=vars-file,filename=%s", vars);
    option(line, "-blockdev", "driver=raw,node-name=vars,file=vars-file");
}

static void
channels_add(Line *line)
{
    g_autofree char *serial = file_in(line, "serial.log");
    option(line, "-chardev", "socket,id=qmp,fd=%d,server=on,wait=off", line->context->qmp_fd);
    option(line, "-mon", "chardev=qmp,mode=control");
    /* Appending, so that the host may cut a log that floods and what comes next goes to its new
     * end. */
    option(line, "-chardev", "file,id=serial,path=%s,append=on", serial);
    option(line, "-serial", "chardev:serial");
    option(line, "-device", "virtio-serial-pci,id=channels,bus=pcie.0,addr=" SLOT_SERIAL ",max_ports=3");
    option(line, "-chardev", "socket,id=qga,fd=%d,server=on,wait=off", line->context->qga_fd);
    option(line, "-device", "virtserialport,bus=channels.0,nr=1,chardev=qga,id=qga,name=org.qemu.guest_agent.0");
    if (!line->spec->vtpm)
        return;
    option(line, "-chardev", "socket,id=" TOKEN_PORT_ID ",fd=%d,server=on,wait=off", line->context->token_fd);
    option(line, "-device",
           "virtserialport,bus=channels.0,nr=2,chardev=" TOKEN_PORT_ID ",id=" TOKEN_PORT_ID ",name=" WIRE_TOKEN_PORT);
}

static void
vtpm_add(Line *line)
{
    if (!line->spec->vtpm)
        return;
    option(line, "-chardev", "socket,id=tpm,fd=%d", line->context->tpm_fd);
    option(line, "-tpmdev", "emulator,id=tpm0,chardev=tpm");
    option(line, "-device", "tpm-crb,tpmdev=tpm0");
}

/* A write that finds the host's disk full stops the VM, and the guest sees no error: it goes on
 * when there is room. */
#define ON_ERROR "werror=enospc,rerror=report"

static void
disks_add(Line *line)
{
    g_autofree char *os = file_in(line, "os.qcow2"), *seed = file_in(line, "seed.iso");
    option(line, "-blockdev", "driver=file,node-name=os-file,filename=%s,discard=unmap", os);
    option(line, "-blockdev", "driver=qcow2,node-name=os,file=os-file,discard=unmap");
    option(line, "-device", "virtio-blk-pci,drive=os,serial=os,bus=pcie.0,addr=" SLOT_OS_DISK ",bootindex=1," ON_ERROR);
    option(line, "-blockdev", "driver=file,node-name=seed-file,filename=%s,read-only=on,auto-read-only=off", seed);
    option(line, "-blockdev", "driver=raw,node-name=seed,file=seed-file,read-only=on");
    option(line, "-device", "virtio-blk-pci,drive=seed,serial=seed,bus=pcie.0,addr=" SLOT_SEED);
    if (line->spec->data_disks->len > 0)
        option(line, "-device", "virtio-scsi-pci,id=data,bus=pcie.0,addr=" SLOT_DATA_DISKS);
    for (guint i = 0; i < line->spec->data_disks->len; i++) {
        const LaunchDisk *disk = g_ptr_array_index(line->spec->data_disks, i);
        g_autofree char *name = g_strdup_printf("data-lun%u.qcow2", disk->lun);
        g_autofree char *file = file_in(line, name);
        option(line, "-blockdev", "driver=file,node-name=data%u-file,filename=%s,discard=unmap", disk->lun, file);
        option(line, "-blockdev", "driver=qcow2,node-name=data%u,file=data%u-file,discard=unmap", disk->lun, disk->lun);
        option(line, "-device",
               "scsi-hd,drive=data%u,serial=data-lun%u,bus=data.0,channel=0,scsi-id=0,lun=%"
               "u," ON_ERROR,
               disk->lun, disk->lun, disk->lun);
    }
}

/* A locally administered address that is the instance's own for ever: from its UUID's last 40 bits.
 */
static char *
mac_address(const char *vm_id)
{
    g_autofree char *hex = g_ascii_strdown(vm_id, -1);
    gsize length = strlen(hex);
    const char *tail = length >= 10 ? hex + length - 10 : "0000000000";
    return g_strdup_printf("52:%.2s:%.2s:%.2s:%.2s:%.2s", tail, tail + 2, tail + 4, tail + 6, tail + 8);
}

static void
network_add(Line *line)
{
    const ArgvContext *context = line->context;
    g_autofree char *mac = mac_address(line->spec->vm_id);
    if (context->tap_fd >= 0) {
        option(line, "-netdev", "tap,id=net,fd=%d", context->tap_fd);
    } else {
        GString *text = g_string_new("user,id=net");
        g_string_append_printf(text, ",restrict=%s", context->outbound ? "off" : "on");
        for (guint i = 0; i < context->n_forward_ports; i++)
            g_string_append_printf(text, ",hostfwd=tcp:127.0.0.1:0-:%u", context->forward_ports[i]);
        option(line, "-netdev", "%s", text->str);
        g_string_free(text, TRUE);
    }
    /* No option ROM: nothing but the disk is ever booted, and PCR 2 stays empty. */
    option(line, "-device", "virtio-net-pci,netdev=net,mac=%s,romfile=,bus=pcie.0,addr=" SLOT_NET, mac);
}

char **
argv_qemu(const LaunchSpec *spec, const ArgvContext *context)
{
    Line line = { g_ptr_array_new(), spec, context };
    g_autofree char *name = escaped(spec->name);

    add(&line, context->qemu);
    option(&line, "-name", "guest=%s,process=testudo-vm", name);
    add(&line, "-nodefaults");
    add(&line, "-no-user-config");
    option(&line, "-display", "none");
    option(&line, "-sandbox", "%s", SANDBOX);
    machine_add(&line);
    firmware_add(&line);
    channels_add(&line);
    vtpm_add(&line);
    option(&line, "-device", "VGA,romfile=,bus=pcie.0,addr=" SLOT_VGA);
    network_add(&line);
    disks_add(&line);
    option(&line, "-object", "rng-random,id=rng,filename=/dev/urandom");
    option(&line, "-device", "virtio-rng-pci,rng=rng,bus=pcie.0,addr=" SLOT_RNG);
    g_ptr_array_add(line.items, NULL);
    return (char **)g_ptr_array_free(line.items, FALSE);
}

char **
argv_swtpm(const ArgvContext *context)
{
    Line line = { g_ptr_array_new(), NULL, context };
    add(&line, context->swtpm);
    add(&line, "socket");
    add(&line, "--tpm2");
    option(&line, "--tpmstate", "dir=%s/vtpm,mode=0600", context->folder);
    option(&line, "--ctrl", "type=unixio,clientfd=%d", context->swtpm_fd);
    if (context->key_fd >= 0)
        option(&line, "--key", "fd=%d," VTPM_KEY_MODE, context->key_fd);
    option(&line, "--seccomp", "action=kill");
    add(&line, "--terminate");
    g_ptr_array_add(line.items, NULL);
    return (char **)g_ptr_array_free(line.items, FALSE);
}

static gboolean
has_pair(const char *const *argv, const char *name, const char *part)
{
    for (; *argv && argv[1]; argv++) {
        if (strcmp(*argv, name) == 0 && strstr(argv[1], part))
            return TRUE;
    }
    return FALSE;
}

gboolean
argv_check(const LaunchSpec *spec, const char *const *argv, GError **error)
{
    static const struct {
        const char *name, *part;
    } needed[] = {
        { "-machine", "smm=on" },
        { "-global", PFLASH_SECURE },
        { "-blockdev", "node-name=code,file=code-file,read-only=on" },
    };
    for (guint i = 0; spec->trusted_launch && i < G_N_ELEMENTS(needed); i++) {
        if (!has_pair(argv, needed[i].name, needed[i].part))
            return arm_fail(error, ARM_VM_START_FAILED, NULL,
                            "The command line lacks '%s %s': without it the guest could write the "
                            "Secure Boot keys.",
                            needed[i].name, needed[i].part);
    }
    if (spec->vtpm && !has_pair(argv, "-tpmdev", "emulator"))
        return arm_fail(error, ARM_VM_START_FAILED, NULL, "The command line lacks the vTPM.");
    return TRUE;
}
