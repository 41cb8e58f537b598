"""The portal in Chromium: portal/e2e, as it was copied to where npm put its packages, against a daemon that carries the page."""

import os
import shutil

from lib.daemon import BUILD
from lib.wait import SCALE

TREE = os.path.join(BUILD, 'portal', 'work', 'tree')
CHROMIUM = os.environ.get('CHROMIUM') or shutil.which('chromium') or shutil.which('chromium-browser')


def missing():
    """Why none of it can be run; None: it can."""
    if not os.path.isdir(os.path.join(TREE, 'node_modules', 'playwright-core')):
        return 'this build has no portal: Node.js or npm is not there'
    return None if CHROMIUM else 'there is no chromium'


def run_parts(t, parts, seconds, slowness=1):
    """Parts of portal/e2e/run.mjs (none: all of them) against t.daemon. slowness: of what is waited for, against the simulated driver."""
    t.relay(['node', 'e2e/run.mjs', *parts], {
        'TESTUDO_URL': t.daemon.url,
        'TESTUDO_CA_FILE': t.daemon.ca_file,
        'TESTUDO_TOKEN_FILE': t.daemon.token_file,
        'TESTUDO_SUBSCRIPTION': t.arm.subscription,
        'TESTUDO_LOCATION': t.arm.location,
        'CHROMIUM': CHROMIUM,
        'PORTAL_PATIENCE_MS': str(int(15000 * SCALE)),
        'PORTAL_SLOWNESS': str(slowness * SCALE),
    }, cwd=TREE, seconds=seconds)
