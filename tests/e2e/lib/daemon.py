"""One testudod on a state folder of its own, with HTTPS on a free port."""

import os
import re
import signal
import subprocess

from lib.rest import Rest
from lib.wait import SCALE, Late, until

BUILD = os.path.abspath(os.environ.get('TESTUDO_BUILD', 'build'))
SANITIZER = re.compile(r'ERROR: (Address|Leak)Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|CRITICAL \*\*')
PORT = re.compile(r'and https://\S*:(\d+)$', re.MULTILINE)


class Ended(AssertionError):
    """The daemon ended although it should have come up; text: what it said."""

    def __init__(self, code, text):
        super().__init__(f'testudod ended with {code}: {text.strip()}')
        self.code = code
        self.text = text


class Daemon:
    def __init__(self, room, driver='simulated', options=(), state='s'):
        self.room = room
        self.state_dir = room.file(state)
        self.log_file = room.file(state + '.log', '')
        self.options = ['--driver', driver, '--listen', '127.0.0.1:0', *options]
        self.process = None
        self.port = None
        self._log_from = 0

    # ---- coming and going ----

    def start(self, seconds=60, extra=(), environment=None):
        """Returns when it answers; raises Ended where it ends instead."""
        assert not self.alive(), 'it runs already'
        self._log_from = os.path.getsize(self.log_file)
        with open(self.log_file, 'ab') as log:
            self.process = subprocess.Popen(
                [os.path.join(BUILD, 'testudod'), '--state-dir', self.state_dir, *self.options, *extra],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(environment or {})})
        until(self._answers, 'testudod to answer on its socket', seconds)
        self.port = int(until(lambda: PORT.search(self.log_of_this_start()), 'testudod to say where it listens')[1])
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise Ended(self.process.returncode, self.log_of_this_start())
        try:
            return self.rest().call('GET', '/subscriptions?api-version=2022-12-01').status == 200
        except OSError:
            return False

    def stop(self, seconds=60):
        """SIGTERM, as a service manager does; VMs go on running."""
        self.process.send_signal(signal.SIGTERM)
        code = self._wait(seconds)
        assert code == 0, f'testudod ended with {code} after SIGTERM'

    def kill(self):
        """SIGKILL: no time to say anything."""
        self.process.kill()
        self._wait(20)

    def _wait(self, seconds):
        try:
            return self.process.wait(seconds * SCALE)
        except subprocess.TimeoutExpired as late:
            raise Late(f'testudod (pid {self.process.pid}) did not end within {seconds * SCALE:g} s') from late

    def alive(self):
        return self.process is not None and self.process.poll() is None

    # ---- talking to it ----

    @property
    def socket(self):
        return os.path.join(self.state_dir, 'testudod.sock')

    @property
    def url(self):
        return f'https://127.0.0.1:{self.port}'

    @property
    def ca_file(self):
        return os.path.join(self.state_dir, 'tls', 'ca.pem')

    @property
    def token_file(self):
        return os.path.join(self.state_dir, 'admin.token')

    def token(self):
        with open(self.token_file, encoding='ascii') as file:
            return file.read().strip()

    def rest(self):
        return Rest.over_socket(self.socket)

    def https(self, token=None):
        """As the bearer of admin.token, or of another token ('' for none)."""
        return Rest.over_https('127.0.0.1', self.port, self.ca_file, self.token() if token is None else token)

    # ---- what it said ----

    def log(self):
        with open(self.log_file, encoding='utf-8', errors='replace') as file:
            return file.read()

    def log_of_this_start(self):
        with open(self.log_file, 'rb') as file:
            file.seek(self._log_from)
            return file.read().decode(errors='replace')

    def complaints(self):
        """Lines of the log that no daemon should ever write: sanitizer reports, failed assertions of GLib."""
        return [line for line in self.log().splitlines() if SANITIZER.search(line)]
