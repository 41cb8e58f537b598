"""The testudo command, run against a daemon."""

import json
import os
import shlex
import subprocess

from lib.daemon import BUILD
from lib.wait import SCALE


class Result:
    def __init__(self, command, done):
        self.command = command
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def expect(self, code=0):
        assert self.code == code, f'{self.command}: exit code {self.code}, not {code}\n{self.out}\n{self.err}'
        return self

    @property
    def json(self):
        return json.loads(self.out)


def run(daemon, command, stdin='', seconds=120):
    """COMMAND as a user types it: 'testudo vmss list -g G'."""
    words = shlex.split(command)
    assert words[0] == 'testudo', command
    words[0] = os.path.join(BUILD, 'testudo')
    environment = {**os.environ, 'TESTUDO_STATE_DIR': daemon.state_dir}
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=seconds * SCALE, env=environment, check=False)
    return Result(command, done)
