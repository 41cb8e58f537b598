"""Test files: behaviours in order on one fleet, one TAP line each.

    suite = Suite(driver='simulated')

    @suite.test('a deleted set is gone')
    def _(t):
        t.arm.done(t.arm.delete(t.arm.set('web')))

    suite.main()

t.room, t.daemon, t.arm (as the owner, over the Unix socket) are there when the first behaviour begins, unless
start=False: then the file starts daemons as it likes. A behaviour that raises fails, and so do those after it where
chained=True, because they stand on what it left behind. skip('reason') skips; unless='reason' skips the whole file.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import traceback

from lib.arm import Arm
from lib.daemon import Daemon
from lib.images import built_images, empty_images
from lib.room import Room
from lib.wait import SCALE

LOG_LINES = 60


class Skip(Exception):
    pass


def skip(reason):
    raise Skip(reason)


class Suite:
    def __init__(self, driver='simulated', options=(), start=True, chained=False, unless=None,
                 small_images=None):
        self.driver = driver
        self.options = list(options)
        self.starts = start
        self.chained = chained
        self.unless = unless
        self.small_images = driver == 'simulated' if small_images is None else small_images
        self.tests = []
        self.daemons = []
        self._reported = 0
        self._failed = False

    def test(self, behaviour):
        def add(function):
            self.tests.append((behaviour, function))
            return function
        return add

    # ---- for test files ----

    def new_daemon(self, driver=None, options=None, state=None, images=True):
        """A daemon, not started yet, that main() looks at and ends at the end."""
        driver = driver or self.driver
        given = ['--images', self.images] if images else []
        daemon = Daemon(self.room, driver, [*given, *(self.options if options is None else options)],
                        state or f's{len(self.daemons)}')
        self.daemons.append(daemon)
        return daemon

    def new_arm(self, daemon=None, **more):
        """On real VMs, an operation takes as long as a boot, and is asked after less often."""
        pace = {'poll_s': 0.25, 'deadline_s': 600} if self.driver == 'qemu' else {}
        return Arm((daemon or self.daemon).rest(), **{**pace, **more})

    def relay(self, argv, environment=None, cwd=None, seconds=600):
        """Runs a program that prints "ok - …" and "not ok - …" lines; each is a behaviour of its own here."""
        failed = []
        with subprocess.Popen(argv, cwd=cwd, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace') as program:
            alarm = threading.Timer(seconds * SCALE, program.kill)
            alarm.start()
            try:
                for line in program.stdout:
                    reported = re.match(r'(not )?ok - (.*?)(?: # SKIP (.*))?$', line)
                    if not reported:
                        print('# ' + line.rstrip(), flush=True)
                        continue
                    if reported[1]:
                        failed.append(reported[2])
                    self._report(not reported[1], reported[2], reported[3])
            finally:
                alarm.cancel()
                program.kill()
        assert not failed, f'failed: {", ".join(failed)}'
        assert program.returncode == 0, f'{argv[0]} ended with {program.returncode} (at most {seconds} s)'

    # ---- running ----

    def main(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit('# terminated'))
        signal.signal(signal.SIGHUP, lambda *_: sys.exit('# hung up'))
        print('TAP version 13', flush=True)
        if self.unless:
            print(f'1..0 # SKIP {self.unless}')
            return
        self.room = Room(small=self.driver == 'simulated')
        try:
            self._run_all()
        finally:
            self.room.close()
        print(f'1..{self._reported}', flush=True)
        sys.exit(1 if self._failed else 0)

    def _report(self, passed, behaviour, skipped=None, note=''):
        self._reported += 1
        self._failed = self._failed or not passed
        word = 'ok' if passed else 'not ok'
        print(f'{word} {self._reported} - {behaviour}{" # SKIP " + skipped if skipped else ""}', flush=True)
        for line in note.splitlines():
            print('#   ' + line, flush=True)

    def _run_all(self):
        self.images = empty_images(self.room.file('images')) if self.small_images else built_images()
        broken = None
        for behaviour, function in self.tests:
            if broken:
                self._report(False, behaviour, note=f'not run: "{broken}" failed')
            elif not self._run_one(behaviour, function) and self.chained:
                broken = behaviour
        self._run_one('every daemon ends in order and never complained', Suite._end)

    def _run_one(self, behaviour, function):
        began = time.monotonic()
        try:
            if self.starts and not self.daemons:
                self.daemon = self.new_daemon().start()
                self.arm = self.new_arm()
            function(self)
        except Skip as reason:
            self._report(True, behaviour, skipped=str(reason))
            return True
        except Exception:
            self._report(False, behaviour, note=traceback.format_exc() + self._logs())
            return False
        self._report(True, behaviour, note=f'{time.monotonic() - began:.2f} s')
        return True

    def _end(self):
        for daemon in self.daemons:
            if daemon.alive():
                daemon.stop()
        complaints = [line for daemon in self.daemons for line in daemon.complaints()]
        assert not complaints, '\n'.join(complaints)

    def _logs(self):
        text = ''
        for daemon in self.daemons[-2:]:
            lines = daemon.log().splitlines()[-LOG_LINES:]
            text += f'\n{daemon.log_file} ({"running" if daemon.alive() else "not running"}):\n' + '\n'.join(lines)
        return text
