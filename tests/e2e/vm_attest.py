"""Boot integrity of real VMs: what is attested, what a baseline is, and which component a changed disk is named for."""

import json
import os
import shutil
import subprocess

from lib import bodies
from lib.attested import Attested, components, extension_profile
from lib.cli import run
from lib.guest import Guest
from lib.os_disk import changed_disk
from lib.suite import Suite
from lib.token import verified
from lib.wait import until

suite = Suite(driver='qemu', start=False, chained=True)
ON = '-g e2e -n proven'


def instance(t, instance_id='0'):
    return Attested(t, 'proven', instance_id)


@suite.test('without a reference a boot that is proven is not judged')
def _(t):
    key = t.room.file('state.key', 'c0ffee' * 10 + '0123\n')
    os.chmod(key, 0o600)
    t.daemon = t.new_daemon(options=['--state-key', key]).start()
    t.arm = t.new_arm()
    t.arm.done(t.arm.put(t.arm.set('proven'), bodies.scale_set(
        1, bodies.TRUSTED_SIZE, bodies.image('gen2'), bodies.trusted(), extensionProfile=extension_profile())).expect(201))
    found = instance(t).expect('NotJudged')
    assert found['code'] == 'noReference' and found['lastVerifiedAt'] and found['vTpm']['attestationKeyBoundAt'], found
    guest = Guest(t, 'proven')
    guest.expect_trusted()
    # Encrypted, by a key of its own.
    assert os.path.exists(os.path.join(guest.folder, 'vtpm', 'state-key')), os.listdir(guest.folder)


@suite.test('approved, it is the reference of its image')
def _(t):
    found = instance(t).approve()
    assert found['reference'].startswith('Testudo:mini:gen2:1.0.0'), found
    assert 'reason' not in found, found


@suite.test('the root of the vTPM CA can be taken away: nothing needs it to make vTPMs')
def _(t):
    authority = run(t.daemon, 'testudo ca show -o json').expect().json['properties']
    assert authority['rootKeyHere'] and [one['subject'].rsplit(' ', 1)[0] for one in authority['certificates']] == [
        'CN=Testudo root CA', 'CN=Testudo issuing CA'], authority
    os.rename(os.path.join(t.daemon.state_dir, 'ca/vtpm/swtpm-localca-rootca-privkey.pem'), os.path.join(t.room.path, 'root.key'))
    assert run(t.daemon, 'testudo ca show -o json').expect().json['properties']['rootKeyHere'] is False


@suite.test('a fresh instance of the image passes, with a vTPM of its own')
def _(t):
    ahead = os.path.join(t.daemon.state_dir, 'vtpm-ahead')
    before = set(os.listdir(ahead))
    t.arm.done(t.arm.patch(t.arm.set('proven'), {'sku': {'capacity': 2}}))
    first, second = instance(t).now(), instance(t, '1').expect('Healthy')
    assert first['vTpm']['endorsementKeySha256'] != second['vTpm']['endorsementKeySha256']
    assert first['eventLogSha256'] == second['eventLogSha256'], (first, second)
    # The one that it took was made up for, without the root's key.
    until(lambda: any(not name.endswith('.new') for name in set(os.listdir(ahead)) - before), 'another vTPM made ahead', 60)


@suite.test('the evidence is verified without the daemon')
def _(t):
    one, other = instance(t).evidence('evidence0'), instance(t, '1').evidence('evidence1')
    ca = t.room.file('ca.pem', run(t.daemon, 'testudo ca chain').expect().out)
    verdict = json.loads(run(t.daemon, f'testudo attest verify-file {other} --reference {one} --ca {ca} -o json').expect().out)
    assert verdict['verdict'] == 'Healthy' and 'is certified' in verdict['identity'], verdict
    exchanged = shutil.copytree(other, os.path.join(t.room.path, 'exchanged'))
    shutil.copy(os.path.join(one, 'ek-rsa.crt.der'), exchanged)
    verdict = run(t.daemon, f'testudo attest verify-file {exchanged} --reference {one} --ca {ca} -o json').expect(1).json
    assert verdict['verdict'] == 'NotAttested' and 'another endorsement key' in verdict['reason'], verdict
    certificate = os.path.join(other, 'ek-rsa.crt.der')
    certified = subprocess.run(['openssl', 'verify', '-CAfile', ca, certificate], capture_output=True, text=True, check=False)
    assert certified.returncode == 0, certified


@suite.test('it gets a token that others verify by the keys that the daemon shows')
def _(t):
    token = run(t.daemon, f'testudo attest token {ON} --instance-id 1 --nonce 5f3c0c2e -o tsv').expect().out.strip()
    claims = verified(token, t.daemon.url, t.daemon.https(''), t.room.path, '5f3c0c2e')
    assert claims['secureboot'] is True and claims['x-testudo-ek-sha256'] == instance(t, '1').now()['vTpm']['endorsementKeySha256'], claims


@suite.test('a guest asks for its own token by its port, and gets no other')
def _(t):
    ask = ('for p in /run/testudo/bin /var/lib/testudo/bin; do test -x $p/testudo-guest && exec $p/testudo-guest token --nonce own-7; done; '
           'echo no testudo-guest')
    said = Guest(t, 'proven', '1').run(ask)
    claims = verified(said.strip(), t.daemon.url, t.daemon.https(''), t.room.path, 'own-7')
    assert claims['sub'].endswith('/virtualMachineScaleSets/proven/virtualMachines/1'), claims


def alerts(t, kind):
    """Those of this kind that are not over, by instance id."""
    listed = run(t.daemon, 'testudo alert list -o json').expect().json
    return {alert['properties']['compromisedEntity'].rsplit('/', 1)[1]: alert['properties'] for alert in listed
            if alert['properties']['alertType'] == kind and alert['properties']['status'] == 'Active'}


@suite.test('a module that the kernel refuses is an alert of low severity')
def _(t):
    # Its signature ends with a mark of 28 bytes: without it there is none.
    said = Guest(t, 'proven', '1').run('module=/modules/$(tail -n 1 /modules/order); size=$(stat -c %s $module); '
                                       'head -c $((size - 28)) $module >/tmp/unsigned.ko; insmod /tmp/unsigned.ko 2>&1 || echo refused')
    assert said.endswith('refused'), said
    run(t.daemon, f'testudo attest now {ON} --instance-id 1').expect()
    found = until(lambda: alerts(t, 'Testudo.BootIntegrity.KernelModuleRefused').get('1'), 'the alert', 60)
    # Debian's kernel says why, and not which.
    assert found['severity'] == 'Low' and 'one that the kernel does not name' in found['description'], found


# ---- a stopped instance's disk is changed, with Secure Boot off: nothing keeps it from booting ----

def stopped(t, power):
    t.arm.done(t.arm.post(f'{t.arm.set("proven")}/{power}', {'instanceIds': ['0']}))


def changed(t):
    return changed_disk(t, Guest(t, 'proven'), lambda power: stopped(t, power))


@suite.test('with Secure Boot off nothing passes, and it says so')
def _(t):
    off = bodies.edit(security={'uefiSettings': {'secureBootEnabled': False}})
    t.arm.done(t.arm.patch(t.arm.set('proven'), off))
    t.arm.done(t.arm.post(t.arm.set('proven') + '/manualupgrade', {'instanceIds': ['0']}))
    found = instance(t).expect('NotAttested')
    assert found['code'] == 'secureBootOff', found
    assert (7, 'SecureBoot') in components(found), found
    refused = run(t.daemon, f'testudo attest token {ON} --instance-id 0 --nonce n').expect(1)
    assert 'NotAttested (secureBootOff)' in refused.err, refused.err


@suite.test('a changed GRUB is named')
def _(t):
    with changed(t) as (esp, boot):
        grub = bytearray(esp.read('/EFI/BOOT/grubx64.efi'))
        at = grub.index(b'GRUB ')
        grub[at] ^= 0x20
        esp.write('/EFI/BOOT/grubx64.efi', bytes(grub))
        boot()
        found = instance(t).expect('Deviation')
        assert found['reason'].startswith('PCR 4: \\EFI\\BOOT\\grubx64.efi has digest '), found


@suite.test('a changed grub.cfg is named, and the kernel command line in it')
def _(t):
    with changed(t) as (esp, boot):
        text = esp.read('/EFI/debian/grub.cfg')
        assert b'console=ttyS0' in text, text
        esp.write('/EFI/debian/grub.cfg', text.replace(b'console=ttyS0', b'console=ttyS0 quiet'))
        boot()
        found = instance(t).expect('Deviation')
        names = components(found)
        assert (8, 'kernel_cmdline') in names and (9, '(hd0,gpt1)/EFI/debian/grub.cfg') in names, found
        assert found['reason'].startswith('PCR '), found


@suite.test('a changed initrd is named')
def _(t):
    with changed(t) as (esp, boot):
        # A second archive in it, which is empty.
        esp.write('/initrd.gz', esp.read('/initrd.gz') + bytes(512))
        boot()
        found = instance(t).expect('Deviation')
        assert found['reason'].startswith('PCR 9: (hd0,gpt1)/initrd.gz has digest '), found


@suite.test('in quarantine it stands still, cut off, and another one comes in its place')
def _(t):
    profile = {'extensionProfile': extension_profile(onDeviation='quarantine')}
    t.arm.done(t.arm.patch(t.arm.set('proven'), {'properties': {'virtualMachineProfile': profile}}))
    t.arm.done(t.arm.post(t.arm.set('proven') + '/manualupgrade', {'instanceIds': ['0']}))
    guest = Guest(t, 'proven')
    disk, made = os.path.join(guest.folder, 'os.qcow2'), os.path.join(t.room.path, 'changed', 'os.raw.qcow2')
    stopped(t, 'poweroff')
    # As the last one left it: with the initrd that is another one.
    shutil.copyfile(made, disk)
    stopped(t, 'start')

    def quarantined():
        listed = run(t.daemon, f'testudo vmss quarantine list {ON} -o json').expect().json
        return listed[0] if listed else None
    held = until(quarantined, 'instance 0 to be quarantined', 120)
    assert held['instanceId'] == '0', held
    until(lambda: '2' in t.arm.instances('proven'), 'another one in its place', 120)
    # Made by the model, which has Secure Boot off by now: that is no deviation, and nobody follows it.
    until(lambda: instance(t, '2').now().get('code') == 'secureBootOff', 'the other one to be attested', 120)
    assert run(t.daemon, f'testudo vmss health {ON} --instance-id 0 -o tsv').expect().out.startswith('Unavailable\tIn quarantine')
    guest.expect_still()
    run(t.daemon, f'testudo vmss quarantine delete {ON} --instance-id 0 --yes').expect()
    until(lambda: '0' not in t.arm.instances('proven'), 'instance 0 to be gone', 120)


suite.main()
