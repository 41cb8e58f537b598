"""A cloud image with cloud-init (images/build-cloud) under Trusted launch: host name, admin user, SSH key, custom data; and how it is
attested, once it boots by the GRUB configuration that Debian wrote itself."""

import base64
import os
import re
import shutil
import subprocess

from lib import bodies
from lib.attested import Attested, components, extension_profile
from lib.cli import run
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
        subprocess.run([BUILDER, '--out', folder], check=True, stdout=subprocess.DEVNULL)
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
        1, bodies.TRUSTED_SIZE, image, bodies.trusted(), osProfile=profile, extensionProfile=extension_profile())).expect(201))
    t.guest = Guest(t, 'cloud')
    t.guest.expect_trusted()


@suite.test('cloud-init ends without an error')
def _(t):
    # One that is ended by its time has said nothing.
    until(lambda: re.search('status: (done|error|disabled)', t.guest.run('timeout 15 cloud-init status --wait', code=None)),
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


def update_grub(t):
    """In the guest; it takes longer than run command waits."""
    t.guest.run('systemctl reset-failed own-grub 2>/dev/null; systemctl stop own-grub 2>/dev/null; '
                'systemd-run --quiet --no-block --unit=own-grub -p Type=oneshot -p RemainAfterExit=yes /usr/sbin/update-grub')
    ended = until(lambda: (lambda state: state in ('active', 'failed') and state)(
        t.guest.run('systemctl show -p ActiveState --value own-grub')), 'update-grub to end', 600, 1)
    assert ended == 'active', t.guest.run('journalctl -u own-grub', code=None)


@suite.test('its boot is proven, and without a reference it is not judged')
def _(t):
    t.attested = Attested(t, 'cloud')
    found = t.attested.expect('NotJudged', 600)
    assert found['code'] == 'noReference', found


@suite.test('what it boots by the configuration that Debian wrote is attested, file by file, and approved')
def _(t):
    update_grub(t)
    kernel = t.guest.run('uname -r')
    t.guest.action('restart')
    t.guest.expect_trusted()
    t.attested.expect('NotJudged', 600)
    log = run(t.daemon, f'testudo attest eventlog {t.attested.evidence("own")}/eventlog.bin').expect().out
    for name in ('grub.cfg', f'vmlinuz-{kernel}', f'initrd.img-{kernel}'):
        assert f'(hd0,gpt2)/boot/grub/{name}' in log or f'/boot/{name}' in log, (name, log)
    assert 'menuentry' in log, log
    assert t.attested.approve()['reference'].startswith('Debian:debian-12:cloud-init:12.0.0'), t.attested.now()


@suite.test('it restarts to the same, and passes')
def _(t):
    t.guest.action('restart')
    t.attested.expect('Healthy', 600)


@suite.test('a kernel command line that its configuration was given is named')
def _(t):
    t.guest.run("sed -i 's/console=ttyS0/console=ttyS0 quiet/' /etc/default/grub")
    update_grub(t)
    t.guest.action('restart')
    found = t.attested.expect('Deviation', 600)
    names = components(found)
    assert (8, 'kernel_cmdline') in names and any(pcr == 9 and name.endswith('/boot/grub/grub.cfg') for pcr, name in names), found


@suite.test('testudo-guest is put where it can be run, and hears the SSH server')
def _(t):
    where = '/var/lib/testudo/bin' if 'noexec' in t.guest.run('findmnt -n -o OPTIONS /run').split(',') else '/run/testudo/bin'
    # The boot was attested before it was over.
    until(lambda: t.guest.run('systemctl is-active ssh', code=None) == 'active', 'the SSH server to run', 300, 1)
    t.daemon.stop()
    answers = t.guest.handler('health tcp 22', 'health http 22 /', 'health https 22 / --timeout 20')
    assert answers == [{'exit': 0, 'out': 'tcp open\n'}, {'exit': 1, 'out': 'failed not-http\n'},
                       {'exit': 1, 'out': 'failed tls-failed\n'}], answers
    t.daemon.start(120)
    t.guest.await_agent()
    assert t.guest.run(f'stat -c "%a %U" {where} {where}/testudo-guest') == '700 root\n700 root'


suite.main()
