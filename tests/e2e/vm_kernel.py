"""Another kernel that the same vendor signed, on the disk of a stopped instance: with Secure Boot on and off, and by both policies
of what a boot may differ in; and a changed GRUB, which Secure Boot refuses."""

import glob
import hashlib
import json
import os
import re
import shutil
import subprocess

from lib import bodies
from lib.attested import Attested, components, extension_profile
from lib.cli import run
from lib.daemon import BUILD
from lib.guest import Guest
from lib.images import built_images
from lib.os_disk import esp_of, put_back
from lib.suite import Suite

ON = '-g e2e -n kernels'
IMAGE = 'mini-gen2-1.0.0'
KERNEL = '(hd0,gpt1)/vmlinuz'


def fetched(package, folder):
    """Unpacked from apt into FOLDER/PACKAGE, once; None where apt has it not."""
    there = os.path.join(folder, package)
    if not os.path.exists(there):
        shutil.rmtree(there + '.new', ignore_errors=True)
        os.makedirs(there + '.new')
        got = subprocess.run(['apt-get', '-q', 'download', package], cwd=there + '.new', capture_output=True, text=True, check=False)
        if got.returncode != 0:
            return None
        (file,) = glob.glob(os.path.join(there + '.new', '*.deb'))
        subprocess.run(['dpkg-deb', '-x', file, there + '.new'], check=True)
        os.rename(there + '.new', there)
    return there


def other_kernel():
    """The newest other kernel of the image's kind, as Debian signed it: the folder that it is in. None: apt has none."""
    own = [os.path.basename(file).split('_')[0] for file in glob.glob(os.path.join(built_images(), '.cache', 'linux-image-*.deb'))]
    known = subprocess.run(['apt-cache', 'pkgnames', 'linux-image-6.1.0-'], capture_output=True, text=True, check=False).stdout.split()
    packages = [name for name in known if re.fullmatch(r'linux-image-6\.1\.0-\d+-cloud-amd64', name) and name not in own]
    for package in sorted(packages, reverse=True):
        there = fetched(package, os.path.join(BUILD, 'images', '.cache'))
        if there:
            return there
    return None


other = other_kernel()
suite = Suite(driver='qemu', start=False, chained=True,
              unless=None if other else 'apt has no other signed kernel of the image\'s kind (apt-get update)')


def for_both(initrd, scratch):
    """The initrd with the modules of the other kernel besides; each kernel refuses those of the other."""
    tree = os.path.join(scratch, 'tree')
    os.makedirs(os.path.join(tree, 'modules'))
    unpacked = subprocess.run(['gunzip'], input=initrd, capture_output=True, check=True).stdout
    order = subprocess.run(['cpio', '-i', '--to-stdout', '--quiet', 'modules/order', './modules/order'], input=unpacked,
                           capture_output=True, check=True).stdout.decode().split()
    mine = []
    for module in order:
        for path in glob.glob(f'{other}/lib/modules/*/kernel/**/{module}', recursive=True)[:1]:
            mine.append('other-' + module)
            shutil.copyfile(path, os.path.join(tree, 'modules', mine[-1]))
    with open(os.path.join(tree, 'modules', 'order'), 'w', encoding='ascii') as file:
        file.write(''.join(f'{module}\n' for module in order + mine))
    files = '\n'.join(['modules', 'modules/order', *(f'modules/{module}' for module in mine)])
    archive = subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet'], cwd=tree, input=files.encode(), capture_output=True, check=True).stdout
    return initrd + subprocess.run(['gzip', '-n'], input=archive, capture_output=True, check=True).stdout


def image_for_both(t):
    """The built image, with such an initrd; as a folder of images."""
    folder = os.path.join(t.room.path, 'images')
    os.makedirs(folder)
    esp = esp_of(os.path.join(built_images(), IMAGE + '.qcow2'), os.path.join(t.room.path, 'made'))
    esp.write('/initrd.gz', for_both(esp.read('/initrd.gz'), t.room.path))
    disk = os.path.join(folder, IMAGE + '.qcow2')
    put_back(esp, disk)
    with open(os.path.join(built_images(), IMAGE + '.json'), encoding='utf-8') as file:
        definition = json.load(file)
    with open(disk, 'rb') as file:
        definition['sha256'] = hashlib.sha256(file.read()).hexdigest()
    with open(os.path.join(folder, IMAGE + '.json'), 'w', encoding='utf-8') as file:
        json.dump(definition, file)
    return folder


def instance(t):
    return Attested(t, 'kernels')


def power(t, what):
    t.arm.done(t.arm.post(f'{t.arm.set("kernels")}/{what}', {'instanceIds': ['0']}))


def extension(**settings):
    return {'extensionProfile': extension_profile(**settings)}


def change(t, profile):
    t.arm.done(t.arm.patch(t.arm.set('kernels'), {'properties': {'virtualMachineProfile': profile}}))
    t.arm.done(t.arm.post(t.arm.set('kernels') + '/manualupgrade', {'instanceIds': ['0']}))


def secure_boot(on):
    return bodies.edit(security={'uefiSettings': {'secureBootEnabled': on}})['properties']['virtualMachineProfile']


def esp_of_instance(t):
    return esp_of(os.path.join(Guest(t, 'kernels').folder, 'os.qcow2'), os.path.join(t.room.path, 'changed'))


def write_back(t, esp):
    put_back(esp, os.path.join(Guest(t, 'kernels').folder, 'os.qcow2'))


@suite.test('a boot of the image is approved')
def _(t):
    t.daemon = t.new_daemon(images=False, options=['--images', image_for_both(t)]).start()
    t.arm = t.new_arm()
    t.arm.done(t.arm.put(t.arm.set('kernels'), bodies.scale_set(
        1, bodies.TRUSTED_SIZE, bodies.image('gen2'), bodies.trusted(), **extension())).expect(201))
    instance(t).becomes('NotJudged', 'noReference')
    instance(t).approve()


@suite.test('another kernel of the same vendor boots with Secure Boot on, and is a deviation that names it and nothing else')
def _(t):
    power(t, 'poweroff')
    esp = esp_of_instance(t)
    (kernel,) = glob.glob(f'{other}/boot/vmlinuz-*')
    with open(kernel, 'rb') as file:
        esp.write('/vmlinuz', file.read())
    write_back(t, esp)
    power(t, 'start')
    found = instance(t).becomes('Deviation', 'deviation')
    assert found['reason'].startswith(f'PCR 9: {KERNEL} has digest '), found
    assert components(found) == {(9, KERNEL), (4, 'an image from memory')}, found
    version = Guest(t, 'kernels').run('uname -r')
    assert version in os.path.basename(kernel), (version, kernel)


@suite.test('the policy vendorSigned accepts it at once, and says so')
def _(t):
    change(t, extension(baselinePolicy='vendorSigned'))
    found = instance(t).becomes('Healthy', 'vendorSigned')
    assert {item['acceptedBy'] for item in found['components']} == {'vendorSigned'} and len(found['components']) == 4, found
    assert found['reason'].endswith("by the certificate of 'Debian Secure Boot CA'."), found


@suite.test('files say the same without the daemon')
def _(t):
    evidence, baseline = instance(t).evidence('evidence'), os.path.join(t.room.path, 'baseline.json')
    run(t.daemon, f'testudo attest baseline export --id 1 --file {baseline}').expect()
    exact = run(t.daemon, f'testudo attest verify-file {evidence} --reference {baseline} -o json').expect(1).json
    accepted = run(t.daemon, f'testudo attest verify-file {evidence} --reference {baseline} --policy vendorSigned -o json').expect().json
    assert (exact['verdict'], accepted['verdict']) == ('Deviation', 'Healthy'), (exact, accepted)


@suite.test('with Secure Boot off it is a deviation that names the kernel, by that policy too')
def _(t):
    change(t, secure_boot(False))
    found = instance(t).becomes('Deviation', 'deviation')
    assert found['reason'].startswith(f'PCR 9: {KERNEL} has digest '), found
    assert not any('acceptedBy' in item for item in found['components']), found


@suite.test('with Secure Boot on a changed GRUB does not boot, and is reported as refused')
def _(t):
    power(t, 'poweroff')
    esp = esp_of_instance(t)
    grub = bytearray(esp.read('/EFI/BOOT/grubx64.efi'))
    grub[grub.index(b'GRUB ')] ^= 0x20
    esp.write('/EFI/BOOT/grubx64.efi', bytes(grub))
    write_back(t, esp)
    change(t, secure_boot(True))
    error = t.arm.ended(t.arm.post(t.arm.set('kernels') + '/start', {'instanceIds': ['0']}))['error']
    loader = r'\EFI\BOOT\grubx64.efi'
    assert error['code'] == 'SecureBootValidationFailed' and loader in error['message'], error
    guest = Guest(t, 'kernels')
    assert 'Linux version' not in guest.serial(), guest.serial()
    assert guest.health()['code'] == 'HealthState/unhealthy' and loader in guest.health()['message'], guest.health()
    said = run(t.daemon, f'testudo vmss health {ON} --instance-id 0 -o tsv').expect().out
    assert said.startswith('Unavailable\tNot booted: Secure Boot validation failed'), said


suite.main()
