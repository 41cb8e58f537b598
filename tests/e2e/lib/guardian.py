"""Nothing that a test starts outlives it: not after Ctrl-C, not after a time-out's SIGKILL.

A child of the test waits for the other end of a pipe to close, which happens however the test ends. Then it ends the
daemons and VMs of the test's folder (their command lines hold its path, which no other run has), and removes the folder.
"""

import os
import shutil
import signal
import subprocess
import time

PROGRAMS = ('testudod', 'qemu-system-', 'swtpm')
DEADLINE_S = 20


class Process:
    """A process held by descriptor, so that a signal never reaches a later one with the same number."""

    def __init__(self, pid):
        self.fd = os.pidfd_open(pid)
        self.pid = pid
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                self.argv = file.read().decode(errors='replace').split('\0')[:-1]
        except OSError:
            self.argv = []
        self.name = os.path.basename(self.argv[0]) if self.argv else ''

    def signal(self, number):
        try:
            signal.pidfd_send_signal(self.fd, number)
        except ProcessLookupError:
            pass

    def close(self):
        os.close(self.fd)


def processes_of(folder):
    """The daemons and VMs whose command line holds the folder's path."""
    found = []
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            process = Process(int(entry))
        except OSError:
            continue
        if process.name.startswith(PROGRAMS) and any(folder + '/' in word for word in process.argv):
            found.append(process)
        else:
            process.close()
    return found


def end_processes(folder):
    """Daemons first: one that lives would see its VMs die and write that down."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        found = processes_of(folder)
        if not found:
            return
        daemons = [process for process in found if process.name == 'testudod']
        for process in daemons or found:
            process.signal(signal.SIGKILL)
        for process in found:
            process.close()
        time.sleep(0.02)


def unmount(folder):
    with open('/proc/self/mounts', encoding='utf-8', errors='replace') as file:
        points = [line.split()[1] for line in file]
    for point in reversed(points):
        if point.startswith(folder + '/'):
            subprocess.run(['umount', '--lazy', point], check=False)


def clean(folder):
    end_processes(folder)
    unmount(folder)
    if os.environ.get('TESTUDO_E2E_KEEP'):
        print(f'# kept: {folder}', flush=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


class Guardian:
    def __init__(self, folder):
        reader, self.writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.writer)
            os.setsid()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            os.read(reader, 1)
            clean(folder)
            os._exit(0)
        os.close(reader)

    def release(self):
        os.close(self.writer)
        os.waitpid(self.pid, 0)
