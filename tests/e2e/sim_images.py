"""Importing images that are not what they say, and images that go missing afterwards."""

import os
import struct
import subprocess

from lib import bodies
from lib.images import definition
from lib.suite import Suite

suite = Suite()


def disk(t, name, kind, *options, size='1M'):
    path = t.room.file(name)
    subprocess.run(['qemu-img', 'create', '-q', '-f', kind, *options, path, size], check=True)
    return path


def ask(t, source, version, kind='qcow2', **more):
    named = {**definition('imported', version, 'V2', 'TrustedLaunchSupported', 'x'), 'format': kind, **more}
    del named['file']
    return t.arm.post(f'{t.arm.root}/providers/Testudo.Images/import', {'source': source, 'definition': named})


def versions(t):
    listed = t.arm.get(f'{t.arm.here}/publishers/Testudo/artifacttypes/vmimage/offers/mini/skus/imported/versions')
    return [] if listed.status == 404 else [version['name'] for version in listed.expect(200).body]


def stored(t):
    return sorted(os.listdir(os.path.join(t.daemon.state_dir, 'images')))


def refused(t, answer, *words, status=400, code='InvalidParameter'):
    message = answer.expect_error(status, code)['message']
    missing = [word for word in words if word not in message]
    assert not missing, f'{missing} not in: {message}'
    assert versions(t) == t.known and stored(t) == t.stored, 'something of it was taken in'


@suite.test('every format that is named is taken in, read-only, with its sum')
def _(t):
    for number, (kind, name, options) in enumerate((('qcow2', 'qcow2', []), ('raw', 'raw', []), ('VHD', 'vpc', []),
                                                    ('VHDX', 'vhdx', []))):
        image = ask(t, disk(t, f'good.{name}', name, *options), f'1.0.{number}', kind).expect(201).body
        assert len(image['sha256']) == 64, image
        file = [name for name in stored(t) if name.startswith(image['sha256'])]
        assert len(file) == 1 and os.stat(os.path.join(t.daemon.state_dir, 'images', file[0])).st_mode & 0o777 == 0o444
    t.known, t.stored = versions(t), stored(t)
    assert t.known == ['1.0.0', '1.0.1', '1.0.2', '1.0.3']


@suite.test('an image with a backing file or an external data file is refused with the way out')
def _(t):
    base = disk(t, 'base.qcow2', 'qcow2')
    backed = disk(t, 'backed.qcow2', 'qcow2', '-b', base, '-F', 'qcow2')
    refused(t, ask(t, backed, '2.0.0'), 'backing file', 'qemu-img convert')
    data = disk(t, 'data.qcow2', 'qcow2', '-o', f'data_file={t.room.file("data.raw")}')
    refused(t, ask(t, data, '2.0.0'), 'data file', 'qemu-img convert')


@suite.test('a backing file that the header hides from a first look is refused too')
def _(t):
    path = disk(t, 'vmdk-as-raw.vmdk', 'vmdk')
    refused(t, ask(t, path, '2.0.0', 'VHDX'), 'VHDX')
    parent = disk(t, 'parent.vpc', 'vpc')
    with open(parent, 'r+b') as file:
        # A differencing disk (type 4 in the footer) stands on another file.
        file.seek(-512 + 60, os.SEEK_END)
        file.write(struct.pack('>I', 4))
    refused(t, ask(t, parent, '2.0.0', 'VHD'), 'differencing')


@suite.test('a format other than the one named, and one that is none, are refused')
def _(t):
    qcow2 = disk(t, 'named.qcow2', 'qcow2')
    refused(t, ask(t, t.room.file('text', 'x' * 4096), '2.0.0'), 'qcow2')
    refused(t, ask(t, qcow2, '2.0.0', 'VHD'), 'VHD')
    refused(t, ask(t, qcow2, '2.0.0', 'vmdk'), 'vmdk', 'qcow2', 'raw')


@suite.test('a qcow2 that is cut short or whose size is absurd is refused')
def _(t):
    whole = disk(t, 'whole.qcow2', 'qcow2')
    with open(whole, 'rb') as file:
        head = bytearray(file.read(65536 * 4))
    refused(t, ask(t, t.room.file('short.qcow2', bytes(head[:80])), '2.0.0'), 'qcow2')
    head[24:32] = struct.pack('>Q', 1 << 62)
    refused(t, ask(t, t.room.file('huge.qcow2', bytes(head)), '2.0.0'))


@suite.test('a file that is missing, a folder, a device, a relative path and another sum are named')
def _(t):
    refused(t, ask(t, '/no/such/file', '2.0.0'), '/no/such/file')
    refused(t, ask(t, t.room.path, '2.0.0'), t.room.path)
    refused(t, ask(t, '/dev/zero', '2.0.0', 'raw'), '/dev/zero', 'regular file')
    refused(t, ask(t, 'here.qcow2', '2.0.0'), 'absolute path')
    refused(t, ask(t, disk(t, 'sum.qcow2', 'qcow2'), '2.0.0', sha256='0' * 64), 'SHA-256')


@suite.test('a version that is there is never replaced')
def _(t):
    refused(t, ask(t, disk(t, 'again.qcow2', 'qcow2', size='3M'), '1.0.0'), '1.0.0', status=409, code='Conflict')


@suite.test('an image that does not exist is a refusal of the model, and names it')
def _(t):
    error = t.arm.put(t.arm.set('none'), bodies.scale_set(image_reference=bodies.image('no-such-sku')))
    assert 'no-such-sku' in error.expect_error(400, 'PlatformImageNotFound')['message']
    t.arm.get(t.arm.set('none')).expect(404)


@suite.test('an image that is in use cannot be deleted; one that is not can')
def _(t):
    path = f'{t.arm.here}/publishers/Testudo/artifacttypes/vmimage/offers/mini/skus/imported/versions/1.0.'
    t.arm.done(t.arm.put(t.arm.set('user'), bodies.scale_set(1, bodies.TRUSTED_SIZE, bodies.image('imported', '1.0.0'))))
    t.arm.delete(path + '0').expect_error(409, 'OperationNotAllowed')
    t.arm.delete(path + '1').expect(200)
    assert versions(t) == ['1.0.0', '1.0.2', '1.0.3']


suite.main()
