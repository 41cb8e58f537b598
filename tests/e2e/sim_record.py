"""The change record: what an upgrade did to each instance, exported, and verified without the daemon."""

import base64
import json
import os
import re
import subprocess

from lib.cli import run
from lib.suite import Suite
from lib.wait import until

suite = Suite(chained=True)

ON = '-g MyResourceGroup -n MyScaleSet'
EXTENSION = ('testudo vmss extension set -g MyResourceGroup --vmss-name MyScaleSet -n GuestAttestation --version 1.0 '
             '--publisher Microsoft.Azure.Security.LinuxAttestation')


def records(t):
    return run(t.daemon, f'testudo vmss change-record list {ON} -o json').expect().json


def verify(t, file, options='', code=0):
    return run(t.daemon, f'testudo attest verify-file {file} {options} -o json').expect(code).json


def payload(text):
    middle = text.split('.')[1]
    return json.loads(base64.urlsafe_b64decode(middle + '=' * (-len(middle) % 4)))


def payload_header(text):
    head = text.split('.')[0]
    return json.loads(base64.urlsafe_b64decode(head + '=' * (-len(head) % 4)))


@suite.test('an upgrade leaves a record of what it did, who asked, and how the instances booted before and after')
def _(t):
    run(t.daemon, 'testudo group create -n MyResourceGroup').expect()
    run(t.daemon, f'testudo vmss create {ON} --image Testudo:mini:gen2:latest --instance-count 2 --upgrade-policy-mode Rolling '
        '--security-type TrustedLaunch --enable-secure-boot true --enable-vtpm true').expect()
    assert records(t) == []
    assert 'no change record' in run(t.daemon, f'testudo vmss change-record show {ON}').expect(3).err
    run(t.daemon, EXTENSION).expect()
    until(lambda: [one['properties']['status'] for one in records(t)] == ['Signed'], 'the record of the extension')
    run(t.daemon, f'testudo vmss update {ON} --vm-sku Standard_B2s --yes').expect()
    until(lambda: [one['properties']['status'] for one in records(t)][:1] == ['Signed'] and
          records(t)[0]['properties']['targetRevision'] == 3, 'the record')
    newest = run(t.daemon, f'testudo vmss change-record show {ON} -o json').expect().json
    assert newest['kind'] == 'RollingUpgrade' and newest['outcome'] == 'Succeeded', newest
    assert [one['instanceId'] for one in newest['instances']] == ['0', '1'], newest
    for one in newest['instances']:
        assert one['whatIf']['change'] == 'redeploy' and one['downtime']['seconds'] > 0, one
        assert one['before']['state'] == one['after']['state'] == 'NotJudged', one
    table = run(t.daemon, f'testudo vmss change-record show {ON} -o table').expect().out
    head, _, first = table.split('\n\n')[1].splitlines()[:3]
    assert head.split() == ['InstanceId', 'DownSeconds', 'StillDown', 'Before', 'BeforeEvidence', 'After', 'AfterEvidence'], table
    assert re.fullmatch(r'\d+\.\d', first.split()[1]) and first.split()[2:] == ['no', 'NotJudged', 'holds', 'NotJudged', 'holds'], table
    assert 'Holds' in table.splitlines()[2], table


@suite.test('it is exported, and holds offline by the CA alone')
def _(t):
    t.file = t.room.file('upgrade.jws')
    t.ca = t.room.file('ca.pem')
    run(t.daemon, f'testudo vmss change-record export {ON} --file {t.file}').expect()
    with open(t.ca, 'w') as file:
        file.write(run(t.daemon, 'testudo ca chain').expect().out)
    t.daemon.stop()
    report = verify(t, t.file, f'--ca {t.ca}')
    assert report['verdict'] == 'Holds' and report['requestedBy'] == 'owner', report
    assert all(one['afterEvidence'] == 'holds' for one in report['instances']), report
    alone = verify(t, t.file, code=1)
    assert alone['verdict'] == 'NotTrusted' and 'testudo attest verify-file FILE --ca CHAIN' in alone['reason'], alone


@suite.test('the evidence of a boot is a folder with all that is checked, and by a CA that does not vouch for the vTPM it does not count')
def _(t):
    t.daemon.start()
    folder, baseline = t.room.file('evidence'), t.room.file('baseline.json')
    run(t.daemon, f'testudo attest show {ON} --instance-id 0 --evidence {folder}').expect()
    assert sorted(os.listdir(folder)) == ['ak.pub', 'ek-rsa.crt.der', 'ek.pub', 'eventlog.bin', 'nonce.bin', 'quote.attest', 'quote.sig']
    run(t.daemon, f'testudo attest approve {ON} --instance-id 0 --yes').expect()
    again = run(t.daemon, f'testudo attest show {ON} --instance-id 0 --evidence {folder}').expect(1)
    assert again.err.startswith(f"ERROR: cannot make '{folder}': "), again.err
    run(t.daemon, f'testudo attest baseline export --id 1 --file {baseline}').expect()
    lost = run(t.daemon, f'testudo attest baseline export --id 1 --file {folder}/no/such').expect(1)
    assert lost.err.startswith('ERROR: cannot write '), lost.err
    assert run(t.daemon, 'testudo attest baseline show --id 7').expect(3).err.startswith('ERROR: (NotFound) ')
    shown = run(t.daemon, 'testudo attest baseline show --id 1 -o table').expect().out.split('\n\n')
    assert shown[0].startswith('Id ') and 'EV_EFI_VARIABLE_DRIVER_CONFIG' in shown[1], shown
    t.daemon.stop()
    assert verify(t, folder, f'--reference {baseline}')['verdict'] == 'Healthy'
    # A simulated vTPM signs its own certificate.
    for ca in (t.ca, f'{folder}/quote.sig'):
        found = verify(t, folder, f'--reference {baseline} --ca {ca}', 1)
        assert found['verdict'] == 'NotAttested' and found['reason'] == found['identity'], found
    assert 'does not chain' in verify(t, folder, f'--reference {baseline} --ca {t.ca}', 1)['reason']


@suite.test('what was changed in it, cut from it, or signed under another CA is named')
def _(t):
    with open(t.file) as file:
        text = file.read()
    head, body, signature = text.split('.')
    forged = payload(text)
    forged['requestedBy'] = 'somebody else'
    changed = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip('=')
    for name, content, verdict in (('changed', f'{head}.{changed}.{signature}', 'WrongSignature'),
                                   ('cut', text[:-40], 'WrongSignature')):
        path = t.room.file(name)
        with open(path, 'w') as file:
            file.write(content)
        assert verify(t, path, f'--ca {t.ca}', 1)['verdict'] == verdict
    other = t.new_daemon()
    os.mkdir(other.state_dir)
    other.start()
    chain = t.room.file('other.pem')
    with open(chain, 'w') as file:
        file.write(run(other, 'testudo ca chain').expect().out)
    other.stop()
    assert verify(t, t.file, f'--ca {chain}', 1)['verdict'] == 'OtherCa'


@suite.test('a new CA signs, and what the one before it signed holds on; what is revoked is told, also without a token')
def _(t):
    t.daemon.start()
    before = t.room.file('crl-before.pem', run(t.daemon, 'testudo ca crl').expect().out)
    assert verify(t, t.file, f'--ca {t.ca} --crl {before}')['verdict'] == 'Holds'
    run(t.daemon, 'testudo ca renew --yes').expect()
    chain = run(t.daemon, 'testudo ca chain').expect().out
    assert chain.count('BEGIN CERTIFICATE') == 3, chain
    renewed = t.room.file('renewed.pem', chain)
    assert verify(t, t.file, f'--ca {renewed}')['verdict'] == 'Holds'
    leaf = payload_header(open(t.file).read())['x5c'][0]
    serial = subprocess.run(['openssl', 'x509', '-inform', 'der', '-noout', '-serial'], input=base64.b64decode(leaf),
                            capture_output=True, check=True).stdout.decode().strip().split('=')[1]
    run(t.daemon, f'testudo ca revoke --serial {serial} --reason test --yes').expect()
    revoked = t.room.file('crl.pem', run(t.daemon, 'testudo ca crl').expect().out)
    assert verify(t, t.file, f'--ca {renewed} --crl {revoked}', 1)['verdict'] == 'Revoked'
    assert 'Revoked' in run(t.daemon, f'testudo vmss change-record show {ON} -o table').expect().out
    run(t.daemon, 'testudo ca revoke --yes').expect(2)
    run(t.daemon, 'testudo ca revoke --serial xyz --yes').expect(1)


@suite.test('records outlive their scale set')
def _(t):
    count = len(records(t))
    run(t.daemon, f'testudo vmss delete {ON} --yes').expect()
    assert len(records(t)) == count


suite.main()
