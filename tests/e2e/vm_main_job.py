"""The main job on real VMs: three instances from Standard to Trusted launch, one after the other, and back."""

import socket

from lib import bodies
from lib.arm import Arm, power
from lib.guest import Guest
from lib.suite import Suite
from lib.wait import until

suite = Suite(driver='qemu', chained=True)
IDS = ('0', '1', '2')


def guests(t):
    return {number: Guest(t, 'web', number) for number in IDS}


@suite.test('three Standard instances of an A size and a generation 1 image boot')
def _(t):
    t.arm.done(t.arm.put(t.arm.set('web'), bodies.scale_set(3, osProfile={'computerNamePrefix': 'web'})).expect(201))
    assert [power(instance) for instance in t.arm.instances('web').values()] == ['running'] * 3


@suite.test('each is Standard from the inside, under its own name')
def _(t):
    names = set()
    for number, guest in guests(t).items():
        facts = guest.expect_standard()
        assert facts['firmware'] == 'bios', facts
        assert facts['name'] == t.arm.instances('web')[number]['properties']['osProfile']['computerName'], facts
        names.add(facts['name'])
    assert len(names) == 3, names


@suite.test('the kernel log and then the banner are on the serial console')
def _(t):
    for guest in guests(t).values():
        kernel, banner = guest.serial().split('testudo-image ', 1)
        assert 'Linux version' in kernel and len(kernel.splitlines()) > 100
        assert banner.startswith('Testudo:mini:gen1:1.0.0 secureboot=off tpm=none name=web'), banner


def assessed(t, number):
    return t.arm.post(f'{t.arm.set("web")}/virtualMachines/{number}/assess', None).expect(200).body


@suite.test('before the upgrade each is looked into, and told apart is what is fine from what was not seen')
def _(t):
    for number in IDS:
        answer = assessed(t, number)
        assert (answer['instanceId'], answer['secureBoot'], answer['tpm']) == (number, 'none', False), answer
        assert answer['refused'] == [] and answer['lockedOut'] == [], answer
        kinds = {finding['kind'] for finding in answer['notSeen']}
        assert {'Firmware', 'Kernel', 'BootLoader'} <= kinds, answer


@suite.test('the health page of a guest answers on a loopback port of the host')
def _(t):
    assert guests(t)['0'].http() == (200, '{"ApplicationHealthState":"Healthy"}\n')
    assert guests(t)['0'].http('/nothing')[0] == 404


@suite.test('a guest reaches no listener on the loopback of the host')
def _(t):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        # 10.0.2.2 is the user-mode network's name for the host.
        out = guests(t)['0'].run(f'ip addr show eth0 | grep -q "inet 10.0.2." && echo network; '
                                 f'timeout 5 nc -w 4 10.0.2.2 {port} </dev/null && echo reached', code=None)
        assert out == 'network', out
        # The listener does hear what comes from the host itself, and that is the first that it hears.
        with socket.create_connection(('127.0.0.1', port)) as own:
            listener.settimeout(5)
            heard, peer = listener.accept()
            heard.close()
            assert peer == own.getsockname(), peer


@suite.test('size, then image, then security type change the model, and no instance')
def _(t):
    before = {number: (guest.qemu(), guest.facts()['boot']) for number, guest in guests(t).items()}
    t.arm.patch(t.arm.set('web'), bodies.edit(security=bodies.trusted())).expect_error(400, 'BadRequest')
    for edit in (bodies.edit(size=bodies.TRUSTED_SIZE), bodies.edit(image_reference=bodies.image('gen2')),
                 bodies.edit(security=bodies.trusted())):
        t.arm.done(t.arm.patch(t.arm.set('web'), edit))
    assert not any(instance['properties']['latestModelApplied'] for instance in t.arm.instances('web').values())
    assert {number: (guest.qemu(), guest.facts()['boot']) for number, guest in guests(t).items()} == before


@suite.test('instance after instance comes to Trusted launch while the others run on')
def _(t):
    for number in IDS:
        others = {other: guest.qemu() for other, guest in guests(t).items() if other != number}
        t.arm.done(t.arm.post(t.arm.set('web') + '/manualupgrade', {'instanceIds': [number]}))
        assert {other: guest.qemu() for other, guest in guests(t).items() if other != number} == others
        guest = guests(t)[number]
        assert guest.expect_trusted()['firmware'] == 'uefi'
        assert guest.instance()['latestModelApplied'] and guest.swtpm()
    guest.run("mkdir -p /etc /boot/efi && echo 'data UUID=2 none luks,tpm2-device=auto' >/etc/crypttab && mount -t vfat /dev/vda1 /boot/efi")
    answer = assessed(t, guest.id)
    guest.run('umount /boot/efi')
    assert (answer['secureBoot'], answer['tpm'], answer['refused']) == ('on', True, []), answer
    assert [finding['name'] for finding in answer['lockedOut']] == ['data'], answer
    assert not [finding for finding in answer['notSeen'] if finding['kind'] == 'BootLoader' and 'name' in finding], answer


@suite.test('each vTPM is one of its own: no two have the same endorsement key')
def _(t):
    # TPM2_ReadPublic of the endorsement key that was made with the vTPM, by raw bytes.
    read = 'exec 3<>/dev/tpmrm0; echo 80010000000e0000017381010001 | xxd -r -p >&3; dd bs=4096 count=1 <&3 2>/dev/null | sha256sum'
    keys = [guest.run(read) for guest in guests(t).values()]
    assert len(set(keys)) == 3, keys


@suite.test('boot diagnostics: the serial log of this boot alone and a picture of the screen, by signed addresses')
def _(t):
    uris = Arm(t.daemon.https()).post(guests(t)['1'].path + '/retrieveBootDiagnosticsData').expect(200).body
    assert all(uri.startswith(t.daemon.url + '/') for uri in uris.values()), uris
    for rest in (t.daemon.https(), t.daemon.https(token='')):
        log = rest.call('GET', uris['serialConsoleLogBlobUri']).expect(200).content.decode(errors='replace')
        assert 'SYSLINUX' not in log and log.count('Linux version') == 1, log[:2000]
        assert 'testudo-image Testudo:mini:gen2:1.0.0 secureboot=on tpm=2.0 name=web' in log, log[-2000:]
        screen = rest.call('GET', uris['consoleScreenshotBlobUri'] + '&api-version=2024-07-01').expect(200)
        assert screen.headers['Content-Type'] == 'image/png' and screen.content.startswith(b'\x89PNG\r\n\x1a\n')
    forged = uris['serialConsoleLogBlobUri'].replace('sig=', 'sig=0')
    t.daemon.https(token='').call('GET', forged).expect_error(403, 'AuthorizationFailed')


@suite.test('all go back to Standard, shown from the inside, and the vTPMs are gone')
def _(t):
    t.arm.done(t.arm.patch(t.arm.set('web'), bodies.roll_back()))
    upgrade, all_of_them = t.arm.set('web') + '/manualupgrade', {'instanceIds': ['*']}
    # One of them said that it has a volume which its vTPM opens.
    refused = t.arm.post(upgrade, all_of_them).expect(409).body['error']['message']
    assert "'data'" in refused, refused
    t.arm.done(t.arm.post(upgrade + '?acknowledgeDataLoss=true', all_of_them))
    for guest in guests(t).values():
        assert guest.expect_standard()['firmware'] == 'bios'
        assert guest.swtpm() is None


@suite.test('a guest powers off by its agent alone, by the power button alone, and by itself')
def _(t):
    agent, button, itself = guests(t).values()
    agent.run('killall acpid')
    # What the agent calls to shut down.
    button.run('ln -sf /bin/true /sbin/shutdown')
    for guest in (agent, button):
        guest.action('poweroff')
    itself.run('(sleep 1; kill -USR2 1) >/dev/null 2>&1 &')
    until(lambda: 'PowerState/stopped' in itself.statuses(), 'the guest that powers itself off to be seen as stopped')
    for guest in (agent, button, itself):
        # By force there would be no such word.
        assert 'reboot: Power down' in guest.serial(), guest.serial()[-500:]
        assert 'PowerState/stopped' in guest.statuses() and guest.qemu() is None


suite.main()
