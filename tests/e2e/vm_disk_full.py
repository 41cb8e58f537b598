"""What a guest writes cannot fill the host: a disk that grows past the host's room."""

import os
import shutil
import subprocess

from lib import bodies
from lib.full_disk import fill
from lib.guest import Guest
from lib.suite import Suite, skip
from lib.wait import until

suite = Suite(driver='qemu', start=False)
MIB = 2 ** 20


@suite.test('a guest that fills the host\'s disk is paused and named, the daemon goes on, and with room it starts again')
def _(t):
    t.daemon = t.new_daemon(images=False)
    os.mkdir(t.daemon.state_dir, 0o711)
    # Room for the image, for what a start asks for, and for little more.
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=340m,mode=711', 'testudo-e2e', t.daemon.state_dir],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        skip(f'a small file system cannot be mounted here: {mounted.stderr.strip()}')
    only = t.room.file('gen1')
    os.mkdir(only)
    for name in ('mini-gen1-1.0.0.json', 'mini-gen1-1.0.0.qcow2'):
        os.symlink(os.path.join(t.images, name), os.path.join(only, name))
    # A paused guest does not shut down: it is not waited for long.
    t.daemon.options += ['--images', only, '--stop-grace', '2']
    t.daemon.start()
    t.arm = t.new_arm()
    t.arm.done(t.arm.put(t.arm.set('web'), bodies.scale_set(1, storageProfile={
        'imageReference': bodies.image('gen1'), 'dataDisks': [{'lun': 0, 'createOption': 'Empty', 'diskSizeGB': 2}]})).expect(201))
    guest = Guest(t, 'web')
    pid = guest.qemu()
    guest.run('(dd if=/dev/zero of=/dev/disk/by-serial/data-lun0 bs=1M count=600; echo dd $? >/dev/ttyS0) >/dev/null 2>&1 &')
    until(lambda: shutil.disk_usage(t.daemon.state_dir).free < 64 * MIB, 'the disk to be nearly full', 180)
    fill(os.path.join(t.daemon.state_dir, 'filler'))
    warning = until(lambda: guest.statuses().get('Warning'), 'the full disk to be named', 180, 0.1)['message']
    assert warning.startswith('HostDiskFull: '), warning
    # The guest waits in the middle of its write; it saw no error, and nothing else has happened to it.
    assert guest.qemu() == pid and 'dd ' not in guest.serial().split('testudo-image')[1]
    # Where the store itself finds no room any more, it is refused before anything begins.
    answer = t.arm.put(t.arm.set('other'), bodies.scale_set(1))
    if answer.status == 409:
        answer.expect_error(409, 'HostDiskFull')

    subprocess.run(['mount', '-o', 'remount,size=1400m', t.daemon.state_dir], check=True)
    # What was accepted all the same ends when it can be written down: as failed where its disk found no room.
    if answer.status != 409:
        end = t.arm.ended(answer)
        assert end['status'] == 'Succeeded' or 'HostDiskFull' in str(end['error']), end
        t.arm.done(t.arm.delete(t.arm.set('other')))
    guest.action('restart', None)
    assert 'Warning' not in guest.statuses(), guest.statuses()
    guest.expect_standard()


suite.main()
