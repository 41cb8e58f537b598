"""The disk of the state folder is full: requests say so, what was accepted stays, and work goes on when there is room."""

import errno
import os
import subprocess

from lib import bodies
from lib.arm import power
from lib.daemon import Ended
from lib.suite import Suite, skip
from lib.wait import until

suite = Suite(start=False, chained=True)
SIZE = '12m'


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
    t.room.file('s0/simulated.conf.json', '{"boot_ms": 1500}')
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


def fill(t):
    """Until not a byte more fits."""
    with open(t.room.file('s0/filler'), 'ab', buffering=0) as file:
        for block in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b'x' * block)
            except OSError as full:
                assert full.errno == errno.ENOSPC, full


def free(t):
    os.unlink(t.room.file('s0/filler'))


def tag(t, number):
    """Long enough that it does not fit into what the store has reserved."""
    ballast = {f'ballast{i}': f'{number} ' * 40 for i in range(14)}
    return t.arm.patch(t.arm.set('web'), {'tags': {'number': str(number), **ballast}})


@on_small_disk('a change that no longer fits is a refusal that says the disk is full, and the last one that fitted stays')
def _(t):
    fill(t)
    number = 0
    while True:
        answer = tag(t, number)
        if answer.status != 200:
            break
        number += 1
        assert number < 1000, 'it is never full'
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
    accepted = t.arm.post(t.arm.set('web') + '/restart', {'instanceIds': ['0', '1']}).expect(202)
    fill(t)
    # The store keeps some room of its own: it is used up by changes, until one is refused.
    until(lambda: tag(t, 2000).status == 409, 'the disk to be full')
    until(lambda: 'full' in t.daemon.log_of_this_start().lower(), 'the engine to meet the full disk')
    assert t.arm.operation(accepted)['status'] == 'InProgress'
    free(t)
    t.arm.done(accepted)
    assert [power(instance) for instance in t.arm.instances('web').values()] == ['running', 'running']


suite.main()
