"""Azure's command line as Debian has it, unmodified: it registers the daemon as its cloud, signs in, and works."""

import json
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


# ---- templates ----

# The one that the documentation shows.
TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs/examples/set.json')


def deploy(t, words):
    return t.az.run(f'az deployment group {words} -g made --template-file {TEMPLATE}')


@suite.test('a template is looked at, deployed, and changed by another one')
def _(t):
    would = deploy(t, 'what-if --no-pretty-print -p name=db').expect().json
    assert [(one['changeType'], one['after']['name']) for one in would['changes']] == [('Create', 'db')], would
    done = deploy(t, 'create -n first -p name=db').expect().json['properties']
    assert done['provisioningState'] == 'Succeeded', done
    made = t.az.run('az vmss show -g made -n db').expect().json
    assert made['uniqueId'] == done['outputs']['unique']['value'] and made['sku']['capacity'] == 1, (made, done)
    profile = made['virtualMachineProfile']
    assert profile['securityProfile']['securityType'] == 'TrustedLaunch', profile
    assert [one['name'] for one in profile['extensionProfile']['extensions']] == ['GuestAttestation'], profile
    would = deploy(t, 'what-if -p name=db capacity=2').expect().out
    assert re.search(r'~ sku\.capacity:\s+1 => 2', would), would
    deploy(t, 'create -n second -p name=db capacity=2').expect()
    assert t.az.run('az vmss show -g made -n db').expect().json['sku']['capacity'] == 2
    assert len(t.az.run('az deployment group list -g made').expect().json) == 2
    steps = t.az.run('az deployment operation group list -g made -n second').expect().json
    assert [one['properties']['targetResource']['resourceName'] for one in steps] == ['db', 'db/GuestAttestation'], steps


@suite.test('a template makes as many sets as it is told, and one more by another number')
def _(t):
    file = os.path.join(os.path.dirname(TEMPLATE), 'sets.json')
    done = t.az.run(f'az deployment group create -g made -n several --template-file {file} -p prefix=shop').expect().json['properties']
    assert [one['name'] for one in done['outputs']['sets']['value']] == ['shop1', 'shop2'], done
    would = t.az.run(f'az deployment group what-if --no-pretty-print -g made --template-file {file} -p prefix=shop count=3').expect().json
    changes = [(one['resourceId'].rsplit('/')[-1], one['changeType']) for one in would['changes'] if one['changeType'] != 'Ignore']
    assert changes == [('shop1', 'NoChange'), ('shop2', 'NoChange'), ('shop3', 'Create')], would
    for name, unique in ((one['name'], one['uniqueId']) for one in done['outputs']['sets']['value']):
        made = t.az.run(f'az vmss show -g made -n {name}').expect().json
        assert made['uniqueId'] == unique and made['tags'] == {'part': name[-1]}, made
        t.az.run(f'az vmss delete -g made -n {name}').expect()
    exported = t.az.run('az deployment group export -g made -n several').expect().json
    assert exported['resources'][0]['copy'] == {'name': 'sets', 'count': "[parameters('count')]"}, exported


def of_set(name, body):
    """A template of one scale set, which is there already: what it does not say stays as it is."""
    return {
        '$schema': 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
        'contentVersion': '1.0.0.0',
        'resources': [{'type': 'Microsoft.Compute/virtualMachineScaleSets', 'apiVersion': '2022-08-01', 'name': name,
                       'location': '[resourceGroup().location]', **body}],
    }


@suite.test('a set goes from Standard to Trusted launch and back by templates')
def _(t):
    for name, body, security_type in (('forth', bodies.upgrade(), 'TrustedLaunch'), ('back', bodies.roll_back(), 'Standard')):
        file = t.room.file(name + '.json')
        with open(file, 'w', encoding='utf-8') as text:
            json.dump(of_set('web', body), text)
        t.az.run(f'az deployment group create -g e2e -n {name} --template-file {file}').expect()
        t.az.run('az vmss update-instances -g e2e -n web --instance-ids "*"').expect()
        instances = t.arm.get(t.arm.set('web') + '/virtualMachines').expect(200).body['value']
        seen = [(one['properties']['latestModelApplied'], one['properties']['securityProfile']['securityType'])
                for one in instances]
        assert seen == [(True, security_type)] * 2, seen


@suite.test('a template that cannot be deployed changes nothing, and says why')
def _(t):
    refused = deploy(t, 'create -n third -p name=-').expect(1)
    assert "The scale set name '-' is not accepted" in refused.err, refused.err
    assert 'ERROR' in t.az.run('az deployment group show -g made -n third').expect(3).err


@suite.test('az vmss create makes a scale set on the network of the host')
def _(t):
    key = t.room.file('key')
    subprocess.run(['ssh-keygen', '-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', key], check=True)
    create = ('az vmss create -g made --image Testudo:mini:gen2:1.0.0 --vm-sku Standard_B1ms --instance-count 2 '
              f'--admin-username me --ssh-key-values {key}.pub --orchestration-mode Uniform')
    balanced = t.az.run(f'{create} -n front').expect(1)
    assert r'--load-balancer \"\" --public-ip-address \"\"' in balanced.err, balanced.err
    made = t.az.run(f'{create} -n front --load-balancer "" --public-ip-address ""').expect().json['vmss']
    assert made['provisioningState'] == 'Succeeded', made
    assert len(t.az.run('az vmss list-instances -g made -n front').expect().json) == 2


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
