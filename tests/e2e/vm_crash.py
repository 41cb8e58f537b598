"""Processes that die on real VMs: the daemon in the middle of an upgrade, a QEMU, a swtpm.

The daemon is killed at three points of an upgrade; with TESTUDO_E2E_FULL=1 at every one that is seen from outside."""

import os
import signal
import time

from lib import bodies
from lib.guest import Guest
from lib.suite import Suite
from lib.wait import SCALE, until

suite = Suite(driver='qemu', chained=True)


class Upgrade:
    """One update of instance 0 to the newest model, from its request on."""

    def __init__(self, t):
        self.t = t
        self.guest = Guest(t, 'web', '0')
        self.old = self.guest.qemu()
        self.answer = t.arm.post(t.arm.set('web') + '/manualupgrade', {'instanceIds': ['0']}).expect(202)

    def new_qemu(self):
        pid = self.guest.qemu()
        return pid if pid != self.old else None

    def console_says(self, words):
        return self.new_qemu() and words in self.guest.serial()


# What the upgrade has come to when the daemon is killed, in order. The first words of a console are the boot loader's.
POINTS = {
    'the request is accepted': lambda upgrade: True,
    'the old VM is gone': lambda upgrade: upgrade.guest.qemu() != upgrade.old,
    'the new VM has its processes': Upgrade.new_qemu,
    'the boot loader speaks': lambda upgrade: upgrade.console_says('BdsDxe') or upgrade.console_says('SYSLINUX'),
    'the kernel speaks': lambda upgrade: upgrade.console_says('Linux version'),
    'the guest is up': lambda upgrade: upgrade.console_says('testudo-image'),
    'the operation has ended': lambda upgrade: upgrade.t.arm.operation(upgrade.answer)['status'] != 'InProgress',
}
FEW = ('the request is accepted', 'the old VM is gone', 'the new VM has its processes')
CHOSEN = list(POINTS) if os.environ.get('TESTUDO_E2E_FULL') else list(FEW)


@suite.test('two Standard instances boot')
def _(t):
    t.trusted = False
    t.arm.done(t.arm.put(t.arm.set('web'), bodies.scale_set(2)).expect(201))


def kill_at(point):
    @suite.test(f'the daemon is killed when {point}: VMs run on, are adopted, and the upgrade ends as it would have')
    def _(t):
        # There and back in turn: each is a new disk, new firmware and a vTPM that comes or goes.
        t.trusted = not t.trusted
        t.arm.done(t.arm.patch(t.arm.set('web'), bodies.upgrade() if t.trusted else bodies.roll_back()))
        neighbour = Guest(t, 'web', '1')
        before = neighbour.qemu(), neighbour.facts()['boot']

        upgrade = Upgrade(t)
        until(lambda: POINTS[point](upgrade), point, 240, 0.002)
        t.daemon.kill()
        launched = upgrade.new_qemu()
        t.daemon.start()

        assert t.arm.ended(upgrade.answer)['status'] == 'Succeeded', t.arm.operation(upgrade.answer)
        assert upgrade.guest.instance()['latestModelApplied']
        assert launched in (None, upgrade.old, upgrade.guest.qemu()), 'a VM that ran already was started again'
        if t.trusted:
            upgrade.guest.expect_trusted()
        else:
            upgrade.guest.expect_standard()
        assert (neighbour.qemu(), neighbour.facts()['boot']) == before, 'the neighbour did not run on'
        # A vTPM may be in the making meanwhile, ahead of its instance.
        assert len(t.room.processes('qemu-system-')) == 2 and len(t.room.processes('swtpm', '/instances/')) == int(t.trusted)


for chosen in CHOSEN:
    kill_at(chosen)


def killed(t, program, code, words):
    guest = Guest(t, 'web', '0')
    killed_pid = program(guest)
    os.kill(killed_pid, signal.SIGKILL)
    began = time.monotonic()
    status = until(lambda: guest.statuses().get(f'ProvisioningState/failed/{code}'), 'the death to be seen', 20, 0.01)
    seen_after = time.monotonic() - began
    assert seen_after < 2 * SCALE, f'seen after {seen_after:.2f} s'
    assert words in status['message'] and 'started again' in status['message'], status
    until(lambda: program(guest) not in (None, killed_pid), 'it to be started again', 30, 0.05)
    until(lambda: 'ProvisioningState/succeeded' in guest.statuses(), 'its guest to answer', 240)
    guest.expect_trusted()
    assert guest.health()['code'] == 'HealthState/healthy'


@suite.test('a QEMU that is killed is a failed instance within 2 s, and is started again by itself')
def _(t):
    if not t.trusted:
        t.arm.done(t.arm.patch(t.arm.set('web'), bodies.upgrade()))
        t.arm.done(t.arm.post(t.arm.set('web') + '/manualupgrade', {'instanceIds': ['0']}))
    killed(t, Guest.qemu, 'VMExited', 'nobody had asked for it')


@suite.test('a swtpm that is killed is a failed instance within 2 s, and is started again by itself')
def _(t):
    killed(t, Guest.swtpm, 'VTpmFailed', 'swtpm')


suite.main()
