"""The main job on the simulated driver, from a client's point of view."""

from lib import bodies
from lib.arm import power
from lib.suite import Suite

suite = Suite(chained=True)


@suite.test('a create ends with every instance running on the model')
def _(t):
    t.arm.done(t.arm.put(t.arm.set('web'), bodies.scale_set(capacity=3)).expect(201))
    instances = t.arm.instances('web')
    assert [power(instance) for instance in instances.values()] == ['running'] * 3
    assert all(instance['properties']['latestModelApplied'] for instance in instances.values())


@suite.test('Trusted launch on a size and an image that cannot do it is refused with both reasons, and changes nothing')
def _(t):
    before = t.arm.get(t.arm.set('web')).body
    error = t.arm.patch(t.arm.set('web'), bodies.edit(security=bodies.trusted())).expect_error(400, 'BadRequest')
    messages = ' '.join(detail['message'] for detail in error['details'])
    assert bodies.STANDARD_SIZE in messages and 'Gen2' in messages, messages
    assert t.arm.get(t.arm.set('web')).body == before


@suite.test('size, image and security type change the model at once and no instance')
def _(t):
    t.arm.done(t.arm.patch(t.arm.set('web'), bodies.upgrade()))
    model = t.arm.get(t.arm.set('web')).body
    assert model['sku']['name'] == bodies.TRUSTED_SIZE
    assert model['properties']['virtualMachineProfile']['securityProfile'] == bodies.trusted()
    for instance in t.arm.instances('web').values():
        assert not instance['properties']['latestModelApplied']
        assert instance['sku']['name'] == bodies.STANDARD_SIZE


@suite.test('an instance that is updated comes to the model, and the others are not touched')
def _(t):
    before = t.arm.instances('web')
    t.arm.done(t.arm.post(t.arm.set('web') + '/manualupgrade', {'instanceIds': ['1']}))
    after = t.arm.instances('web')
    assert after['1']['properties']['latestModelApplied'] and after['1']['sku']['name'] == bodies.TRUSTED_SIZE
    assert after['1']['properties']['securityProfile'] == bodies.trusted()
    assert (after['0'], after['2']) == (before['0'], before['2'])


@suite.test('the whole set goes back to Standard')
def _(t):
    t.arm.done(t.arm.post(t.arm.set('web') + '/manualupgrade', {'instanceIds': ['*']}))
    t.arm.done(t.arm.patch(t.arm.set('web'), bodies.roll_back()))
    t.arm.done(t.arm.post(t.arm.set('web') + '/manualupgrade', {'instanceIds': ['*']}))
    for instance in t.arm.instances('web').values():
        assert instance['sku']['name'] == bodies.STANDARD_SIZE and power(instance) == 'running'
        assert 'uefiSettings' not in instance['properties'].get('securityProfile', {})


@suite.test('a deleted set is gone, and deleting it again says so without an error')
def _(t):
    t.arm.done(t.arm.delete(t.arm.set('web')).expect(202))
    t.arm.get(t.arm.set('web')).expect_error(404, 'ResourceNotFound')
    t.arm.delete(t.arm.set('web')).expect(204)


suite.main()
