"""@azure/arm-compute 24 from npm, Azure's own client, against the simulated driver (arm_compute/)."""

import os
import re
import shutil
import subprocess

from lib.daemon import BUILD
from lib.suite import Suite

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'arm_compute')
TARGET = os.path.join(BUILD, 'tests', 'e2e', 'arm_compute')
NODE_LEAST = 20


def node_version():
    try:
        said = subprocess.run(['node', '--version'], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(re.match(r'v(\d+)', said)[1])


def why_not():
    version = node_version()
    if version is None:
        return f'@azure/arm-compute needs Node.js {NODE_LEAST} or newer, and there is no node command here'
    if version < NODE_LEAST:
        return f'@azure/arm-compute needs Node.js {NODE_LEAST} or newer, here is {version}'
    return None


def install():
    """Into the build folder, so that the source tree stays clean; again only where the lock file has changed."""
    def read(path):
        try:
            with open(path, 'rb') as file:
                return file.read()
        except OSError:
            return None

    lock, installed = os.path.join(SOURCE, 'package-lock.json'), os.path.join(TARGET, 'installed')
    shutil.copytree(SOURCE, TARGET, dirs_exist_ok=True)
    if read(installed) == read(lock):
        return
    done = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=TARGET, capture_output=True,
                          text=True, timeout=170, check=False)
    assert done.returncode == 0, f'npm ci failed:\n{done.stdout}\n{done.stderr}'
    shutil.copy(lock, installed)


suite = Suite(chained=True, unless=why_not())


@suite.test('npm installs what the lock file says')
def _(t):
    install()


@suite.test('@azure/arm-compute, from its first call to its last')
def _(t):
    t.relay(['node', os.path.join(TARGET, 'run.mjs')], {
        'TESTUDO_URL': t.daemon.url, 'TESTUDO_CA_FILE': t.daemon.ca_file, 'TESTUDO_TOKEN_FILE': t.daemon.token_file,
        'TESTUDO_SUBSCRIPTION': t.arm.subscription, 'TESTUDO_GROUP': 'e2e', 'TESTUDO_LOCATION': t.arm.location,
    }, seconds=150)


suite.main()
