"""Test files: behaviours in order on one fleet, one TAP line each.

    suite = Suite(driver='simulated')

    @suite.test('a deleted set is gone')
    def _(t):
        t.arm.done(t.arm.delete(t.arm.set('web')))

    suite.main()

t.room, t.daemon, t.arm (as the owner, over the Unix socket) are there when the first behaviour begins, unless
start=False: then the file starts daemons as it likes. A behaviour that raises fails, and so do those after it where
chained=True, because they stand on what it left behind. skip('reason') skips.
"""

import signal
import sys
import time
import traceback

from lib.arm import Arm
from lib.daemon import Daemon
from lib.images import built_images, empty_images
from lib.room import Room

LOG_LINES = 60


class Skip(Exception):
    pass


def skip(reason):
    raise Skip(reason)


class Suite:
    def __init__(self, driver='simulated', options=(), start=True, chained=False):
        self.driver = driver
        self.options = list(options)
        self.starts = start
        self.chained = chained
        self.tests = []
        self.daemons = []

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

    # ---- running ----

    def main(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit('# terminated'))
        signal.signal(signal.SIGHUP, lambda *_: sys.exit('# hung up'))
        print(f'TAP version 13\n1..{len(self.tests) + 1}', flush=True)
        self.room = Room()
        try:
            passed = self._run_all()
        finally:
            self.room.close()
        sys.exit(0 if passed else 1)

    def _run_all(self):
        all_passed, broken = True, None
        self.images = built_images() if self.driver == 'qemu' else empty_images(self.room.file('images'))
        for number, (behaviour, function) in enumerate(self.tests, 1):
            if broken:
                print(f'not ok {number} - {behaviour}\n#   not run: "{broken}" failed', flush=True)
                continue
            if not self._run_one(number, behaviour, function):
                all_passed = False
                broken = behaviour if self.chained else None
        return self._run_one(len(self.tests) + 1, 'every daemon ends in order and never complained', Suite._end) and all_passed

    def _run_one(self, number, behaviour, function):
        began = time.monotonic()
        try:
            if self.starts and not self.daemons:
                self.daemon = self.new_daemon().start()
                self.arm = self.new_arm()
            function(self)
        except Skip as reason:
            print(f'ok {number} - {behaviour} # SKIP {reason}', flush=True)
            return True
        except Exception:
            print(f'not ok {number} - {behaviour}', flush=True)
            self._explain(traceback.format_exc())
            return False
        print(f'ok {number} - {behaviour}\n# {time.monotonic() - began:.2f} s', flush=True)
        return True

    def _end(self):
        for daemon in self.daemons:
            if daemon.alive():
                daemon.stop()
        complaints = [line for daemon in self.daemons for line in daemon.complaints()]
        assert not complaints, '\n'.join(complaints)

    def _explain(self, text):
        for daemon in self.daemons[-2:]:
            lines = daemon.log().splitlines()[-LOG_LINES:]
            text += f'\n{daemon.log_file} ({"running" if daemon.alive() else "not running"}):\n' + '\n'.join(lines)
        print('\n'.join('#   ' + line for line in text.splitlines()), flush=True)
