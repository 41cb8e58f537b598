"""The portal in Chromium: portal/e2e, as it was copied to where npm put its packages, against the daemon that carries the page.

Arguments, and PORTAL_PARTS in the environment, choose parts of portal/e2e/run.mjs.
"""

import json
import os
import shutil
import sys

from lib.daemon import BUILD
from lib.suite import Suite
from lib.wait import SCALE

TREE = os.path.join(BUILD, 'portal', 'work', 'tree')
CHROMIUM = os.environ.get('CHROMIUM') or shutil.which('chromium') or shutil.which('chromium-browser')
PARTS = sys.argv[1:] or os.environ.get('PORTAL_PARTS', '').split()
SECONDS = 900


def missing():
    if not os.path.isdir(os.path.join(TREE, 'node_modules', 'playwright-core')):
        return 'this build has no portal: Node.js or npm is not there'
    return None if CHROMIUM else 'there is no chromium'


suite = Suite(start=False, unless=missing())


@suite.test('the portal does in a browser what it says')
def _(t):
    t.daemon = t.new_daemon()
    os.mkdir(t.daemon.state_dir)
    faults = [{'key_suffix': suffix, 'epoch': 2, 'fault': 'grub-changed'} for suffix in ('.2', '.3')]
    t.room.file('s0/simulated.conf.json', json.dumps({'faults': faults}))
    t.daemon.start()
    t.arm = t.new_arm()
    t.relay(['node', 'e2e/run.mjs', *PARTS], {
        'TESTUDO_URL': t.daemon.url,
        'TESTUDO_CA_FILE': t.daemon.ca_file,
        'TESTUDO_TOKEN_FILE': t.daemon.token_file,
        'TESTUDO_SUBSCRIPTION': t.arm.subscription,
        'TESTUDO_LOCATION': t.arm.location,
        'CHROMIUM': CHROMIUM,
        'PORTAL_PATIENCE_MS': str(int(15000 * SCALE)),
    }, cwd=TREE, seconds=SECONDS)


suite.main()
