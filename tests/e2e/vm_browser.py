"""The how-to, clicked in the portal, on real VMs: two of them to Trusted launch and back, as seen from the inside."""

from lib import portal
from lib.suite import Suite

suite = Suite(driver='qemu', unless=portal.missing())


@suite.test('the how-to in a browser leads real VMs to Trusted launch and back')
def _(t):
    portal.run_parts(t, ['vms'], seconds=1500, slowness=20)


suite.main()
