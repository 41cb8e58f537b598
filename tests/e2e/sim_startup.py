"""What can be wrong when testudod starts: it ends with an error that names it, touches nothing, and starts when it is mended."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess

from lib import bodies
from lib.arm import power
from lib.daemon import BUILD, Ended
from lib.images import definition
from lib.suite import Suite
from lib.wait import until

suite = Suite(start=False)


@suite.test('a state folder with a set to be kept')
def _(t):
    t.kept = t.new_daemon(images=False, state='kept')
    t.kept.start(extra=['--images', t.images])
    arm = t.new_arm(t.kept)
    arm.done(arm.put(arm.set('web'), bodies.scale_set(capacity=2)))
    t.before = {number: instance['id'] for number, instance in arm.instances('web').items()}
    t.kept.stop()


def refused(t, *words, extra=(), code=1, environment=None):
    """It does not start, says why in one line with all of WORDS, and starts again without `extra` as if nothing had been."""
    try:
        t.kept.start(extra=extra, environment=environment)
    except Ended as ended:
        said = [line for line in ended.text.splitlines() if line.startswith('testudod: ')]
        assert ended.code == code, f'it ended with {ended.code}, not {code}: {ended.text}'
        assert len(said) == 1, f'not one line that begins with "testudod: ": {ended.text}'
        missing = [word for word in words if word not in said[0]]
        assert not missing, f'{missing} not in: {said[0]}'
        return
    t.kept.stop()
    raise AssertionError(f'it started although it should have said {words}')


def beside(t):
    """What a daemon on the kept state folder says and ends with."""
    return subprocess.run([os.path.join(BUILD, 'testudod'), '--state-dir', t.kept.state_dir, '--driver', 'simulated'],
                          capture_output=True, text=True, timeout=60, check=False)


def unharmed(t):
    t.kept.start()
    arm = t.new_arm(t.kept)
    instances = arm.instances('web')
    assert {number: instance['id'] for number, instance in instances.items()} == t.before
    assert all(power(instance) == 'running' for instance in instances.values())
    t.kept.stop()


@suite.test('options that are wrong are named, with what is accepted')
def _(t):
    for option, value, words in (
            ('driver', 'xen', ('--driver', 'qemu', 'simulated', 'xen')),
            ('listen', '8443', ('--listen', 'HOST:PORT', '8443')),
            ('listen', '127.0.0.1:70000', ('--listen', '70000')),
            ('location', 'West Europe', ('--location', 'West Europe')),
            ('forward-ports', '22,http', ('--forward-ports', '65535', 'http')),
            ('uid-range', '0:10', ('--uid-range', 'FIRST:COUNT', '0:10')),
            ('max-starting', '0', ('--max-starting', '1', '0')),
            ('step-timeout', 'soon', ('--step-timeout', 'soon')),
            ('serial-cap', '0', ('--serial-cap',)),
            ('tls-cert', '/x.pem', ('--tls-cert', '--tls-key'))):
        refused(t, *words, extra=[f'--{option}', value], code=2)
    refused(t, '--no-such-option', extra=['--no-such-option'], code=2)
    refused(t, 'leftover', extra=['leftover'], code=2)


@suite.test('a configuration file: a missing one, a key that is none, a value that is none')
def _(t):
    refused(t, '/no/such/file', extra=['--config', '/no/such/file'], code=2)
    for content, words in (('[testudod]\nlisten-on = 1\n', ('listen-on', 'testudod --help')),
                           ('[testudod]\nstep-timeout = soon\n', ('step-timeout', 'soon')),
                           ('[testudod]\noutbound = perhaps\n', ('outbound', 'true or false')),
                           ('what is this', ('testudod.conf',))):
        refused(t, *words, extra=['--config', t.room.file('testudod.conf', content)], code=2)


@suite.test('a port that another program listens on is named')
def _(t):
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = str(other.getsockname()[1])
        refused(t, port, 'in use', '--listen', extra=['--listen', f'127.0.0.1:{port}'])
    refused(t, '192.0.2.1', extra=['--listen', '192.0.2.1:0'])
    unharmed(t)


@suite.test('a state folder that another daemon uses is named, and the other one goes on')
def _(t):
    t.kept.start()
    second = beside(t)
    assert second.returncode == 1, second
    assert t.kept.state_dir in second.stderr and '--state-dir' in second.stderr, second.stderr
    assert t.kept.rest().call('GET', '/subscriptions?api-version=2022-12-01').status == 200
    t.kept.stop()


@suite.test('a socket that another program answers on is named and left; one that a killed daemon left is taken over')
def _(t):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(t.kept.socket)
        other.listen()
        second = beside(t)
        assert second.returncode == 1 and t.kept.socket in second.stderr, second.stderr
        assert os.path.exists(t.kept.socket)
    unharmed(t)
    t.kept.start()
    t.kept.kill()
    assert os.path.exists(t.kept.socket)
    unharmed(t)


@suite.test('a file of sizes or quota that an operator broke is named, with the place')
def _(t):
    for name in ('sizes.json', 'quota.json'):
        path = os.path.join(t.kept.state_dir, name)
        shutil.copy(path, t.room.file('saved'))
        for wrong in ('{', '[]', '{"sizes": [{"name": 1}], "families": {"x": {"limit": "many"}}}', ''):
            with open(path, 'w', encoding='utf-8') as file:
                file.write(wrong)
            refused(t, path)
        shutil.copy(t.room.file('saved'), path)
    unharmed(t)


@suite.test('a token that others can read, or that is short, is not used')
def _(t):
    os.chmod(t.kept.token_file, 0o644)
    refused(t, 'admin.token', 'chmod 600')
    os.chmod(t.kept.token_file, 0o600)
    token = t.kept.token()
    for short in ('', 'x' * 15):
        with open(t.kept.token_file, 'w', encoding='ascii') as file:
            file.write(short)
        refused(t, 'admin.token', '16')
    with open(t.kept.token_file, 'w', encoding='ascii') as file:
        file.write(token + '\n')
    unharmed(t)


def schema_version(database, change=0):
    """As it is before CHANGE is added to it."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        version = connection.execute('PRAGMA user_version').fetchone()[0]
        connection.execute(f'PRAGMA user_version = {version + change}')
        return version


@suite.test('a database that is none, or comes from a newer Testudo, is named and left as it is')
def _(t):
    database = os.path.join(t.kept.state_dir, 'testudo.db')
    shutil.copy(database, t.room.file('saved.db'))
    with open(database, 'wb') as file:
        file.write(b'this is no database' * 1000)
    refused(t, database)
    with open(database, 'rb') as file:
        assert file.read() == b'this is no database' * 1000
    shutil.copy(t.room.file('saved.db'), database)
    schema_version(database, +1)
    refused(t, database, 'newer')
    schema_version(database, -1)
    unharmed(t)


def self_signed(t, *names):
    for name in names:
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
                        '-subj', '/CN=x', '-keyout', t.room.file(name + '.key'), '-out', t.room.file(name + '.pem')],
                       check=True, capture_output=True)


@suite.test('a certificate and a key that are no pair')
def _(t):
    self_signed(t, 'a', 'b')
    refused(t, 'a.pem', 'b.key', extra=['--tls-cert', t.room.file('a.pem'), '--tls-key', t.room.file('b.key')])
    refused(t, 'no.pem', extra=['--tls-cert', t.room.file('no.pem'), '--tls-key', t.room.file('a.key')])


@suite.test('a certificate that is replaced is served after SIGHUP, one whose key is missing is not')
def _(t):
    def put(name, *kinds):
        for kind in kinds:
            shutil.copy(t.room.file(f'{name}.{kind}'), t.room.file(f'served.{kind}'))

    def serves(name):
        with open(t.room.file(f'{name}.pem'), encoding='ascii') as file:
            return ssl.get_server_certificate(('127.0.0.1', t.kept.port)).strip() == file.read().strip()

    def reload():
        t.kept.process.send_signal(signal.SIGHUP)

    self_signed(t, 'old', 'new')
    put('old', 'pem', 'key')
    t.kept.start(extra=['--tls-cert', t.room.file('served.pem'), '--tls-key', t.room.file('served.key')])
    assert serves('old')
    put('new', 'pem')
    reload()
    until(lambda: 'goes on with the certificate that it has' in t.kept.log_of_this_start(), 'the log to say that it is no pair')
    assert serves('old')
    put('new', 'key')
    reload()
    until(lambda: serves('new'), 'the new certificate to be served')
    t.kept.stop()


def image_folder(t, name, definitions):
    folder = t.room.file(name)
    os.makedirs(folder)
    for number, content in enumerate(definitions):
        with open(os.path.join(folder, f'{number}.json'), 'w', encoding='utf-8') as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
    return folder


@suite.test('a folder of images: missing, a definition that is none, a file that is missing or has a backing file, another sum')
def _(t):
    refused(t, '/no/such/folder', extra=['--images', '/no/such/folder'])
    good = definition('x', '1.0.0', 'V2', 'Standard', 'disk.qcow2')
    base = os.path.join(t.images, 'mini-gen1-1.0.0.qcow2')
    for name, content, words in (
            ('broken', '{', ('0.json',)),
            ('no-generation', {k: v for k, v in good.items() if k != 'hyperVGeneration'}, ('0.json', 'hyperVGeneration')),
            ('no-file', good, ('disk.qcow2',)),
            ('outside', {**good, 'file': '../images/mini-gen1-1.0.0.qcow2'}, ('file',)),
            ('other-sum', {**good, 'sha256': '0' * 64}, ('SHA-256',)),
            ('backing', good, ('backing file', 'qemu-img convert'))):
        folder = image_folder(t, name, [content])
        disk = os.path.join(folder, 'disk.qcow2')
        if name == 'backing':
            subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', disk], check=True)
        elif name == 'other-sum':
            shutil.copy(base, disk)
        refused(t, *words, extra=['--images', folder])
    assert not [name for name in os.listdir(os.path.join(t.kept.state_dir, 'images')) if name.startswith('.')]
    unharmed(t)


@suite.test('a state key that others can read, that is none, or that is another one; and none where there was one')
def _(t):
    files = {}
    for name, content, mode in (('open', 'a' * 64, 0o644), ('short', 'a' * 63, 0o600), ('first', 'a' * 64, 0o600), ('other', 'b' * 64, 0o600)):
        files[name] = t.room.file('key-' + name)
        with open(files[name], 'w', encoding='ascii') as file:
            file.write(content)
        os.chmod(files[name], mode)
    refused(t, files['open'], 'chmod 600', extra=['--state-key', files['open']])
    refused(t, files['short'], '64 hexadecimal digits', extra=['--state-key', files['short']])
    unharmed(t)
    t.kept.start(extra=['--state-key', files['first']])
    t.kept.stop()
    refused(t, '--state-key', 'testudo-state-key')
    refused(t, 'not the state key', extra=['--state-key', files['other']])
    t.kept.start(extra=['--state-key', files['first']])
    t.kept.stop()
    # Without what says so it is the CA's keys that do; and without these there is nothing that is encrypted.
    os.unlink(os.path.join(t.kept.state_dir, 'state-key.check'))
    refused(t, 'encrypted by a state key')
    shutil.rmtree(os.path.join(t.kept.state_dir, 'ca/vtpm'))
    unharmed(t)


suite.main()
