"""The main job by curl alone against HTTPS (curl_main_job.sh), on the simulated driver."""

import os

from lib.suite import Suite

suite = Suite()


@suite.test('the main job by curl, from its first line to its last')
def _(t):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'curl_main_job.sh')
    t.relay([script], {'TESTUDO_URL': t.daemon.url, 'TESTUDO_CA_FILE': t.daemon.ca_file,
                       'TESTUDO_TOKEN_FILE': t.daemon.token_file, 'POLL': '0.05'})


suite.main()
