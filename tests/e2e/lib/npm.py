"""Clients of Azure's for Node.js, from npm, each in a folder of its own beside the tests."""

import os
import re
import shutil
import subprocess

from lib.daemon import BUILD

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
NODE_LEAST = 20


def _node_version():
    try:
        said = subprocess.run(['node', '--version'], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(re.match(r'v(\d+)', said)[1])


def why_not(package):
    """Why PACKAGE cannot run here; None: it can."""
    version = _node_version()
    if version is None:
        return f'{package} needs Node.js {NODE_LEAST} or newer, and there is no node command here'
    if version < NODE_LEAST:
        return f'{package} needs Node.js {NODE_LEAST} or newer, here is {version}'
    return None


def program(folder, name='run.mjs'):
    return os.path.join(BUILD, 'tests', 'e2e', folder, name)


def install(folder):
    """Into the build folder, so that the source tree stays clean; again only where the lock file has changed."""
    def read(path):
        try:
            with open(path, 'rb') as file:
                return file.read()
        except OSError:
            return None

    source, target = os.path.join(HERE, folder), os.path.dirname(program(folder))
    lock, installed = os.path.join(source, 'package-lock.json'), os.path.join(target, 'installed')
    shutil.copytree(source, target, dirs_exist_ok=True)
    if read(installed) == read(lock):
        return
    done = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=target, capture_output=True,
                          text=True, timeout=170, check=False)
    assert done.returncode == 0, f'npm ci failed:\n{done.stdout}\n{done.stderr}'
    shutil.copy(lock, installed)
