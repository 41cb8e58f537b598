"""What the testudo command says while it waits, and at the end: rolling upgrades, guests with notice, a daemon that is gone."""

import contextlib
import json
import os
import re
import subprocess
import time

from lib.cli import run
from lib.daemon import BUILD
from lib.suite import Suite
from lib.wait import until

suite = Suite(start=False, chained=True)

GROUP = '-g MyResourceGroup'
QUICK = {'start_ms': 5, 'boot_ms': 5, 'stop_ms': 5}
IMAGE = '--image Testudo:mini:gen2:1.0.0'
HALVES = '--max-batch-instance-percent 50 --max-unhealthy-instance-percent 100 --max-unhealthy-upgraded-instance-percent 100'


def restart(t, slow_or_failing):
    """The next daemon, on a host with these faults or delays."""
    t.room.file('s0/simulated.conf.json', json.dumps({**QUICK, **slow_or_failing}))
    t.daemon.stop()
    t.daemon.start()


def latest_model(t, on):
    listed = run(t.daemon, f'testudo vmss list-instances {on} -o json').expect().json
    return [instance['properties']['latestModelApplied'] for instance in listed]


@suite.test('a rolling upgrade that makes OS disks anew asks, and is refused where nobody can be asked')
def _(t):
    t.daemon = t.new_daemon()
    os.mkdir(t.daemon.state_dir)
    t.room.file('s0/simulated.conf.json', json.dumps(QUICK))
    t.daemon.start()
    on = f'{GROUP} -n Asked'
    run(t.daemon, 'testudo group create -n MyResourceGroup').expect()
    run(t.daemon, f'testudo vmss create {on} {IMAGE} --instance-count 2 {HALVES}').expect()
    run(t.daemon, f'testudo vmss update {on} --image Testudo:mini:gen1:1.0.0').expect()
    refused = run(t.daemon, f'testudo vmss rolling-upgrade start {on}').expect(1)
    assert 'Lost on instances 0, 1:' in refused.err and 'OS disk' in refused.err and '--yes' in refused.err, refused.err
    assert latest_model(t, on) == [False, False]
    run(t.daemon, f'testudo vmss rolling-upgrade start {on} -y').expect()
    assert latest_model(t, on) == [True, True]
    run(t.daemon, f'testudo vmss update {on} --vm-sku Standard_B2s').expect()
    run(t.daemon, f'testudo vmss rolling-upgrade start {on}').expect()
    assert latest_model(t, on) == [True, True]


def followed(t, on, said):
    """The command of the hint, as it is said."""
    command = re.search(r'testudo vmss wait [^:;,]*--updated', said)
    assert command and '0 of 2 instances are on this model' in said, said
    run(t.daemon, command[0]).expect()
    assert latest_model(t, on) == [True, True]


@suite.test('after a change that is not waited for, the hint names what waits for it, in each upgrade mode')
def _(t):
    restart(t, {'stop_ms': 2000})
    for mode in ('Automatic', 'Rolling'):
        on = f'{GROUP} -n {mode}'
        run(t.daemon, f'testudo vmss create {on} {IMAGE} --instance-count 2 --mode {mode} {HALVES}').expect()
        changed = run(t.daemon, f'testudo vmss update {on} --vm-sku Standard_B2s --no-wait').expect()
        followed(t, on, changed.err)


@suite.test('an instance that fails within what the policy allows is named at the end with its reason')
def _(t):
    fault = [{'key_suffix': '.1', 'epoch': 2, 'fault': 'start-fails'}, {'key_suffix': '.1', 'epoch': 3, 'fault': 'start-fails'}]
    restart(t, {'faults': fault})
    on = f'{GROUP} -n Partly'
    run(t.daemon, f'testudo vmss create {on} {IMAGE} --instance-count 2 {HALVES}').expect()
    run(t.daemon, f'testudo vmss update {on} --vm-sku Standard_B2s').expect()
    done = run(t.daemon, f'testudo vmss rolling-upgrade start {on} --yes').expect()
    assert re.search(r'Rolling upgrade of Partly: done, 1 failed: 1 \(.*told to fail.*\) \(', done.err), done.err
    shown = run(t.daemon, f'testudo vmss rolling-upgrade get-latest {on} -o tsv').expect().out.rstrip('\n').split('\t')
    assert shown[0] == 'Completed' and shown[-1].startswith('1 failed: 1 ('), shown


@suite.test('only what may still come is waited for: a set that does not exist is not updated')
def _(t):
    nobody = f'{GROUP} -n nosuch'
    missing = run(t.daemon, f'testudo vmss wait {nobody} --updated --timeout 60', seconds=20).expect(3)
    assert '(ResourceNotFound)' in missing.err, missing.err
    run(t.daemon, f'testudo vmss wait {nobody} --deleted', seconds=20).expect()
    run(t.daemon, 'testudo vmss wait -g nosuch -n nosuch --deleted', seconds=20).expect()
    for condition in ('created', 'exists'):
        late = run(t.daemon, f'testudo vmss wait {nobody} --{condition} --timeout 1', seconds=20)
        assert late.code != 0 and 'The time ended before' in late.err, late.err


def begun(t, command):
    """A command that goes on; its standard error is read line by line."""
    return subprocess.Popen([os.path.join(BUILD, 'testudo'), *command.split()[1:]], stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, 'TESTUDO_STATE_DIR': t.daemon.state_dir})


@suite.test('who waits for a guest with notice is told until when, and so are its instance view and its health')
def _(t):
    restart(t, {'approve_ms': 6000})
    on = f'{GROUP} -n Noticed'
    run(t.daemon, f'testudo vmss create {on} {IMAGE} --instance-count 2 --terminate-notification-time 5').expect()
    flex = f'{GROUP} -n Flex'
    run(t.daemon, f'testudo vmss create {flex} {IMAGE} --orchestration-mode Flexible --terminate-notification-time 5').expect()
    with contextlib.ExitStack() as stack:
        waiting = stack.enter_context(begun(t, f'testudo vmss delete-instances {on} --instance-ids 1 --yes'))
        machine = stack.enter_context(begun(t, f'testudo vm delete {GROUP} -n Flex_1 --yes'))
        for process, what in (waiting, 'instance 1 of Noticed'), (machine, 'VM Flex_1'):
            assert process.stderr.readline() == f'Deleting {what}\n'
            said = process.stderr.readline()
            assert re.match(f'Deleting {what}: the guest has notice until \\d\\d:\\d\\d:\\d\\d \\(', said), said
        shown = run(t.daemon, f'testudo vmss get-instance-view {on} --instance-id * -o tsv').expect().out.splitlines()
        assert 'given notice' in shown[1] and 'notice' not in shown[0], shown
        health = run(t.daemon, f'testudo vmss health {on} --instance-id 1 -o json').expect().json
        assert 'Its guest has notice until 20' in health['properties']['summary'], health
        assert waiting.wait(60) == 0 and machine.wait(60) == 0
    assert len(latest_model(t, on)) == 1 and len(latest_model(t, flex)) == 1


@suite.test('a daemon that is gone is told of at once, and at the end how to follow what goes on under the next one')
def _(t):
    restart(t, {'boot_ms': 6000})
    on = f'{GROUP} -n Asked'
    with contextlib.ExitStack() as stack:
        waiting = stack.enter_context(begun(t, f'testudo vmss restart {on}'))
        assert waiting.stderr.readline() == 'Restarting all instances of Asked\n'
        until(lambda: 'updating' in run(t.daemon, f'testudo vmss get-instance-view {on} -o tsv').out, 'the restart')
        other = stack.enter_context(begun(t, f'testudo vmss wait {on} --updated'))
        assert other.stderr.readline() == 'Waiting for scale set Asked\n'
        t.daemon.kill()
        began = time.monotonic()
        for process in (waiting, other):
            said = process.stderr.readline()
            assert said == 'The daemon does not answer any more; it is tried again for 30 s.\n', said
        assert time.monotonic() - began < 10
        said = waiting.stderr.read()
        assert waiting.wait(60) == 1 and other.wait(60) == 1
    assert 'Restarting all instances of Asked: not known how it ends' in said and 'goes on when the daemon is back' in said, said
    command = re.search(r'testudo vmss wait [^\']*--updated', said)
    t.daemon.start()
    run(t.daemon, command[0]).expect()
    assert '/updating' not in run(t.daemon, f'testudo vmss get-instance-view {on} -o tsv').expect().out


suite.main()
