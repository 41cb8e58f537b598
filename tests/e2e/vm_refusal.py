"""A boot that Secure Boot refuses, and an application that is not well."""

import time

from lib import bodies
from lib.guest import Guest
from lib.suite import Suite
from lib.wait import SCALE, until

suite = Suite(driver='qemu')
LOADER = r'\EFI\BOOT\grubx64.efi'


def create(t, name, image, security=None):
    return t.arm.put(t.arm.set(name), bodies.scale_set(1, bodies.TRUSTED_SIZE, image, security)).expect(201)


def since_on_console(guest):
    """When shim's words were on the console, as soon as they are."""
    until(lambda: 'Security Violation' in guest.serial(), 'shim to refuse the loader', 240, 0.01)
    return time.monotonic()


@suite.test('an unsigned boot loader under Secure Boot is refused, and health says so within a second of the console')
def _(t):
    answer = create(t, 'unsigned', bodies.image('gen2-unsigned'), bodies.trusted())
    guest = Guest(t, 'unsigned')
    began = since_on_console(guest)
    health = until(lambda: guest.health() if guest.health()['code'] == 'HealthState/unhealthy' else None,
                   'health to say that the boot was refused', 30, 0.01)
    assert time.monotonic() - began < 1 * SCALE, f'{time.monotonic() - began:.2f} s'
    assert 'Secure Boot refused' in health['message'] and LOADER in health['message'], health
    assert 'ProvisioningState/failed/SecureBootValidationFailed' in str(list(guest.statuses())), guest.statuses()
    error = t.arm.ended(answer)['error']
    assert error['code'] == 'SecureBootValidationFailed' and LOADER in error['message'], error
    assert 'testudo-image' not in guest.serial() and 'Linux version' not in guest.serial()


@suite.test('the same instance boots with Secure Boot off')
def _(t):
    t.arm.done(t.arm.patch(t.arm.set('unsigned'), bodies.edit(security=bodies.trusted(secure_boot=False))))
    t.arm.done(t.arm.post(t.arm.set('unsigned') + '/manualupgrade', {'instanceIds': ['*']}))
    guest = Guest(t, 'unsigned')
    facts = guest.facts()
    assert (facts['secureboot'], facts['tpm']) == ('off', '2'), facts
    assert guest.health()['code'] == 'HealthState/healthy', guest.health()


@suite.test('the unhealthy image boots, and its health page says 503')
def _(t):
    t.arm.done(create(t, 'sick', bodies.image('gen2', '1.2.0-unhealthy')))
    guest = Guest(t, 'sick')
    assert guest.http() == (503, '{"ApplicationHealthState":"Unhealthy"}\n')


PUSHED = '/run/testudo/bin/testudo-guest'
EVENT = '602D9444-D2CD-49C7-8624-8643E7171297'


@suite.test('testudo-guest is put into a guest and says whether its application answers, by tcp, http and https')
def _(t):
    well, t.sick = Guest(t, 'unsigned'), Guest(t, 'sick')
    assert well.http()[0] == 200
    t.daemon.stop()
    asked = ('health http 8080 /health', 'health http 8080 /no-such-page', 'health tcp 8080', 'health tcp 8081',
             'health https 8443 /health', 'health https 8080 /health --timeout 3')
    answers = well.handler(*asked)
    healthy = '{"ApplicationHealthState":"Healthy"}\n'
    assert answers[:3] == [{'exit': 0, 'out': 'http 200 whole\n' + healthy},
                           {'exit': 0, 'out': 'http 404 whole\n{"error":"not found"}\n'}, {'exit': 0, 'out': 'tcp open\n'}], answers
    assert answers[3:5] == [{'exit': 1, 'out': 'failed refused\n'}] * 2, answers
    # A page that speaks no TLS.
    assert answers[5]['exit'] == 1 and answers[5]['out'] in ('failed tls-failed\n', 'failed timed-out\n'), answers
    answers = t.sick.handler('health http 8080 /health', 'health tcp 8080')
    assert answers == [{'exit': 0, 'out': 'http 503 whole\n{"ApplicationHealthState":"Unhealthy"}\n'},
                       {'exit': 0, 'out': 'tcp open\n'}], answers


@suite.test('a guest hears that it is to end, and approves it; what was put into it is there but once, for root alone')
def _(t):
    guest = t.sick
    answers = guest.handler(f'terminate-ack {EVENT}', f'terminate-notice {EVENT} 2026-11-23T22:51:54.000000Z sick_0',
                            f'terminate-ack {EVENT}')
    assert answers == [{'exit': 0, 'out': 'unknown\n'}, {'exit': 0, 'out': 'noticed\n'}, {'exit': 0, 'out': 'waiting\n'}], answers
    t.daemon.start()
    guest.await_agent()
    assert '"NotBefore":"Mon, 23 Nov 2026 22:51:54 GMT"' in guest.run('cat /run/testudo/scheduled-events.json')
    assert guest.run(f'{PUSHED} approve {EVENT}') == 'approved'
    assert guest.run('stat -c "%a %u" /run/testudo/bin /run/testudo/bin/testudo-guest; ls /run/testudo/bin') == \
        '700 0\n700 0\ntestudo-guest'
    # It vanishes under the next one.
    guest.run('rm -r /run/testudo/bin')
    t.daemon.stop()
    assert guest.handler(f'terminate-ack {EVENT}') == [{'exit': 0, 'out': 'approved\n'}]


suite.main()
