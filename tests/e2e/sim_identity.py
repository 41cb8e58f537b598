"""@azure/identity from npm, Azure's own credential, signs in (identity/)."""

from lib import npm
from lib.suite import Suite

suite = Suite(chained=True, unless=npm.why_not('@azure/identity'))


@suite.test('npm installs what the lock file says')
def _(t):
    npm.install('identity')


@suite.test('@azure/identity, and @azure/arm-compute and @azure/arm-resources by it')
def _(t):
    t.relay(['node', npm.program('identity')], {
        'TESTUDO_URL': t.daemon.url, 'TESTUDO_CA_FILE': t.daemon.ca_file, 'TESTUDO_TOKEN_FILE': t.daemon.token_file,
        'TESTUDO_SUBSCRIPTION': t.arm.subscription, 'TESTUDO_LOCATION': t.arm.location,
    }, seconds=60)


suite.main()
