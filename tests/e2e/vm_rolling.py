"""Rolling upgrades of one fleet on real VMs, under a client that asks every instance's service all the time: to Trusted launch
with surge, to an image whose service never becomes healthy, and back to Standard in place."""

import time

from lib import bodies
from lib.asker import Asker
from lib.guest import Guest
from lib.suite import Suite
from lib.wait import until

suite = Suite(driver='qemu', chained=True)
OLD, NEW = ('0', '1', '2'), ('3', '4', '5')
PROTECTED, FIRST, LAST = NEW
SECRET = '6120726f6c6c65642d6261636b206b65'
UNHEALTHY = '1.2.0-unhealthy'
# Two answers in a row: from the moment when an instance serves to the moment when it counts as healthy there are seconds, in
# which a client that asks from outside hears of it too.
HEALTH = {'extensions': [{'name': 'health', 'properties': {
    'publisher': 'Microsoft.ManagedServices', 'type': 'ApplicationHealthLinux', 'typeHandlerVersion': '2.0',
    'settings': {'protocol': 'http', 'port': 8080, 'requestPath': '/health', 'intervalInSeconds': 5, 'numberOfProbes': 2,
                 'gracePeriod': 30}}}]}
# A service that is ill for good need not be waited for so long as one that may be slow.
SHORT_WAIT_S = 45


def rolling(edit, **policy):
    """The edit, rolled out by this policy."""
    body = {**edit, 'properties': {**edit.get('properties', {})}}
    body['properties']['upgradePolicy'] = {'mode': 'Rolling', 'rollingUpgradePolicy': policy}
    return body


def roll(t, body):
    """The operation of the rolling upgrade that follows the change, once it has ended."""
    t.arm.done(t.arm.patch(t.arm.set('web'), body).expect(200))
    path = f"{t.arm.here}/operations/{latest(t)['testudo']['operation']}"

    def ended():
        operation = t.arm.get(path).expect(200).body
        return operation if operation['status'] != 'InProgress' else None
    return until(ended, 'the rolling upgrade to end', 900, 0.25)


def guests(t, ids):
    return {number: Guest(t, 'web', number) for number in ids}


def latest(t):
    return t.arm.get(t.arm.set('web') + '/rollingUpgrades/latest').expect(200).body['properties']


def expect_fewest(t, least, since):
    """From `since` to now the client never saw fewer than `least` instances well."""
    end = t.asker.end()
    print('#   ' + t.asker.summary(since, end), flush=True)
    well, at = t.asker.fewest(since, end)
    assert well >= least, f'{well} instances answered {at - since:.1f} s after the beginning; {t.asker.lines(since, end)}'


def restart_daemon(t, *options):
    t.daemon.stop()
    t.daemon.start(extra=options)
    for guest in guests(t, t.arm.instances('web')).values():
        guest.await_agent()


@suite.test('three Standard instances are healthy, as their own services say')
def _(t):
    body = rolling(bodies.scale_set(3, extensionProfile=HEALTH))
    t.arm.done(t.arm.put(t.arm.set('web'), body).expect(201))
    for guest in guests(t, OLD).values():
        until(lambda: guest.health()['code'] == 'HealthState/healthy', f'{guest.path} to be healthy', 300, 0.25)
        guest.expect_standard()


@suite.test('to Trusted launch with surge, batches of two: never fewer than three that answer')
def _(t):
    t.asker = Asker(t, 'web').start()
    since = t.asker.begin()
    operation = roll(t, rolling(bodies.upgrade(), maxSurge=True, maxBatchInstancePercent=67))
    assert operation['status'] == 'Succeeded', (operation, latest(t))
    assert tuple(t.arm.instances('web')) == NEW, t.arm.instances('web').keys()
    assert latest(t)['runningStatus']['code'] == 'Completed' and latest(t)['testudo']['batch'] == 2, latest(t)
    assert latest(t)['progress']['successfulInstanceCount'] == 3, latest(t)
    expect_fewest(t, 3, since)
    for guest in guests(t, NEW).values():
        guest.expect_trusted()
        assert guest.health()['code'] == 'HealthState/healthy' and guest.instance()['latestModelApplied'], guest.instance()


@suite.test('an image that never becomes healthy: stopped after the first batch, with the reason')
def _(t):
    restart_daemon(t, '--health-wait', str(SHORT_WAIT_S))
    first = Guest(t, 'web', FIRST)
    first.run('mount-os; echo on the OS disk >/os/note; sync')
    first.seal(f'seal /os/key {SECRET}')
    first.run('sync')
    t.arm.done(t.arm.patch(Guest(t, 'web', PROTECTED).path,
                           {'properties': {'protectionPolicy': {'protectFromScaleSetActions': True}}}))
    t.before = {number: (guest.facts()['boot'], guest.qemu(), guest.swtpm()) for number, guest in guests(t, NEW).items()}
    t.since = t.asker.begin()
    error = roll(t, rolling(bodies.edit(image_reference=bodies.image('gen2', UNHEALTHY)), maxSurge=False,
                            maxBatchInstancePercent=20, rollbackFailedInstancesOnPolicyBreach=True))['error']
    assert error['code'] == 'MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade', error
    assert f'first instance that failed is {FIRST}' in error['message'], error
    state = latest(t)
    assert state['runningStatus']['code'] == 'Faulted' and state['testudo']['batch'] == 1, state
    assert (state['progress']['failedInstanceCount'], state['progress']['successfulInstanceCount']) == (1, 0), state
    assert state['error'] == {'code': error['code'], 'message': error['message']}, (state, error)


@suite.test('the failed instance is back on the old model, with its OS disk and the keys of its vTPM, and healthy')
def _(t):
    first = Guest(t, 'web', FIRST)
    # It was there: this is the boot before the present one.
    with open(first.folder + '/serial.log.1', encoding='utf-8', errors='replace') as log:
        assert f'testudo-image Testudo:mini:gen2:{UNHEALTHY} secureboot=on tpm=2.0' in log.read()
    assert first.run('cat /etc/testudo-image; mount-os; cat /os/note') == 'Testudo:mini:gen2:1.0.0\non the OS disk'
    assert first.expect_trusted()['boot'] != t.before[FIRST][0]
    assert first.seal('unseal /os/key') == SECRET
    until(lambda: first.health()['code'] == 'HealthState/healthy', 'the instance that was put back to be healthy', 300, 0.25)


@suite.test('the protected instance, first in line, and the one that was not due yet were never touched; two always answered')
def _(t):
    for number in (PROTECTED, LAST):
        guest = Guest(t, 'web', number)
        assert (guest.facts()['boot'], guest.qemu(), guest.swtpm()) == t.before[number]
    expect_fewest(t, 2, t.since)


@suite.test('back to Standard in place, one by one: never more than one down')
def _(t):
    restart_daemon(t)
    t.arm.done(t.arm.patch(Guest(t, 'web', PROTECTED).path,
                           {'properties': {'protectionPolicy': {'protectFromScaleSetActions': False}}}))
    since = t.asker.begin()
    began = time.monotonic()
    operation = roll(t, rolling(bodies.roll_back()))
    assert operation['status'] == 'Succeeded', (operation, latest(t))
    assert latest(t)['runningStatus']['code'] == 'Completed' and latest(t)['testudo']['batch'] == 3, latest(t)
    expect_fewest(t, 2, since)
    # The client does notice what is down: each was.
    well, at = t.asker.fewest(since, time.monotonic())
    assert well < 3 and at >= began, (well, at - began)
    for guest in guests(t, NEW).values():
        assert guest.expect_standard()['firmware'] == 'bios' and guest.swtpm() is None
    t.asker.stop()


suite.main()
