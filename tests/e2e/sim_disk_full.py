"""The disk of the state folder is full: requests say so, what was accepted stays, and work goes on when there is room."""

import os
import subprocess

from lib import bodies
from lib.arm import power
from lib.daemon import Ended
from lib.full_disk import fill
from lib.suite import Suite, skip
from lib.wait import until

suite = Suite(start=False, chained=True)
SIZE = '24m'


@suite.test('a state folder on a small disk of its own')
def _(t):
    if os.geteuid() != 0:
        skip('only root mounts a small disk')
    t.daemon = t.new_daemon()
    os.mkdir(t.daemon.state_dir)
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={SIZE},mode=0711', 'tmpfs', t.daemon.state_dir],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        t.daemon = None
        skip(f'no small disk can be mounted here: {mounted.stderr.strip()}')
    t.daemon.start()
    t.arm = t.new_arm()
    t.arm.done(t.arm.put(t.arm.set('web'), bodies.scale_set(capacity=2)))


def on_small_disk(behaviour):
    def add(function):
        @suite.test(behaviour)
        def _(t):
            if not getattr(t, 'daemon', None):
                skip('there is no small disk')
            function(t)
    return add


def free(t):
    os.unlink(t.room.file('s0/filler'))


def tag(t, number, ballasts=0):
    """Long with ballast, so that what the store has reserved is used up soon."""
    ballast = {f'ballast{i}': f'{number} ' * 40 for i in range(ballasts)}
    return t.arm.patch(t.arm.set('web'), {'tags': {'number': str(number), **ballast}})


def use_up(t):
    """What the store has reserved, by changes, until one is refused that says little: its answer, and how many were taken."""
    number = 0
    for ballasts in (14, 0):
        while (answer := tag(t, number, ballasts)).status == 200:
            number += 1
            assert number < 10000, 'it is never full'
    return answer, number


@on_small_disk('a change that no longer fits is a refusal that says the disk is full, and the last one that fitted stays')
def _(t):
    fill(t.room.file('s0/filler'))
    answer, number = use_up(t)
    # The store has room of its own, whoever took the last of the disk.
    assert number > 10, number
    error = answer.expect_error(409, 'HostDiskFull')
    assert 'full' in error['message'].lower(), error
    tags = t.arm.get(t.arm.set('web')).expect(200).body.get('tags', {})
    assert tags.get('number') == (str(number - 1) if number else None), (number, tags)
    t.tags = tags


@on_small_disk('reading goes on, and every instance runs')
def _(t):
    assert [power(instance) for instance in t.arm.instances('web').values()] == ['running', 'running']


@on_small_disk('a daemon that is killed there comes back with nothing lost: at once, or, where it needs room for that, when there is some')
def _(t):
    t.daemon.kill()
    try:
        t.daemon.start()
        assert t.arm.get(t.arm.set('web')).expect(200).body.get('tags', {}) == t.tags
        free(t)
    except Ended as ended:
        assert 'disk that holds the store is full' in ended.text, ended.text
        free(t)
        t.daemon.start()
    assert t.arm.get(t.arm.set('web')).expect(200).body.get('tags', {}) == t.tags
    assert [power(instance) for instance in t.arm.instances('web').values()] == ['running', 'running']


@on_small_disk('changes are taken again')
def _(t):
    tag(t, 1000).expect(200)
    assert t.arm.get(t.arm.set('web')).body['tags']['number'] == '1000'


@on_small_disk('an operation that a full disk held up ends when there is room')
def _(t):
    # For so long that none has booted before the disk is full.
    t.daemon.stop()
    t.room.file('s0/simulated.conf.json', '{"boot_ms": 10000}')
    t.daemon.start()
    # So many that what is left where a change is refused is not enough for them.
    accepted = t.arm.patch(t.arm.set('web'), {'sku': {'capacity': 200}}).expect(200)
    fill(t.room.file('s0/filler'))
    use_up(t)
    until(lambda: 'full' in t.daemon.log_of_this_start().lower(), 'the engine to meet the full disk')
    assert t.arm.operation(accepted)['status'] == 'InProgress'
    free(t)
    t.arm.done(accepted)
    assert {power(instance) for instance in t.arm.instances('web').values()} == {'running'}


suite.main()
