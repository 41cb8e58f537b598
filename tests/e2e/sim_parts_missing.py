"""The driver for real VMs without one of its parts: what needs it is refused, or fails with an error that names it.
Nothing boots here: what is missing is met before that."""

import os
import shutil

from lib import bodies
from lib.daemon import Ended
from lib.suite import Suite

suite = Suite(driver='qemu', start=False, small_images=True)


def failed_create(t, arm, name, body, code, *words):
    """The set is there, its operation and its instance have failed, and both say the same."""
    operation = arm.ended(arm.put(arm.set(name), body).expect(201))
    assert operation['status'] == 'Failed', operation
    instance = arm.instances(name)['0']
    assert instance['properties']['provisioningState'] == 'Failed', instance
    status = [entry for entry in instance['properties']['instanceView']['statuses'] if entry['code'].startswith('ProvisioningState/')]
    for said in (operation['error']['code'] + ' ' + operation['error']['message'], status[0]['code'] + ' ' + status[0]['message']):
        missing = [word for word in (code, *words) if word.lower() not in said.lower()]
        assert not missing, f'{missing} not in: {said}'
    assert t.daemon.alive()


def up(t, *options):
    t.daemon = t.new_daemon(options=options, images=False)
    t.daemon.start(extra=['--images', t.images])
    arm = t.new_arm(t.daemon)
    arm.poll_s, arm.deadline_s = 0.05, 60
    return arm


def trusted_set():
    return bodies.scale_set(1, bodies.TRUSTED_SIZE, bodies.image('gen2'), bodies.trusted())


@suite.test('swtpm missing at start: Trusted launch is refused with the packages to install, and the host says what it lacks')
def _(t):
    arm = up(t, '--swtpm', '/no/such/swtpm')
    host = arm.get(f'{arm.root}/providers/Testudo.Host/hosts/local').expect(200).content.decode()
    assert '/no/such/swtpm' in host, host
    message = arm.put(arm.set('tpm'), trusted_set()).expect_error(409, 'OperationNotAllowed')['message']
    assert 'swtpm-tools' in message, message
    arm.get(arm.set('tpm')).expect(404)
    t.daemon.stop()


@suite.test('swtpm gone while the daemon runs: the instance fails with its name')
def _(t):
    link = t.room.file('swtpm')
    os.symlink(shutil.which('swtpm'), link)
    arm = up(t, '--swtpm', link)
    os.unlink(link)
    failed_create(t, arm, 'tpm', trusted_set(), 'VTpmFailed', link)
    t.daemon.stop()


@suite.test('the image file missing: a new instance fails with the image named')
def _(t):
    arm = up(t)
    images = os.path.join(t.daemon.state_dir, 'images')
    aside = {name: t.room.file('aside-' + name) for name in os.listdir(images)}
    for name, path in aside.items():
        os.rename(os.path.join(images, name), path)
    failed_create(t, arm, 'lost', bodies.scale_set(1), 'ImageUnusable', 'Testudo:mini:gen1:1.0.0')


@suite.test('QEMU missing: the daemon says which package it is in, and does not start')
def _(t):
    daemon = t.new_daemon(options=['--qemu', '/no/such/qemu'], images=False)
    try:
        daemon.start()
        raise AssertionError('it started without QEMU')
    except Ended as ended:
        assert '/no/such/qemu' in ended.text and 'qemu-system-x86' in ended.text, ended.text


suite.main()
