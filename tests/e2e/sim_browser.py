"""The portal in Chromium, against the simulated driver.

Arguments, and PORTAL_PARTS in the environment, choose parts of portal/e2e/run.mjs.
"""

import json
import os
import sys

from lib import portal
from lib.suite import Suite

PARTS = sys.argv[1:] or os.environ.get('PORTAL_PARTS', '').split()

suite = Suite(start=False, unless=portal.missing())


@suite.test('the portal does in a browser what it says')
def _(t):
    t.daemon = t.new_daemon()
    os.mkdir(t.daemon.state_dir)
    faults = [{'key_suffix': suffix, 'epoch': 2, 'fault': 'grub-changed'} for suffix in ('.2', '.3')]
    t.room.file('s0/simulated.conf.json', json.dumps({'faults': faults}))
    t.daemon.start()
    t.arm = t.new_arm()
    portal.run_parts(t, PARTS, seconds=900)


suite.main()
