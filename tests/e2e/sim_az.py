"""Azure's command line as Debian has it, unmodified: it registers the daemon as its cloud, signs in, and works."""

import os
import re
import secrets
import subprocess

from lib import bodies
from lib.az import Az, why_not
from lib.suite import Suite

suite = Suite(chained=True, unless=why_not())


def restarted(t):
    """At the address that the cloud was registered by."""
    t.daemon.stop()
    t.daemon.start(extra=['--listen', f'127.0.0.1:{t.daemon.port}'])


def activity(t):
    return t.arm.get(f'{t.arm.root}/providers/Microsoft.Insights/eventtypes/management/values').expect(200).body['value']


def sign_ins(t):
    return [event for event in activity(t) if event['operationName']['value'] == 'Testudo.Clients/sessions/write']


def token(t):
    return t.az.run('az account get-access-token').expect().json['accessToken']


# ---- signing in ----

@suite.test('the daemon is registered as a cloud')
def _(t):
    t.az = Az(t.daemon, t.room.file('az'))
    t.az.register()


@suite.test('az login without a service principal says how it is done')
def _(t):
    refused = t.az.run('az login').expect(1)
    assert 'az login --service-principal -u NAME' in refused.err, refused.err


@suite.test('a wrong secret and a certificate are refused, and what is right is said')
def _(t):
    wrong = t.az.login('wrong').expect(1)
    assert 'The client secret is wrong: it is the content of admin.token' in wrong.err, wrong.err
    certificate = t.room.file('certificate.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', certificate + '.key', '-out',
                    certificate + '.crt', '-subj', '/CN=ci', '-days', '1'], check=True, capture_output=True)
    with open(certificate, 'w', encoding='ascii') as file:
        for part in ('.key', '.crt'):
            with open(certificate + part, encoding='ascii') as text:
                file.write(text.read())
    by_certificate = t.az.login(certificate).expect(1)
    assert "A certificate ('client_assertion') is not accepted here" in by_certificate.err, by_certificate.err
    assert not sign_ins(t)


@suite.test('the admin token signs in')
def _(t):
    accounts = t.az.login('@' + t.daemon.token_file).expect().json
    assert [(one['id'], one['user']['name']) for one in accounts] == [(t.arm.subscription, 'ci')], accounts
    signed_in, = sign_ins(t)
    assert re.fullmatch(r'client:[0-9a-f]{8}', signed_in['caller']), signed_in
    assert "as client 'ci'" in signed_in['description'], signed_in
    t.caller = signed_in['caller']


# ---- working ----

@suite.test('account and location are known')
def _(t):
    assert t.az.run('az account show').expect().json['id'] == t.arm.subscription
    locations = t.az.run('az account list-locations').expect().json
    assert [one['name'] for one in locations] == [t.arm.location], locations


@suite.test('groups are made and listed')
def _(t):
    t.az.run(f'az group create -n made -l {t.arm.location}').expect()
    names = {one['name'] for one in t.az.run('az group list').expect().json}
    assert names == {'e2e', 'made'}, names


@suite.test('scale sets are listed and scaled, by the client that signed in')
def _(t):
    t.arm.done(t.arm.put(t.arm.set('web'), bodies.scale_set(1)).expect(201))
    sets = t.az.run('az vmss list -g e2e').expect().json
    assert [(one['name'], one['sku']['capacity']) for one in sets] == [('web', 1)], sets
    assert t.az.run('az vmss scale -g e2e -n web --new-capacity 2').expect().json['sku']['capacity'] == 2
    assert any(event['caller'] == t.caller and event['resourceId'].endswith('/web') for event in activity(t)), activity(t)


# ---- how long that lasts ----

@suite.test('the token goes on when the daemon is started again, and goes where the admin token goes')
def _(t):
    before = token(t)
    restarted(t)
    t.az.run('az group show -n made').expect()
    assert token(t) == before and len(sign_ins(t)) == 1
    t.daemon.https(before).call('GET', '/subscriptions?api-version=2022-12-01').expect(200)
    t.daemon.https(before).call('POST', '/portal/session', {}).expect_error(403, 'AuthorizationFailed')


@suite.test('with another admin token it is over, which is said, and az login begins anew')
def _(t):
    with open(t.daemon.token_file, 'w', encoding='ascii') as file:
        file.write(secrets.token_hex(32) + '\n')
    restarted(t)
    over = t.az.run('az group list').expect(1)
    assert 'AuthenticationFailed' in over.err and "sign in again by 'az login'" in over.err, over.err
    t.az.login('@' + t.daemon.token_file).expect()
    t.az.run('az group show -n made').expect()


@suite.test('after az logout it knows nobody')
def _(t):
    t.az.run('az logout').expect()
    refused = t.az.run('az group list').expect(1)
    assert 'az login' in refused.err, refused.err
    with open(os.path.join(t.az.folder, 'service_principal_entries.json'), encoding='utf-8') as file:
        assert t.daemon.token() not in file.read()


suite.main()
