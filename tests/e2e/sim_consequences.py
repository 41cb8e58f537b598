"""What follows from a boot that deviates: an alert, its delivery, quarantine with another instance in its place, and the way out; and
an alert that nobody wants to hear of."""

import hashlib
import hmac
import http.server
import json
import os
import threading

from lib.cli import run
from lib.suite import Suite
from lib.wait import until

suite = Suite(start=False, chained=True)

ON = '-g MyResourceGroup -n MyScaleSet'
ONE = f'{ON} --instance-id 0'
SECRET = 'what the receiver knows too'
EXTENSION = ('testudo vmss extension set -g MyResourceGroup --vmss-name MyScaleSet -n GuestAttestation --version 1.0 '
             '--publisher Microsoft.Azure.Security.LinuxAttestation '
             '--settings \'{"AttestationConfig": {"onDeviation": "quarantine"}}\'')


class Receiver(http.server.BaseHTTPRequestHandler):
    """Refuses the first delivery, and takes those after it."""
    refuse = 1
    taken = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        refused = Receiver.refuse > 0
        Receiver.refuse -= refused
        if not refused:
            Receiver.taken.append((dict(self.headers), body))
        self.send_response(503 if refused else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


def tsv(t, command):
    return [line.split('\t') for line in run(t.daemon, command + ' -o tsv').expect().out.splitlines()]


def state(t):
    return run(t.daemon, f'testudo attest show {ONE} -o json').expect().json['properties']['state']


def delivered(index):
    headers, body = Receiver.taken[index]
    signed = headers['X-Testudo-Timestamp'].encode() + b'.' + body
    expected = 'sha256=' + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers['X-Testudo-Signature'] == expected, headers
    return json.loads(body)['data']['essentials']


@suite.test('an instance that boots something else is quarantined, another one comes in its place, and people are told')
def _(t):
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = t.room.file('secret', SECRET + '\n')
    t.daemon = t.new_daemon(options=['--webhook', f'http://127.0.0.1:{server.server_port}/', '--webhook-secret', secret])
    os.mkdir(t.daemon.state_dir)
    faults = [{'key_suffix': '.0', 'epoch': 2, 'fault': 'grub-changed'}, {'key_suffix': '.0', 'epoch': 3, 'fault': 'no-event-log'}]
    t.room.file('s0/simulated.conf.json', json.dumps({'start_ms': 5, 'boot_ms': 5, 'stop_ms': 5, 'faults': faults}))
    t.daemon.start()
    run(t.daemon, 'testudo group create -n MyResourceGroup').expect()
    run(t.daemon, f'testudo vmss create {ON} --image Testudo:mini:gen2:latest --instance-count 1 --upgrade-policy-mode Automatic '
        '--security-type TrustedLaunch --enable-secure-boot true --enable-vtpm true').expect()
    wanting = [row[0] for row in tsv(t, 'testudo assessment list') if row[2] == 'Unhealthy']
    assert wanting == ['guestAttestationInstalled'], wanting
    run(t.daemon, EXTENSION).expect()
    until(lambda: state(t) == 'NotJudged', 'the first verdict')
    run(t.daemon, f'testudo attest approve {ONE} --yes').expect()
    until(lambda: state(t) == 'Healthy', 'the verdict after the approval')
    run(t.daemon, f'testudo vmss restart {ON} --instance-ids 0').expect()
    until(lambda: len(tsv(t, f'testudo vmss quarantine list {ON}')) == 1, 'the instance to be in quarantine')
    until(lambda: len(tsv(t, f'testudo vmss list-instances {ON}')) == 2, 'the other instance')
    alert = tsv(t, 'testudo alert list')
    assert [row[1:4] for row in alert] == [['MyResourceGroup', 'Medium', 'Active']] and 'grubx64.efi' in alert[0][-1], alert
    assert tsv(t, f'testudo vmss health {ONE}')[0][:2] == ['Unavailable', 'In quarantine']
    each = tsv(t, f'testudo vmss health {ON} --instance-id "*"')
    assert [row[:2] for row in each][0] == ['0', 'Unavailable'] and len(each) == 2, each
    until(lambda: len(Receiver.taken) == 1, 'the delivery that was refused at first')
    essentials = delivered(0)
    assert (essentials['monitorCondition'], essentials['severity'], essentials['originAlertId']) == ('Fired', 'Sev2', alert[0][0])


@suite.test('nothing is done with it, also by the next daemon')
def _(t):
    assert 'in quarantine' in run(t.daemon, f'testudo vmss restart {ON} --instance-ids 0').expect(1).err
    t.daemon.stop()
    t.daemon.start()
    assert 'in quarantine' in run(t.daemon, f'testudo vmss restart {ON} --instance-ids 0').expect(1).err
    assert state(t) == 'Deviation'
    run(t.daemon, f'testudo vmss quarantine release {ONE}').expect(1)    # nobody is there to be asked


@suite.test('what it booted is approved: released, it is healthy, and the alert is over')
def _(t):
    run(t.daemon, f'testudo attest approve {ONE} --yes').expect()
    run(t.daemon, f'testudo vmss quarantine release {ONE} --yes').expect()
    until(lambda: state(t) == 'Healthy', 'the verdict after the release')
    assert tsv(t, f'testudo vmss quarantine list {ON}') == []
    assert run(t.daemon, f'testudo vmss show {ON} -o json').expect().json['sku']['capacity'] == 2
    until(lambda: len(Receiver.taken) == 2, 'the word that it is over')
    assert delivered(1)['monitorCondition'] == 'Resolved'
    assert [row[3] for row in tsv(t, 'testudo alert list')] == ['Resolved']


@suite.test('an alert that a rule suppresses is dismissed, and delivered to nobody until the rule is gone')
def _(t):
    rule = 'testudo security alerts-suppression-rule'
    here = '--rule-name quiet --field entities.azureresource.resourceid'
    assert 'alertType' in run(t.daemon, f'{rule} update --rule-name quiet --state Enabled').expect(1).err
    run(t.daemon, f'{rule} show --rule-name quiet').expect(3)
    run(t.daemon, f"{rule} update --rule-name quiet --alert-type '*' --state Enabled --reason Maintenance").expect()
    run(t.daemon, f'{rule} upsert_scope {here} --contains-substring /virtualMachineScaleSets/Another/').expect()
    run(t.daemon, f'{rule} upsert_scope {here} --contains-substring /virtualMachineScaleSets/MyScaleSet/').expect()
    refused = run(t.daemon, f'{rule} upsert_scope --rule-name quiet --field entities.ip.address --any-of 10.0.0.1').expect(1).err
    assert 'entities.ip.address' in refused and 'allOf[1].field' in refused, refused
    run(t.daemon, f'testudo vmss restart {ON} --instance-ids 0').expect()
    until(lambda: [row[3] for row in tsv(t, 'testudo alert list')] == ['Dismissed', 'Resolved'], 'the alert, dismissed')
    shown = run(t.daemon, f'{rule} list -o json').expect().json[0]['properties']
    assert (shown['reason'], len(shown['suppressionAlertsScope']['allOf'])) == ('Maintenance', 1), shown
    assert '--yes' in run(t.daemon, f'{rule} delete_scope {here}').expect(1).err     # it is the last condition
    assert len(Receiver.taken) == 2
    assert 'typo' in run(t.daemon, f'{rule} delete --rule-name typo').expect(3).err
    run(t.daemon, f'{rule} delete --rule-name quiet').expect()
    assert [row[3] for row in tsv(t, 'testudo alert list')] == ['Active', 'Resolved']
    until(lambda: len(Receiver.taken) == 3, 'the delivery')
    assert delivered(2)['monitorCondition'] == 'Fired'


suite.main()
