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
    t.arm.done(t.arm.delete(t.arm.set('unsigned')))


@suite.test('the unhealthy image boots, and its health page says 503')
def _(t):
    t.arm.done(create(t, 'sick', bodies.image('gen2', '1.2.0-unhealthy')))
    guest = Guest(t, 'sick')
    assert guest.http() == (503, '{"ApplicationHealthState":"Unhealthy"}\n')


suite.main()
