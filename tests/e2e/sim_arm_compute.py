"""@azure/arm-compute 24 from npm, Azure's own client, against the simulated driver (arm_compute/)."""

from lib import npm
from lib.suite import Suite

suite = Suite(chained=True, unless=npm.why_not('@azure/arm-compute'))


@suite.test('npm installs what the lock file says')
def _(t):
    npm.install('arm_compute')


@suite.test('@azure/arm-compute, from its first call to its last')
def _(t):
    t.relay(['node', npm.program('arm_compute')], {
        'TESTUDO_URL': t.daemon.url, 'TESTUDO_CA_FILE': t.daemon.ca_file, 'TESTUDO_TOKEN_FILE': t.daemon.token_file,
        'TESTUDO_SUBSCRIPTION': t.arm.subscription, 'TESTUDO_GROUP': 'e2e', 'TESTUDO_LOCATION': t.arm.location,
    }, seconds=150)


suite.main()
