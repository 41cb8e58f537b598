"""A cloud image with cloud-init (images/build-cloud) under Trusted launch: host name, admin user, SSH key, custom data."""

import base64
import os
import shutil
import subprocess

from lib import bodies
from lib.daemon import BUILD
from lib.guest import Guest
from lib.suite import Suite, skip
from lib.wait import until

suite = Suite(driver='qemu', start=False, chained=True)
BUILDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'images', 'build-cloud')
ADMIN = 'opsadmin'
PASSWORD = 'Correct-Horse-7'
CUSTOM = '#cloud-config\nwrite_files:\n- {path: /etc/from-custom-data, content: "it came through\\n"}\n'


def cloud_image():
    """The folder with the image; made once per build folder, which takes minutes."""
    folder = os.environ.get('TESTUDO_CLOUD_IMAGE') or os.path.join(BUILD, 'images', 'cloud')
    if not os.path.exists(os.path.join(folder, 'debian-cloud.json')):
        if not shutil.which('mmdebstrap'):
            skip('mmdebstrap is not installed (tools/install-packages full)')
        subprocess.run([BUILDER, '--out', folder], check=True)
    return folder


def ssh(t, script):
    address, port = t.guest.port(22)
    return subprocess.run(
        ['ssh', '-i', t.key, '-p', str(port), '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'LogLevel=ERROR',
         '-o', f'UserKnownHostsFile={t.room.file("known_hosts")}', '-o', 'ConnectTimeout=30', f'{ADMIN}@{address}', script],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)


@suite.test('it boots under Trusted launch with Secure Boot, and its guest agent answers')
def _(t):
    t.key = t.room.file('key')
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'e2e', '-f', t.key], check=True)
    with open(t.key + '.pub', encoding='ascii') as file:
        public = file.read()
    t.daemon = t.new_daemon(images=False, options=['--images', cloud_image(), '--step-timeout', '1200']).start(120)
    t.arm = t.new_arm(deadline_s=1300)
    image = {'publisher': 'Debian', 'offer': 'debian-12', 'sku': 'cloud-init', 'version': 'latest'}
    profile = {
        'computerNamePrefix': 'cloud', 'adminUsername': ADMIN, 'adminPassword': PASSWORD,
        'customData': base64.b64encode(CUSTOM.encode()).decode(),
        'linuxConfiguration': {'ssh': {'publicKeys': [{'path': f'/home/{ADMIN}/.ssh/authorized_keys', 'keyData': public}]}},
    }
    t.arm.done(t.arm.put(t.arm.set('cloud'), bodies.scale_set(
        1, bodies.TRUSTED_SIZE, image, bodies.trusted(), osProfile=profile)).expect(201))
    t.guest = Guest(t, 'cloud')
    t.guest.expect_trusted()


@suite.test('cloud-init ends without an error')
def _(t):
    # Each look ends before run command's own deadline does.
    until(lambda: 'status: running' not in t.guest.run('timeout 60 cloud-init status --wait', code=None),
          'cloud-init to end', 900, 1)
    said = t.guest.run('cloud-init status --long', code=None)
    assert 'status: done' in said, said


@suite.test('it has its host name, and SSH lets the admin user in with the key')
def _(t):
    answer = ssh(t, 'hostname; id -un; sudo -n id -un')
    assert answer.returncode == 0, answer
    assert answer.stdout.split() == ['cloud000000', ADMIN, 'root'], answer


@suite.test('the admin user has the password, as its hash alone')
def _(t):
    entry = t.guest.run(f'getent shadow {ADMIN}').split(':')[1]
    assert entry.startswith('$'), entry
    check = ('import crypt, sys; p, h = sys.argv[1:]; print(crypt.crypt(p, h) == h)')
    assert t.guest.run(f"python3 -W ignore -c '{check}' '{PASSWORD}' '{entry}'") == 'True'
    seed = t.guest.run('mkdir -p /run/seed; mount -o ro LABEL=CIDATA /run/seed; cat /run/seed/user-data; umount /run/seed')
    assert PASSWORD not in seed and entry in seed.replace('\\/', '/')


@suite.test('the custom data was carried out')
def _(t):
    assert t.guest.run('cat /etc/from-custom-data') == 'it came through'


@suite.test('testudo-guest is put where it can be run, and hears the SSH server')
def _(t):
    where = '/var/lib/testudo/bin' if 'noexec' in t.guest.run('findmnt -n -o OPTIONS /run').split(',') else '/run/testudo/bin'
    t.daemon.stop()
    answers = t.guest.handler('health tcp 22', 'health http 22 /', 'health https 22 / --timeout 20')
    assert answers == [{'exit': 0, 'out': 'tcp open\n'}, {'exit': 1, 'out': 'failed not-http\n'},
                       {'exit': 1, 'out': 'failed tls-failed\n'}], answers
    t.daemon.start(120)
    t.guest.await_agent()
    assert t.guest.run(f'stat -c "%a %U" {where} {where}/testudo-guest') == '700 root\n700 root'


suite.main()
