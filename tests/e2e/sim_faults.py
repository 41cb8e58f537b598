"""What goes wrong with a VM, as the simulated driver plays it: each is a state with a name and a reason, the others run on,
and the instance comes back when asked."""

import json
import os

from lib import bodies
from lib.arm import power
from lib.suite import Suite
from lib.wait import until

suite = Suite(start=False, chained=True)
QUICK = {'start_ms': 5, 'boot_ms': 5, 'stop_ms': 5}
# By instance id: the fault of its first launch. Later launches have none.
FAULTS = {2: 'start-fails', 3: 'disk-full', 4: 'no-agent'}


def provisioning(instance):
    return next(status for status in instance['properties']['instanceView']['statuses']
                if status['code'].startswith('ProvisioningState/'))


@suite.test('a create in which instances go wrong ends as failed, and names each of them with its reason')
def _(t):
    t.daemon = t.new_daemon(options=['--step-timeout', '5'])
    os.mkdir(t.daemon.state_dir)
    faults = [{'key_suffix': f'.{number}', 'epoch': 1, 'fault': fault} for number, fault in FAULTS.items()]
    faults.append({'key_suffix': '.1', 'epoch': 2, 'fault': 'exit'})
    t.room.file('s0/simulated.conf.json', json.dumps({**QUICK, 'faults': faults}))
    t.daemon.start()
    t.arm = t.new_arm()
    asked = bodies.scale_set(capacity=5)
    asked['properties']['overprovision'] = False
    operation = t.arm.ended(t.arm.put(t.arm.set('web'), asked))
    assert operation['status'] == 'Failed'
    named = {detail['target']: detail['code'] for detail in operation['error']['details']}
    assert named == {
        'instances/2': 'VMStartFailed', 'instances/3': 'HostDiskFull', 'instances/4': 'OSProvisioningTimedOut'}
    assert t.arm.get(t.arm.set('web')).body['properties']['provisioningState'] == 'Failed'


@suite.test('each of them is failed and unhealthy with the same code, whichever way it went; those without a fault run')
def _(t):
    instances = t.arm.instances('web')
    codes = {number: provisioning(instance)['code'].removeprefix('ProvisioningState/') for number, instance in instances.items()}
    assert codes == {'0': 'succeeded', '1': 'succeeded', '2': 'failed/VMStartFailed', '3': 'failed/HostDiskFull',
                     '4': 'failed/OSProvisioningTimedOut'}, codes
    for number, instance in instances.items():
        view = instance['properties']['instanceView']['vmHealth']['status']
        assert view['code'] == ('HealthState/healthy' if number in '01' else 'HealthState/unhealthy'), (number, view)
        assert number in '01' or view['message'] == provisioning(instance)['message'], (number, view)
    assert {number: power(instance) for number, instance in instances.items() if number != '4'} == {
        '0': 'running', '1': 'running', '2': 'stopped', '3': 'stopped'}


@suite.test('the activity log has the create: begun, then failed with the reason')
def _(t):
    events = [(event['status']['value'], event.get('description') or '') for event in t.arm.events(t.arm.set('web'))]
    assert [status for status, _ in events] == ['Failed', 'Started'], events
    assert 'told to fail' in events[0][1], events


@suite.test('they come back when they are started or restarted, and the one that ran is not touched')
def _(t):
    before = t.arm.instances('web')['0']
    t.arm.done(t.arm.post(t.arm.set('web') + '/start', {'instanceIds': ['2', '3']}))
    t.arm.done(t.arm.post(t.arm.set('web') + '/restart', {'instanceIds': ['4']}))
    instances = t.arm.instances('web')
    assert {power(instance) for instance in instances.values()} == {'running'}
    assert {provisioning(instance)['code'] for instance in instances.values()} == {'ProvisioningState/succeeded'}
    assert instances['0'] == before


@suite.test('unless overprovision is off, another instance comes in the place of one that cannot be started, up to twice')
def _(t):
    operation = t.arm.ended(t.arm.put(t.arm.set('kept'), bodies.scale_set(capacity=3)))
    codes = {number: provisioning(instance)['code'] for number, instance in t.arm.instances('kept').items()}
    assert codes == {'0': 'ProvisioningState/succeeded', '1': 'ProvisioningState/succeeded',
                     '4': 'ProvisioningState/failed/OSProvisioningTimedOut'}, codes
    assert {detail['target']: detail['code'] for detail in operation['error']['details']} == {
        'instances/4': 'OSProvisioningTimedOut'}, operation


@suite.test('one that dies is started again by itself, and the activity log tells of it')
def _(t):
    # It boots, and then dies: whether the one is seen before the other decides whether the restart succeeded.
    t.arm.ended(t.arm.post(t.arm.set('web') + '/restart', {'instanceIds': ['1']}))
    resource = t.arm.set('web') + '/virtualMachines/1'
    until(lambda: [event for event in t.arm.events(resource) if event['status']['value'] == 'Active'], 'the death to be told')
    until(lambda: provisioning(t.arm.instances('web')['1'])['code'] == 'ProvisioningState/succeeded', 'instance 1 to be back')
    assert power(t.arm.instances('web')['1']) == 'running'


@suite.test('a boot loader that Secure Boot refuses is told as such, with the file; without Secure Boot it boots')
def _(t):
    def unsigned(secure_boot):
        return bodies.scale_set(1, bodies.TRUSTED_SIZE, bodies.image('gen2-unsigned'), bodies.trusted(secure_boot))
    operation = t.arm.ended(t.arm.put(t.arm.set('unsigned'), unsigned(True)))
    assert operation['error']['code'] == 'SecureBootValidationFailed', operation
    instance = t.arm.instances('unsigned')['0']
    message = instance['properties']['instanceView']['vmHealth']['status']['message']
    assert 'Secure Boot' in message and 'grubx64.efi' in message, message
    t.arm.done(t.arm.patch(t.arm.set('unsigned'), bodies.edit(security=bodies.trusted(False))))
    t.arm.done(t.arm.post(t.arm.set('unsigned') + '/manualupgrade', {'instanceIds': ['0']}))
    assert provisioning(t.arm.instances('unsigned')['0'])['code'] == 'ProvisioningState/succeeded'


@suite.test('a second action on an instance that is busy is a 409 that names the operation; another one is not held up')
def _(t):
    t.daemon.stop()
    t.room.file('s0/simulated.conf.json', json.dumps({**QUICK, 'boot_ms': 2000}))
    t.daemon.start()
    restart = t.arm.post(t.arm.set('web') + '/restart', {'instanceIds': ['1']}).expect(202)
    name = t.arm.operation(restart)['name']
    for action in ('restart', 'poweroff', 'reimage', 'deallocate'):
        error = t.arm.post(f'{t.arm.set("web")}/virtualMachines/1/{action}').expect(409).error
        assert name in error['message'], error
    t.arm.done(t.arm.post(t.arm.set('web') + '/poweroff', {'instanceIds': ['2']}))
    t.arm.done(restart)


@suite.test('a change of the model supersedes the operation that is under way, which ends canceled; the change gets there')
def _(t):
    update = t.arm.put(t.arm.set('web'), bodies.scale_set(capacity=7)).expect(200)
    t.arm.patch(t.arm.set('web'), {'sku': {'capacity': 6}}).expect(200)
    operation = t.arm.ended(update)
    assert (operation['status'], operation['error']['code']) == ('Canceled', 'OperationPreempted'), operation
    until(lambda: t.arm.get(t.arm.set('web')).body['properties']['provisioningState'] == 'Succeeded', 'the set to settle')
    assert len(t.arm.instances('web')) == 6


suite.main()
