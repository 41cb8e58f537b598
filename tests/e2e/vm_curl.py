"""The main job by curl alone against HTTPS (curl_main_job.sh), on real VMs."""

import os

from lib.suite import Suite

suite = Suite(driver='qemu')


@suite.test('the main job by curl, from its first line to its last')
def _(t):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'curl_main_job.sh')
    # The size of the fleet is vm_main_job.py's matter; what is shown here is the wire.
    t.relay([script], {'TESTUDO_URL': t.daemon.url, 'TESTUDO_CA_FILE': t.daemon.ca_file,
                       'TESTUDO_TOKEN_FILE': t.daemon.token_file, 'INSIDE': 'yes', 'INSTANCES': '1'})


suite.main()
