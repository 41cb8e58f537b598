"""What a guest writes cannot fill the host: a flood on its serial console."""

import os

from lib import bodies
from lib.guest import Guest
from lib.suite import Suite
from lib.wait import until

MIB = 2 ** 20
CAP_MIB = 1
suite = Suite(driver='qemu', options=['--serial-cap', str(CAP_MIB)])


@suite.test('a flood on the serial console is cut to what is kept, and is a named state of an instance that runs on')
def _(t):
    t.arm.done(t.arm.put(t.arm.set('web'), bodies.scale_set(
        1, storageProfile={'imageReference': bodies.image('gen1')})).expect(201))
    guest = Guest(t, 'web')
    log = os.path.join(guest.folder, 'serial.log')
    guest.run('(yes "a flood that never ends: 0123456789 0123456789 0123456789" >/dev/ttyS0) >/dev/null 2>&1 &')
    sizes = [0]

    def cut():
        sizes.append(os.path.getsize(log))
        return sizes[-1] < sizes[-2]
    until(cut, 'the log to be cut', 180, 0.01)
    guest.run('killall yes')
    # A look at the log is never more than some 50 ms late.
    assert max(sizes) < (CAP_MIB + 0.5) * MIB, max(sizes)
    warning = guest.statuses()['Warning']['message']
    assert warning.startswith('TooManyRequests: ') and f'{CAP_MIB} MiB' in warning, warning
    assert guest.health()['code'] == 'HealthState/healthy'


suite.main()
