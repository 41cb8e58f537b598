"""A real VM seen from the inside, through run command and the guest agent, and from the host, through its processes."""

import json
import os
import socket
import subprocess

from lib.daemon import BUILD
from lib.suite import skip
from lib.wait import SCALE, until

HERE = os.path.dirname(os.path.abspath(__file__))
SEAL = os.path.join(HERE, '..', 'guest', 'seal.sh')

# One line per fact, NAME=VALUE.
LOOK = r'''
secureboot=off
for variable in /sys/firmware/efi/efivars/SecureBoot-*; do
    [ -e "$variable" ] || continue
    set -- $(od -An -tu1 "$variable")
    [ "$5" = 1 ] && secureboot=on
done
echo "secureboot=$secureboot"
sed 's/.*\[\(.*\)\].*/lockdown=\1/' /sys/kernel/security/lockdown
echo "tpm=$(cat /sys/class/tpm/tpm0/tpm_version_major 2>/dev/null)"
echo "pcr7=$(cat /sys/class/tpm/tpm0/pcr-sha256/7 2>/dev/null)"
echo "name=$(hostname)"
echo "boot=$(cat /proc/sys/kernel/random/boot_id)"
echo "memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p' /proc/meminfo)"
[ -d /sys/firmware/efi ] && echo firmware=uefi || echo firmware=bios
'''

STANDARD = {'secureboot': 'off', 'lockdown': 'none', 'tpm': '', 'pcr7': ''}


class Guest:
    """One instance of a set in a suite: t.arm drives it, t.daemon's state folder holds it."""

    def __init__(self, t, set_name, instance_id='0'):
        self.t = t
        self.id = instance_id
        self.path = f'{t.arm.set(set_name)}/virtualMachines/{instance_id}'
        set_uid = t.arm.get(t.arm.set(set_name)).expect(200).body['properties']['uniqueId']
        self.folder = os.path.join(t.daemon.state_dir, 'instances', f'{set_uid}.{instance_id}')

    # ---- from the inside ----

    def run(self, script, code=0):
        """What the script writes to its output. It must end with CODE (None: with anything)."""
        answer = self.t.arm.post(self.path + '/runCommand', {'commandId': 'RunShellScript', 'script': [script]}).expect(200).body
        out, err = (part['message'] for part in answer['value'])
        assert code is None or answer['exitCode'] == code, f'exit code {answer["exitCode"]}, not {code}: {script}\n{out}\n{err}'
        return out.strip()

    def facts(self):
        return dict(line.split('=', 1) for line in self.run(LOOK).splitlines())

    def expect_trusted(self):
        """Booted with Secure Boot enforced by firmware and kernel, and measured into a vTPM."""
        facts = self.facts()
        assert facts['secureboot'] == 'on' and facts['lockdown'] == 'integrity' and facts['tpm'] == '2', facts
        assert len(facts['pcr7']) == 64 and set(facts['pcr7']) - {'0'}, facts
        return facts

    def expect_standard(self):
        facts = self.facts()
        assert {name: facts[name] for name in STANDARD} == STANDARD, facts
        return facts

    def seal(self, arguments, code=0):
        with open(SEAL, encoding='utf-8') as file:
            script = file.read()
        return self.run(f"cat >/run/seal.sh <<'END OF SCRIPT'\n{script}\nEND OF SCRIPT\nsh /run/seal.sh {arguments}", code)

    def await_agent(self):
        """After a daemon's start: until it has heard the guest agent again."""
        def answers():
            try:
                return self.run('echo here') == 'here'
            except AssertionError:
                return False
        until(answers, 'the daemon to hear the guest agent', 60)

    def handler(self, *commands):
        """What testudo-guest answers, put there by a program that stands in for the daemon, which must have stopped."""
        assert not self.t.daemon.alive()
        done = subprocess.run([os.path.join(BUILD, 'tests', 'e2e', 'guest_run'), self.t.daemon.state_dir,
                               os.path.basename(self.folder)], input=''.join(f'{command}\n' for command in commands),
                              capture_output=True, text=True, timeout=300 * SCALE, check=False)
        assert done.returncode == 0, done.stderr
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        if answers and answers[0].get('error') == 'NotSupported':
            skip(answers[0]['message'])
        return answers

    # ---- from outside ----

    def instance(self):
        return self.t.arm.get(self.path + '?$expand=instanceView').expect(200).body['properties']

    def health(self):
        return self.instance()['instanceView']['vmHealth']['status']

    def statuses(self):
        return {status['code']: status for status in self.instance()['instanceView']['statuses']}

    def action(self, name, body=None):
        self.t.arm.done(self.t.arm.post(f'{self.path}/{name}', body))

    def port(self, guest_port):
        """Where the guest's port is reached on the loopback."""
        ports = self.t.arm.post(self.path + '/connectionInfo').expect(200).body['value']
        (found,) = [row for row in ports if row['guestPort'] == guest_port]
        return found['address'], found['port']

    def http(self, target='/health', guest_port=8080):
        """Status and body of a plain HTTP request to the guest."""
        def answered():
            try:
                with socket.create_connection(self.port(guest_port), timeout=20) as connection:
                    connection.sendall(f'GET {target} HTTP/1.1\r\nHost: guest\r\n\r\n'.encode())
                    content = b''
                    while chunk := connection.recv(4096):
                        content += chunk
            except OSError:
                return None
            return content.decode(errors='replace')
        # The agent answers a little before the network is up.
        content = until(answered, f'{self.path} to answer on port {guest_port}', 30, 0.2)
        return int(content.split()[1]), content.split('\r\n\r\n', 1)[1]

    def serial(self):
        try:
            with open(os.path.join(self.folder, 'serial.log'), encoding='utf-8', errors='replace') as file:
                return file.read()
        except OSError:
            return ''

    def expect_still(self):
        """Its processor stands still: in three looks, a second apart, QEMU has used no time. One that idles does."""
        looks = []

        def still():
            with open(f'/proc/{self.qemu()}/stat', encoding='utf-8') as file:
                looks.append(sum(map(int, file.read().rsplit(')', 1)[1].split()[11:13])))
            return len(looks) >= 3 and looks[-1] == looks[-3]
        until(still, f'{self.path} to stand still', 60, 1)

    def _pid(self, program):
        pids = self.t.room.processes(program, self.folder + '/')
        assert len(pids) <= 1, f'{program} runs {len(pids)} times for {self.folder}'
        return pids[0] if pids else None

    def qemu(self):
        return self._pid('qemu-system-')

    def swtpm(self):
        return self._pid('swtpm')
