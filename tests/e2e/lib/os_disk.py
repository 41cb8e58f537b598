"""An OS disk of a stopped instance, changed from outside, as somebody with the disk in his hands would."""

import contextlib
import os
import shutil
import subprocess


class Esp:
    """The files of the ESP on an OS disk, as raw bytes in FOLDER."""

    def __init__(self, folder):
        self.raw = os.path.join(folder, 'os.raw')
        self.scratch = os.path.join(folder, 'file')

    def tool(self, *command):
        subprocess.run([command[0], '-i', f'{self.raw}@@1M', *command[1:]], check=True, capture_output=True)

    def read(self, path):
        self.tool('mcopy', '-n', '-o', f'::{path}', self.scratch)
        with open(self.scratch, 'rb') as file:
            return file.read()

    def write(self, path, content):
        with open(self.scratch, 'wb') as file:
            file.write(content)
        self.tool('mcopy', '-o', self.scratch, f'::{path}')


def esp_of(disk, folder):
    """Of a qcow2, unpacked into FOLDER."""
    os.makedirs(folder, exist_ok=True)
    esp = Esp(folder)
    subprocess.run(['qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', disk, esp.raw], check=True)
    return esp


def put_back(esp, disk):
    """As a qcow2 without a backing file; owner and mode of the disk stay."""
    made = esp.raw + '.qcow2'
    subprocess.run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', esp.raw, made], check=True)
    shutil.copyfile(made, disk)


@contextlib.contextmanager
def changed_disk(t, guest, power):
    """The instance is stopped, its disk is changed by the caller, and it runs; afterwards it is stopped, with its own disk.
    power: stops ('poweroff') and starts ('start') it."""
    disk = os.path.join(guest.folder, 'os.qcow2')
    power('poweroff')
    folder = os.path.join(t.room.path, 'changed')
    esp, kept = esp_of(disk, folder), os.path.join(folder, 'kept.qcow2')
    shutil.copy2(disk, kept)
    owner = os.stat(disk)

    def boot():
        put_back(esp, disk)
        power('start')

    yield esp, boot
    power('poweroff')
    shutil.copyfile(kept, disk)
    os.chown(disk, owner.st_uid, owner.st_gid)
