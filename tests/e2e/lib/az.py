"""Azure's command line, `az`, as somebody has it who knows one daemon and nobody else."""

import os
import shlex
import shutil
import subprocess

from lib.cli import Result
from lib.wait import SCALE

# 'latest' of the Debian package names versions that the libraries beside it do not have.
PROFILE = '2020-09-01-hybrid'
CLOUD = 'testudo'
# Nobody listens there: who asks another host than the daemon fails at once.
NOWHERE = 'http://127.0.0.1:9'


def why_not():
    """Why az is not there; None: it is."""
    return None if shutil.which('az') else "there is no 'az' here (Debian's package azure-cli)"


class Az:
    def __init__(self, daemon, folder):
        self.daemon = daemon
        self.folder = folder
        os.makedirs(folder)

    def run(self, command, seconds=120):
        """COMMAND as a user types it: 'az vmss list -g G'."""
        words = shlex.split(command)
        assert words[0] == 'az', command
        environment = {**os.environ, 'AZURE_CONFIG_DIR': self.folder, 'REQUESTS_CA_BUNDLE': self.daemon.ca_file,
                       'AZURE_CORE_COLLECT_TELEMETRY': 'no', 'AZURE_CORE_NO_COLOR': 'yes', 'AZURE_CORE_SURVEY_MESSAGE': 'no',
                       'HTTPS_PROXY': NOWHERE, 'HTTP_PROXY': NOWHERE, 'NO_PROXY': '127.0.0.1', 'no_proxy': '127.0.0.1'}
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds * SCALE,
                              env=environment, check=False)
        return Result(command, done)

    def register(self):
        """The cloud, which it goes on with."""
        self.run(f'az cloud register -n {CLOUD} --endpoint-resource-manager {self.daemon.url} --profile {PROFILE}').expect()
        self.run(f'az cloud set -n {CLOUD}').expect()

    def login(self, secret, name='ci'):
        """secret: what `-p` takes: '@FILE' is the file's text, a file's name a certificate."""
        return self.run(f'az login --service-principal -u {name} -p {shlex.quote(secret)} --tenant adfs')
