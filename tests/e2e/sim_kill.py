"""SIGKILL of the daemon at every step: VMs run on, the next daemon adopts them, and what was asked for ends as it would have.

A step is a crossing between the daemon and its VMs: a call before it has an effect, an event before it is told. For each
kind of work: once without a kill, for how it ends; then with a kill at crossing 1, 2, …, until it ends before the kill.
"""

import http.client
import json
import os
import shutil
import signal
from collections import namedtuple

from lib import bodies
from lib.arm import power
from lib.daemon import Ended
from lib.suite import Suite
from lib.wait import until

NAME = 'fleet'
CROSSINGS_MAX = 60
QUICK = {'start_ms': 2, 'boot_ms': 2, 'stop_ms': 2, 'destroy_ms': 2}

# ask(arm, path of the set) → the answer of the last request, whose operation is to end.
Work = namedtuple('Work', 'behaviour prepared ask')


def upgrade_all(arm, path):
    arm.patch(path, bodies.upgrade()).expect(200)
    return arm.post(path + '/manualupgrade', {'instanceIds': ['*']})


WORKS = (
    Work('a create', False, lambda arm, path: arm.put(path, bodies.scale_set(capacity=2))),
    Work('an upgrade to Trusted launch of all instances', True, upgrade_all),
    Work('a restart of one instance', True, lambda arm, path: arm.post(path + '/restart', {'instanceIds': ['1']})),
    Work('a reimage of all', True, lambda arm, path: arm.post(path + '/reimage')),
    Work('a deallocation of all', True, lambda arm, path: arm.post(path + '/deallocate')),
    Work('a deletion of one instance', True, lambda arm, path: arm.post(path + '/delete', {'instanceIds': ['0']})),
    Work('a scale-out by two', True, lambda arm, path: arm.patch(path, {'sku': {'capacity': 4}})),
    Work('a deletion of the set', True, lambda arm, path: arm.delete(path)),
)

suite = Suite(start=False)


class Crash:
    """A state folder that is put back to the same beginning for each crash."""

    def __init__(self, t):
        self.t = t
        self.daemon = t.new_daemon(state='s', images=False, options=['--max-starting', '4'])
        self.kept = {}

    def settle(self, prepared):
        """Brings the folder to the beginning: images alone, or a set of two running instances."""
        if prepared not in self.kept:
            self.daemon.start(extra=['--images', self.t.images])
            if prepared:
                arm = self.t.new_arm(self.daemon)
                arm.done(arm.put(arm.set(NAME), bodies.scale_set(capacity=2)))
            self.daemon.stop()
            self.kept[prepared] = shutil.copytree(self.daemon.state_dir, self.t.room.file(f'kept-{prepared}'))
        shutil.rmtree(self.daemon.state_dir)
        shutil.copytree(self.kept[prepared], self.daemon.state_dir)

    def settings(self, die_at=0):
        self.t.room.file('s/simulated.conf.json', json.dumps({**QUICK, 'die_at': die_at}))

    def vms(self):
        """What runs, whether a daemon is there or not: key → (alive, launch, generations of disk, UEFI variables and vTPM)."""
        try:
            with open(os.path.join(self.daemon.state_dir, 'simulated.json'), encoding='utf-8') as file:
                return {vm['key']: (vm['alive'], vm['epoch'], [part[0] for part in vm['parts']])
                        for vm in json.load(file)['vms']}
        except FileNotFoundError:
            return {}


def outcome(crash, arm):
    """All that the work was to bring about, without what differs from run to run (times, ids)."""
    read = arm.get(arm.set(NAME))
    if read.status == 404:
        return {'set': None, 'vms': crash.vms()}
    model = read.expect(200).body
    instances = {}
    for number, instance in arm.instances(NAME).items():
        properties = instance['properties']
        instances[number] = {
            'power': power(instance), 'size': instance['sku']['name'], 'latest': properties['latestModelApplied'],
            'security': properties.get('securityProfile'), 'state': properties['provisioningState'],
            'image': properties['storageProfile']['imageReference']['sku'], 'revision': properties['revision'],
        }
    return {'set': (model['sku'], model['properties']['provisioningState'], model['properties']['revision']),
            'instances': instances, 'vms': sorted(crash.vms().values())}


def is_idle(arm):
    """Nothing is left to be done: where the kill took the answer too, this is all that can be waited for."""
    read = arm.get(arm.set(NAME))
    return read.status == 404 or (
        read.body['properties']['provisioningState'] in ('Succeeded', 'Failed') and
        all(instance['properties']['provisioningState'] in ('Succeeded', 'Failed') for instance in arm.instances(NAME).values()))


def ask(work, arm):
    """The answer, or None where the daemon was gone before it could give one."""
    try:
        return work.ask(arm, arm.set(NAME))
    except (OSError, http.client.HTTPException):
        return None


def finish(daemon, arm, answer):
    """Follows the operation until it has ended or the daemon has been killed; its status, or None for killed."""
    def state():
        if not daemon.alive():
            return 'killed'
        try:
            status = arm.operation(answer)['status']
            return status if status != 'InProgress' else None
        except (OSError, http.client.HTTPException):
            return None
    if answer is None:
        until(lambda: not daemon.alive(), 'the daemon to be killed')
        return None
    status = until(state, 'the operation to end or the daemon to be killed')
    return None if status == 'killed' else status


def ended_or_killed(daemon, arm):
    """TRUE where nothing is left to be done, FALSE where the daemon was killed before that."""
    def state():
        try:
            return 'ended' if is_idle(arm) else None
        except (OSError, http.client.HTTPException):
            return None if daemon.alive() else 'killed'
    return until(state, 'the set to be idle or the daemon to be killed') == 'ended'


def run_on(before, after):
    """A VM that ran when the daemon was killed and runs with the next one has not been started anew in between."""
    for key, vm in before.items():
        alive = vm[0]
        if alive:
            assert after.get(key) == vm, f'{key}: was {vm}, is {after.get(key)}'


def crashed_once(crash, work, die_at, expected):
    """FALSE where the work ended before the kill."""
    daemon = crash.daemon
    crash.settle(work.prepared)
    crash.settings(die_at)
    daemon.start()
    arm = crash.t.new_arm(daemon)
    answer = ask(work, arm)
    status = finish(daemon, arm, answer)
    if status is not None:
        assert status == 'Succeeded', f'without a kill it ended {status}'
        daemon.kill()
        return False
    daemon.kill()
    before = crash.vms()
    crash.settings()
    # The VMs as the next daemon finds them are those that the last one left.
    run_on(before, crash.vms())
    daemon.start()
    if answer is None:
        until(lambda: is_idle(arm), 'the set to be idle')
    else:
        assert arm.done(answer)['status'] == 'Succeeded'
    after = outcome(crash, arm)
    assert after == expected, f'killed at crossing {die_at} it ended as\n{after}\nand not as\n{expected}'
    # One of them ends in order, so that the sanitizers look at it.
    if die_at == 1:
        daemon.stop()
    else:
        daemon.kill()
    return True


def uninterrupted(crash, work):
    crash.settle(work.prepared)
    crash.settings()
    crash.daemon.start()
    arm = crash.t.new_arm(crash.daemon)
    arm.done(work.ask(arm, arm.set(NAME)))
    expected = outcome(crash, arm)
    crash.daemon.stop()
    return expected


def add(work):
    @suite.test(f'{work.behaviour} survives a kill at each of its steps')
    def _(t):
        if not t.daemons:
            t.crash = Crash(t)
        elif t.crash.daemon.alive():
            t.crash.daemon.kill()
        expected = uninterrupted(t.crash, work)
        die_at = 1
        while crashed_once(t.crash, work, die_at, expected):
            die_at += 1
            assert die_at < CROSSINGS_MAX, 'it never ends'
        assert die_at > 1, 'nothing was interrupted'
        print(f'#   killed at {die_at - 1} steps')


for each in WORKS:
    add(each)


@suite.test('an upgrade gets there though each daemon is killed at its third crossing')
def _(t):
    daemon, lives = t.crash.daemon, 0
    expected = uninterrupted(t.crash, WORKS[1])
    t.crash.settle(WORKS[1].prepared)
    # A call for each of the two instances, and one event: with less in a life, nothing would ever move.
    t.crash.settings(die_at=3)
    daemon.start()
    arm = t.new_arm(daemon)
    answer = ask(WORKS[1], arm)
    while not ended_or_killed(daemon, arm):
        lives += 1
        assert lives < CROSSINGS_MAX, 'it never ends'
        daemon.kill()
        try:
            daemon.start()
        except Ended as early:
            assert early.code == -signal.SIGKILL, early
    assert lives > 2, f'it took {lives} lives'
    assert outcome(t.crash, arm) == expected
    assert answer is None or arm.operation(answer)['status'] == 'Succeeded'
    print(f'#   {lives} lives')


suite.main()
