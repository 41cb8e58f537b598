"""Tokens of instances that booted as they should: by the command line, over HTTPS, and verified by openssl."""

import os

from lib import bodies
from lib.cli import run
from lib.suite import Suite
from lib.token import verified
from lib.wait import until

suite = Suite(chained=True)
EXTENSION = {'extensions': [{'name': 'GuestAttestation', 'properties': {
    'publisher': 'Microsoft.Azure.Security.LinuxAttestation', 'type': 'GuestAttestation', 'typeHandlerVersion': '1.0'}}]}
ON = '-g e2e -n proven --instance-id 0'
TOKEN = f'testudo attest token {ON} --nonce some-nonce -o tsv'


def state(t):
    return run(t.daemon, f'testudo attest show {ON} -o json').expect().json['properties']['state']


@suite.test('an instance that is not judged gets none, and is told so')
def _(t):
    t.arm.done(t.arm.put(t.arm.set('proven'), bodies.scale_set(
        1, bodies.TRUSTED_SIZE, bodies.image('gen2'), bodies.trusted(), extensionProfile=EXTENSION)).expect(201))
    until(lambda: state(t) == 'NotJudged', 'the first round', 60)
    refused = run(t.daemon, TOKEN).expect(1)
    assert 'NotJudged (noReference)' in refused.err, refused.err


@suite.test('a healthy one gets a token that a stranger verifies')
def _(t):
    run(t.daemon, f'testudo attest approve {ON} --yes').expect()
    until(lambda: state(t) == 'Healthy', 'the next round', 60)
    token = run(t.daemon, TOKEN).expect().out.strip()
    claims = verified(token, t.daemon.url, t.daemon.https(''), t.room.path, 'some-nonce')
    assert claims['secureboot'] is True and claims['x-testudo-image'] == 'Testudo:mini:gen2:1.0.0', claims


@suite.test('testudo verifies it, without the daemon where it has the keys')
def _(t):
    token = run(t.daemon, TOKEN).expect().out
    keys = t.room.file('certs.json', t.daemon.https('').call('GET', '/certs').content.decode())
    for source in ('', f'--jwks {keys}'):
        command = f'testudo attest verify-token - {source} --nonce some-nonce --issuer {t.daemon.url} -o json'
        assert run(t.daemon, command, stdin=token).expect().json['secureboot'] is True
    for wrong, why in (('--nonce another', 'another nonce'), ('--issuer https://elsewhere.example', 'is issued by')):
        refused = run(t.daemon, f'testudo attest verify-token - --jwks {keys} {wrong}', stdin=token).expect(1)
        assert why in refused.err, refused.err
    forged = run(t.daemon, f'testudo attest verify-token - --jwks {keys}', stdin=token[:-10] + 'AAAAAAAAA\n').expect(1)
    assert 'is not signed by' in forged.err, forged.err


@suite.test('a new key signs, and former ones verify until they are revoked')
def _(t):
    token = run(t.daemon, TOKEN).expect().out
    stored = t.room.file('token.jwt', token)
    run(t.daemon, 'testudo attest token-key rotate').expect()
    run(t.daemon, f'testudo attest verify-token {stored}').expect()
    keys = run(t.daemon, 'testudo attest token-key list -o tsv').expect().out.splitlines()
    assert len(keys) == 2 and keys[0].split('\t')[2] == '-', keys
    refused = run(t.daemon, 'testudo attest token-key rotate --revoke-former').expect(1)
    assert '--yes' in refused.err, refused.err
    run(t.daemon, 'testudo attest token-key rotate --revoke-former --yes').expect()
    gone = run(t.daemon, f'testudo attest verify-token {stored}').expect(1)
    assert 'There is no key' in gone.err, gone.err
    assert oct(os.stat(os.path.join(t.daemon.state_dir, 'testudo.db')).st_mode & 0o777) == '0o600'


suite.main()
