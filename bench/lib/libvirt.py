"""The peer of bench/launch: a libvirtd of our own in mount and PID namespaces, with private configuration and state."""
import os
import select
import subprocess
import sys
import time

import benchlib as bench

HERE = os.path.dirname(os.path.abspath(__file__))
LIBVIRTD_CONF = """unix_sock_dir = "{0}/run"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:{0}/libvirtd.log"
"""
# Without systemd there is no virtlogd to give the output of QEMU to, and no security labelling to do. Without the controller
# "cpu", which takes no real-time process.
QEMU_CONF = """stdio_handler = "file"
security_driver = "none"
cgroup_controllers = [ "devices", "memory", "blkio", "cpuset", "cpuacct" ]
"""
PRIVATE = ("/etc/libvirt", "/var/lib/libvirt", "/var/log/libvirt", "/var/cache/libvirt", "/run/libvirt",
           "/var/log/swtpm", "/var/lib/swtpm-localca")
DOMAIN = """<domain type='{accelerator}'>
  <name>{name}</name>
  <memory unit='MiB'>{memory}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <loader readonly='yes' secure='yes' type='pflash'>{code}</loader>
    <nvram template='{variables}'/>
  </os>
  <features><acpi/><smm state='on'/></features>
  <cpu mode='maximum'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/><source file='{disk}'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='user'><model type='virtio'/></interface>
    <serial type='file'><source path='{serial}'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <video><model type='vga'/></video>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def private_folders(folder):
    """One bind mount per folder that libvirt or swtpm keeps something in."""
    script = []
    for path in PRIVATE:
        own = os.path.join(folder, path.strip("/").replace("/", "-"))
        os.makedirs(own)
        os.makedirs(path, exist_ok=True)
        script.append(f"mount --bind {own} {path}")
    return script


class Libvirt:
    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        os.mkdir(os.path.join(folder, "run"))
        binds = private_folders(folder)
        self._write("libvirtd.conf", LIBVIRTD_CONF.format(folder))
        self._write("etc-libvirt/qemu.conf", QEMU_CONF)
        # The limit is that of libvirt's own unit: it closes as many descriptors before each program that it runs.
        # The issuing CA's keys are swtpm's own user's.
        binds.append("chown tss /var/log/swtpm /var/lib/swtpm-localca")
        script = " && ".join([*binds, f"ulimit -n 8192 && exec {sys.executable} {HERE}/reaper.py libvirtd -f {folder}/libvirtd.conf"])
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]
        with open(os.path.join(folder, "out"), "w") as out:
            self.process = subprocess.Popen(unshare, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.shell = None

    def __enter__(self):
        try:
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.shell:
            self.shell.kill()
            self.shell.wait()
        # The namespace's first process takes everything in it along: libvirtd, QEMUs, swtpms. unshare ignores SIGTERM.
        self.process.kill()
        self.process.wait()

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as out:
            out.write(text)

    def _connect(self):
        """One virsh for all: what is measured is libvirt, not the start of its client."""
        address = os.path.join(self.folder, "run", "libvirt-sock")
        until = time.monotonic() + 30
        while not os.path.exists(address):
            if time.monotonic() > until or self.process.poll() is not None:
                with open(os.path.join(self.folder, "out")) as out:
                    raise bench.Failed("libvirtd did not start: " + out.read())
            time.sleep(0.05)
        command = ["virsh", "-c", f"qemu+unix:///system?socket={address}"]
        self.shell = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.ask("uri")

    def ask(self, command):
        """Sends one command, and returns what virsh says to it: an echo marks the answer's end."""
        self.shell.stdin.write(f"{command}\necho done-mark\n".encode())
        self.shell.stdin.flush()
        said = b""
        while b"\ndone-mark" not in said.replace(b"virsh # done-mark", b"\ndone-mark"):
            readable, _, _ = select.select([self.shell.stdout], [], [], 60)
            block = os.read(self.shell.stdout.fileno(), 65536) if readable else b""
            if not block:
                raise bench.Failed(f"virsh {command}: no answer: {said.decode()}")
            said += block
        if b"error:" in said:
            raise bench.Failed(f"virsh {command}: {said.decode()}")
        return said.decode()

    def timed(self, *commands):
        began = time.monotonic()
        for command in commands:
            self.ask(command)
        return (time.monotonic() - began) * 1e3
