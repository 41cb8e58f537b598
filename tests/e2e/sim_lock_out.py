"""What is bound to a vTPM: found before the upgrade, shown by --what-if, and not locked out unless somebody says so."""

import json
import os

from lib.cli import run
from lib.suite import Suite

suite = Suite(start=False, chained=True)

ON = '-g MyResourceGroup -n MyScaleSet'
BACK = f'testudo vmss update {ON} --security-type Standard --set virtualMachineProfile.securityProfile.uefiSettings=null'
VOLUME = "LuksVolume '/dev/vdb'"


def what_if(t):
    return run(t.daemon, f'{BACK} --what-if -o json').expect().json['instances']


@suite.test('--what-if says of whom nothing is known, and what was found of whom')
def _(t):
    t.daemon = t.new_daemon()
    os.mkdir(t.daemon.state_dir)
    faults = [{'key_suffix': '.0', 'epoch': 1, 'fault': 'volume-bound'}]
    t.room.file('s0/simulated.conf.json', json.dumps({'start_ms': 5, 'boot_ms': 5, 'stop_ms': 5, 'faults': faults}))
    t.daemon.start()
    run(t.daemon, 'testudo group create -n MyResourceGroup').expect()
    run(t.daemon, f'testudo vmss create {ON} --image Testudo:mini:gen2:latest --instance-count 2 --security-type TrustedLaunch '
        '--enable-secure-boot false --enable-vtpm true').expect()
    assert [one['assessment']['status'] for one in what_if(t)] == ['NotAssessed', 'NotAssessed']
    found = run(t.daemon, f'testudo vmss assess {ON} --instance-ids 0 -o json').expect().json[0]
    assert [one['name'] for one in found['lockedOut']] == ['/dev/vdb'], found
    bound, unknown = what_if(t)
    assert bound['assessment']['status'] == 'Assessed' and any(VOLUME in lost for lost in bound['lost']), bound
    assert unknown['assessment'] == {'status': 'NotAssessed', 'reason': 'It was never assessed.', 'lockedOut': []}, unknown
    table = run(t.daemon, f'{BACK} --what-if -o table').expect().out
    assert VOLUME in table and '  - 1: It was never assessed.' in table, table
    secure = run(t.daemon, f'testudo vmss update {ON} --enable-secure-boot true --what-if -o table').expect().out
    assert 'instance 0: KernelModule simulated:' in secure, secure


@suite.test('it outlives a restart of the daemon, and an upgrade that locks the volume out is refused until it is acknowledged')
def _(t):
    t.daemon.stop()
    t.daemon.start()
    run(t.daemon, BACK).expect()
    update = f'testudo vmss update-instances {ON} --instance-ids "*" --yes'
    refused = run(t.daemon, update).expect(1)
    assert 'Instance 0' in refused.err and VOLUME in refused.err and '--acknowledge-data-loss' in refused.err, refused.err
    rolling = run(t.daemon, f'testudo vmss rolling-upgrade start {ON} --yes').expect(1)
    assert VOLUME in rolling.err and '--acknowledge-data-loss' in rolling.err, rolling.err
    reimage = run(t.daemon, f'testudo vmss reimage {ON} --instance-ids 0 --yes').expect(1)
    assert VOLUME in reimage.err, reimage.err
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids 1 --yes').expect()
    run(t.daemon, f'{update} --acknowledge-data-loss').expect()
    log = run(t.daemon, 'testudo monitor activity-log list -o json').expect().json
    told = [one for one in log if one['operationName']['value'].endswith('/acknowledgeDataLoss/action')]
    assert len(told) == 1 and VOLUME in json.dumps(told), told


@suite.test('what was found of a vTPM that is gone refuses nothing')
def _(t):
    run(t.daemon, f'testudo vmss reimage {ON} --instance-ids 0 --yes').expect()


suite.main()
