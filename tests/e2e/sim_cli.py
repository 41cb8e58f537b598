"""The testudo command on the simulated driver: the main job as it is typed, the questions, the formats, the exit codes."""

import json
import os
import pty
import re
import subprocess

from lib.cli import run
from lib.daemon import BUILD
from lib.suite import Suite
from lib.wait import until

suite = Suite(chained=True)

ON = '-g MyResourceGroup -n MyScaleSet'
BY_DEFAULT = '--namespace Microsoft.Compute --name TrustedLaunchByDefaultPreview'
TO_TRUSTED_LAUNCH = (f'testudo vmss update {ON} --vm-sku Standard_B1ms '
                     '--set virtualMachineProfile.storageProfile.imageReference.sku=gen2 '
                     '--security-type TrustedLaunch --enable-secure-boot true --enable-vtpm true')


def rows(t, command):
    """Lines of -o tsv, each split into its cells."""
    return [line.split('\t') for line in run(t.daemon, command + ' -o tsv').expect().out.splitlines()]


def security(t):
    """Per instance: on the newest model, size, image, security type."""
    return {cells[0]: cells[1:4] + [cells[5]] for cells in rows(t, f'testudo vmss list-instances {ON}')}


STANDARD = ['Standard_A1_v2', 'gen1', 'Standard']
TRUSTED = ['Standard_B1ms', 'gen2', 'TrustedLaunch']


@suite.test('a group and a scale set are created, and their tables say so')
def _(t):
    run(t.daemon, 'testudo group create -n MyResourceGroup').expect()
    created = run(t.daemon, f'testudo vmss create {ON} --image Testudo:mini:gen1:1.0.0 --vm-sku Standard_A1_v2 '
                            '--instance-count 3 -o table').expect()
    assert re.search(r'^MyScaleSet +MyResourceGroup +3 +Standard_A1_v2 +gen1 +1\.0\.0 +Standard ', created.out, re.M), created.out
    assert created.err.splitlines()[0] == 'Creating scale set MyScaleSet', created.err
    assert '\r' not in created.err and '\x1b' not in created.err
    assert security(t) == {i: ['true', *STANDARD] for i in '012'}


@suite.test('what-if of a change that is refused names every rule, and its exit code says so')
def _(t):
    command = f'testudo vmss update {ON} --security-type TrustedLaunch --enable-secure-boot true --enable-vtpm true'
    asked = run(t.daemon, command + ' --what-if -o table').expect(1)
    assert asked.out.startswith('Refused') and 'Standard_A1_v2' in asked.out and 'Gen2 OS Image' in asked.out, asked.out
    refused = run(t.daemon, command).expect(1)
    assert refused.out == '' and refused.err.count('(BadRequest)') == 2, refused.err
    assert refused.err.count('[sku.name]') + refused.err.count('imageReference]') == 2, refused.err


@suite.test('what-if of the upgrade says what each instance loses, and changes nothing')
def _(t):
    before = run(t.daemon, f'testudo vmss show {ON} -o json').expect().json
    asked = run(t.daemon, TO_TRUSTED_LAUNCH + ' --what-if -o table').expect()
    assert asked.out.startswith('Accepted') and 'OS disk: ' in asked.out, asked.out
    assert asked.out.endswith('Command: testudo vmss update-instances\n'), asked.out
    assert re.findall(r'^([0-9]) +new OS disk ', asked.out, re.M) == ['0', '1', '2'], asked.out
    answer = run(t.daemon, TO_TRUSTED_LAUNCH + ' --what-if -o json').expect().json
    assert answer['status'] == 'Accepted' and answer['summary']['reimage'] == 3
    assert run(t.daemon, f'testudo vmss show {ON} -o json').expect().json == before


@suite.test('a size that the set cannot have is not among those that it can change to')
def _(t):
    sizes = [cells[0] for cells in rows(t, f'testudo vmss list-skus {ON}')]
    assert 'Basic_A0' in sizes and 'Standard_B1ms' in sizes and 'Standard_DC2as_v5' not in sizes, sizes


@suite.test('the upgrade changes the model and no instance')
def _(t):
    changed = run(t.daemon, TO_TRUSTED_LAUNCH).expect()
    assert '0 of 3 instances are on this model' in changed.err and 'update-instances' in changed.err, changed.err
    assert security(t) == {i: ['false', *STANDARD] for i in '012'}


@suite.test('update-instances that loses an OS disk is refused where nobody can be asked')
def _(t):
    refused = run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids 1').expect(1)
    assert 'Lost on instance 1:' in refused.err and 'OS disk' in refused.err and '--yes' in refused.err, refused.err
    assert security(t)['1'] == ['false', *STANDARD]


def on_terminal(t, command, answer):
    """Standard input and error on a terminal; returns exit code and what stood there."""
    master, slave = pty.openpty()
    process = subprocess.Popen([os.path.join(BUILD, 'testudo'), *command.split()[1:]], stdin=slave, stderr=slave,
                               stdout=subprocess.PIPE, env={**os.environ, 'TESTUDO_STATE_DIR': t.daemon.state_dir})
    os.close(slave)
    shown = b''
    while b'(y/n)' not in shown:
        shown += os.read(master, 4096)
    os.write(master, answer + b'\n')
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:     # the terminal's other end is closed
            break
        if not piece:
            break
        shown += piece
    process.stdout.close()
    code = process.wait(60)
    os.close(master)
    return code, shown.decode()


@suite.test('on a terminal it asks: no changes nothing, yes goes on')
def _(t):
    command = f'testudo vmss update-instances {ON} --instance-ids 1'
    code, shown = on_terminal(t, command, b'n')
    assert code == 1 and 'Lost on instance 1:' in shown and 'Nothing was changed' in shown, shown
    assert security(t)['1'] == ['false', *STANDARD]
    code, shown = on_terminal(t, command, b'y')
    assert code == 0 and '\r\x1b[K' in shown and 'Updating instance 1 of MyScaleSet: done' in shown, shown
    assert security(t) == {'0': ['false', *STANDARD], '1': ['true', *TRUSTED], '2': ['false', *STANDARD]}


@suite.test('--yes answers, "*" is all')
def _(t):
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids "*" --yes').expect()
    assert security(t) == {i: ['true', *TRUSTED] for i in '012'}
    sizes = [cells[0] for cells in rows(t, f'testudo vmss list-skus {ON}')]
    assert 'Standard_B2s' in sizes and 'Basic_A0' not in sizes, sizes


@suite.test('back to Standard loses the vTPM: that is asked as well')
def _(t):
    run(t.daemon, f'testudo vmss update {ON} --security-type Standard').expect()
    refused = run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids 0').expect(1)
    assert 'vTPM' in refused.err, refused.err
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids 0 1 2 --yes').expect()
    assert security(t) == {i: ['true', 'Standard_B1ms', 'gen2', 'Standard'] for i in '012'}


@suite.test('a change that loses nothing is not asked')
def _(t):
    run(t.daemon, f'testudo vmss update {ON} --vm-sku Standard_B2s').expect()
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids "*"').expect()


@suite.test('rollback goes back to a revision by its number, and instances follow as after any change')
def _(t):
    def revisions():
        return {cells[0]: cells[1:7] for cells in rows(t, f'testudo vmss revisions {ON}')}

    there = revisions()
    assert list(there) == ['4', '3', '2', '1'], there
    assert there['4'] == ['true', '3', 'Standard_B2s', 'gen2', '1.0.0', 'Standard'], there
    assert there['2'] == ['false', '0', 'Standard_B1ms', 'gen2', '1.0.0', 'TrustedLaunch'], there
    asked = run(t.daemon, f'testudo vmss rollback {ON} --to 2 --what-if -o json').expect().json
    assert asked['summary']['redeploy'] == 3 and list(revisions()) == list(there)
    done = run(t.daemon, f'testudo vmss rollback {ON} --to 2').expect()
    assert '0 of 3 instances are on this model' in done.err, done.err
    assert revisions()['5'] == ['true', '0', *there['2'][2:]]
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids "*" --yes').expect()
    assert security(t) == {i: ['true', *TRUSTED] for i in '012'}
    unknown = run(t.daemon, f'testudo vmss rollback {ON} --to 9').expect(1)
    assert 'there are: 1 to 5' in unknown.err, unknown.err
    run(t.daemon, f'testudo vmss rollback {ON} --to 4 --no-wait').expect()
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids "*" --yes').expect()


@suite.test('changes of tags, policy and capacity are no models to go back to, and lose no way back')
def _(t):
    on = '-g MyResourceGroup -n Tagged'

    def revisions():
        return [(cells[0], cells[-1]) for cells in rows(t, f'testudo vmss revisions {on}')]

    run(t.daemon, f'testudo vmss create {on} --image Testudo:mini:gen2:1.0.0 --vm-sku Standard_B1ms --instance-count 1').expect()
    run(t.daemon, f'testudo vmss update {on} --vm-sku Standard_B2s').expect()
    run(t.daemon, f'testudo vmss update-instances {on} --instance-ids "*" --yes').expect()
    assert revisions() == [('2', '2'), ('1', '1')], revisions()
    for i in range(24):
        run(t.daemon, f'testudo vmss update {on} --tags a={i}').expect()
    run(t.daemon, f'testudo vmss update {on} --max-batch-instance-percent 30').expect()
    run(t.daemon, f'testudo vmss scale {on} --new-capacity 2').expect()
    run(t.daemon, f'testudo vmss scale {on} --new-capacity 1 --yes').expect()
    assert revisions() == [('29', '2'), ('1', '1')], revisions()
    run(t.daemon, f'testudo vmss rollback {on} --to 1').expect()
    there = run(t.daemon, f'testudo vmss show {on} -o json').expect().json
    assert there['sku'] == {**there['sku'], 'name': 'Standard_B1ms', 'capacity': 1} and there['tags'] == {'a': '23'}, there
    assert revisions() == [('30', '30'), ('29', '2'), ('1', '1')], revisions()
    # a number that was noted down before it had another
    run(t.daemon, f'testudo vmss rollback {on} --to 3').expect()
    assert run(t.daemon, f'testudo vmss show {on} -o json').expect().json['sku']['name'] == 'Standard_B2s'
    run(t.daemon, f'testudo vmss delete {on} --yes').expect()


@suite.test('extensions are set, listed, shown and deleted; the version is the newest unless it is said')
def _(t):
    on = '-g MyResourceGroup --vmss-name MyScaleSet'
    kind = '--publisher Microsoft.ManagedServices --name ApplicationHealthLinux'
    settings = '\'{"protocol": "http", "port": 8080, "requestPath": "/health"}\''
    made = run(t.daemon, f'testudo vmss extension set {on} {kind} --settings {settings} -o json').expect()
    assert made.json['properties']['typeHandlerVersion'] == '2.0' and 'update-instances' in made.err, made.err
    run(t.daemon, f'testudo vmss extension set {on} {kind} --version 1.0 --settings {settings} '
                  '--extension-instance-name other').expect(1)
    path = os.path.join(t.daemon.state_dir, 'settings.json')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('{"protocol": "tcp", "port": 22}')
    run(t.daemon, f'testudo vmss extension set {on} {kind} --version 1.0 --settings @{path}').expect()
    shown = run(t.daemon, f'testudo vmss extension show {on} -n ApplicationHealthLinux -o json').expect().json
    assert shown['properties']['settings'] == {'protocol': 'tcp', 'port': 22}, shown
    run(t.daemon, f'testudo vmss extension set {on} {kind} --settings 7').expect(2)
    missing = run(t.daemon, f'testudo vmss extension set {on} {kind} --settings /nofile.json').expect(2)
    assert "there is no file '/nofile.json'" in missing.err, missing.err
    wrong = run(t.daemon, f'testudo vmss extension set {on} --publisher P --name CustomScript').expect(1)
    assert 'ApplicationHealthLinux' in wrong.err, wrong.err
    secret = '--protected-settings \'{"k": "v"}\''
    run(t.daemon, f'testudo vmss extension set {on} --publisher Microsoft.Azure.ServiceFabric --name Node '
                  f'--extension-instance-name fabric {secret}').expect()
    assert [cells[0] for cells in rows(t, f'testudo vmss extension list {on}')] == ['ApplicationHealthLinux', 'fabric']
    assert '"v"' not in run(t.daemon, f'testudo vmss extension list {on} -o json').expect().out
    for name in ('fabric', 'ApplicationHealthLinux'):
        run(t.daemon, f'testudo vmss extension delete {on} -n {name}').expect()
    run(t.daemon, f'testudo vmss extension delete {on} -n fabric').expect(3)
    assert rows(t, f'testudo vmss extension list {on}') == []
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids "*"').expect()


@suite.test('--set edits one entry of a list and one tag, and keeps the others')
def _(t):
    def profile():
        return run(t.daemon, f'testudo vmss show {ON} -o json').expect().json

    disks = 'virtualMachineProfile.storageProfile.dataDisks'
    run(t.daemon, f'testudo vmss update {ON} --set \'{disks}=[{{"lun":0,"diskSizeGB":1}},{{"lun":3,"diskSizeGB":2}}]\' '
                  'tags.a=1 tags.b=2').expect()
    run(t.daemon, f'testudo vmss update {ON} --set {disks}[lun=3].caching=None {disks}[0].diskSizeGB=4 tags.b=3').expect()
    there = profile()
    assert there['tags'] == {'a': '1', 'b': '3'}
    assert [(disk['lun'], disk['diskSizeGB'], disk.get('caching'))
            for disk in there['properties']['virtualMachineProfile']['storageProfile']['dataDisks']] == \
        [(0, 4, None), (3, 2, 'None')]
    wrong = run(t.daemon, f'testudo vmss update {ON} --set {disks}[7].lun=1').expect(2)
    assert 'the list has 2 entries' in wrong.err, wrong.err


@suite.test('stop, start, restart, deallocate and reimage reach the instances that are named')
def _(t):
    def powers():
        return {cells[0]: cells[9] for cells in rows(t, f'testudo vmss list-instances {ON}')}

    run(t.daemon, f'testudo vmss stop {ON} --instance-ids 0').expect()
    run(t.daemon, f'testudo vmss deallocate {ON} --instance-ids 2').expect()
    assert powers() == {'0': 'stopped', '1': 'running', '2': 'deallocated'}
    run(t.daemon, f'testudo vmss start {ON}').expect()
    run(t.daemon, f'testudo vmss restart {ON} --instance-ids 1').expect()
    run(t.daemon, f'testudo vmss reimage {ON} --instance-ids 1').expect(1)
    run(t.daemon, f'testudo vmss reimage {ON} --instance-ids 1 --yes').expect()
    assert powers() == {'0': 'running', '1': 'running', '2': 'running'}
    view = rows(t, f'testudo vmss get-instance-view {ON} --instance-id "*"')
    assert [cells[:3] for cells in view] == [[i, 'succeeded', 'running'] for i in '012'], view


@suite.test('scaling out is done, scaling in is asked, protection holds')
def _(t):
    run(t.daemon, f'testudo vmss scale {ON} --new-capacity 4').expect()
    run(t.daemon, f'testudo vmss update {ON} --instance-id 3 --protect-from-scale-in').expect()
    refused = run(t.daemon, f'testudo vmss scale {ON} --new-capacity 3').expect(1)
    assert 'Delete 1 of 4 instances' in refused.err, refused.err
    run(t.daemon, f'testudo vmss scale {ON} --new-capacity 3 --yes').expect()
    assert list(security(t)) == ['0', '1', '3']
    run(t.daemon, f'testudo vmss delete-instances {ON} --instance-ids 0 --yes').expect()
    assert list(security(t)) == ['1', '3']
    both = '--protect-from-scale-in true --protect-from-scale-set-actions true'
    protected = run(t.daemon, f'testudo vmss update {ON} --instance-id 3 {both} -o json').expect().json
    assert protected['properties']['protectionPolicy'] == {'protectFromScaleIn': True, 'protectFromScaleSetActions': True}
    assert [cells[-1] for cells in rows(t, f'testudo vmss list-instances {ON}')] == ['', 'scale-set actions']
    assert rows(t, f'testudo vmss show {ON} --instance-id 3')[0][-1] == 'scale-set actions'
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids 3 --yes').expect(1)
    run(t.daemon, f'testudo vmss update {ON} --instance-id 3 --protect-from-scale-in false').expect(1)
    off = '--protect-from-scale-in false --protect-from-scale-set-actions false'
    run(t.daemon, f'testudo vmss update {ON} --instance-id 3 {off}').expect()


@suite.test('data disks of instances that are gone are listed, attached, detached and deleted')
def _(t):
    on = '-g MyResourceGroup --vmss-name Disks'
    run(t.daemon, 'testudo vmss create -g MyResourceGroup -n Disks --image Testudo:mini:gen2:1.0.0 --instance-count 2 --vm-sku Standard_B2s '
                  '--data-disk-sizes-gb 4 2').expect()
    assert rows(t, 'testudo disk list') == []
    run(t.daemon, 'testudo vmss scale -g MyResourceGroup -n Disks --new-capacity 1 --yes').expect()
    kept = rows(t, 'testudo disk list -g MyResourceGroup')
    assert [cells[1:8] for cells in kept] == [['MyResourceGroup', 'Disks', '1', '0', '4', 'Unattached', '7'],
                                              ['MyResourceGroup', 'Disks', '1', '1', '2', 'Unattached', '7']], kept
    name = kept[0][0]
    attached = run(t.daemon, f'testudo vmss disk attach {on} --instance-id 0 --disk {name} -o json').expect()
    assert [(disk['lun'], disk['createOption']) for disk in attached.json] == [(0, 'Empty'), (1, 'Empty'), (2, 'Attach')]
    shown = run(t.daemon, f'testudo disk show -g MyResourceGroup -n {name} -o json').expect().json
    assert shown['properties']['diskState'] == 'Attached' and shown['managedBy'].endswith('/virtualMachines/0'), shown
    assert 'detach it first' in run(t.daemon, f'testudo disk delete -g MyResourceGroup -n {name} --yes').expect(1).err
    taken = run(t.daemon, f'testudo vmss disk attach {on} --instance-id 0 --disk {kept[1][0]} --lun 0').expect(1)
    assert 'LUN 0' in taken.err, taken.err
    run(t.daemon, f'testudo vmss disk detach {on} --instance-id 0 --lun 7').expect(2)
    assert "the model's" in run(t.daemon, f'testudo vmss disk detach {on} --instance-id 0 --lun 1').expect(1).err
    run(t.daemon, f'testudo vmss disk attach {on} --instance-id 0 --disk {shown["id"]}').expect(1)
    run(t.daemon, f'testudo vmss disk detach {on} --instance-id 0 --lun 2').expect()
    asked = run(t.daemon, f'testudo disk delete -g MyResourceGroup -n {name}').expect(1)
    assert 'LUN 2 of instance 0 of Disks' in asked.err, asked.err
    run(t.daemon, f'testudo disk delete -g MyResourceGroup -n {name} --yes').expect()
    run(t.daemon, f'testudo disk show -g MyResourceGroup -n {name}').expect(3)
    run(t.daemon, 'testudo vmss delete -g MyResourceGroup -n Disks --yes').expect()
    assert len(rows(t, 'testudo disk list')) == 3


@suite.test('with the rule OldestVM the oldest instance goes')
def _(t):
    on = '-g MyResourceGroup -n Aging'
    run(t.daemon, f'testudo vmss create {on} --image Testudo:mini:gen2:latest --scale-in-policy OldestVM').expect()
    run(t.daemon, f'testudo vmss update {on} --scale-in-policy Youngest').expect(1)
    run(t.daemon, f'testudo vmss scale {on} --new-capacity 1 --yes').expect()
    left = run(t.daemon, f'testudo vmss list-instances {on} -o json').expect().json
    assert [instance['instanceId'] for instance in left] == ['1'], left
    run(t.daemon, f'testudo vmss delete {on} --force-deletion --yes').expect()


@suite.test('the policy of rolling upgrades has options, and shares that two instances cannot meet are warned about')
def _(t):
    on = '-g MyResourceGroup -n Rolled'
    made = run(t.daemon, f'testudo vmss create {on} --image Testudo:mini:gen2:1.0.0 --mode Rolling').expect()
    warned = [line for line in made.err.splitlines() if line.startswith('Warning: ')]
    assert len(warned) == 3 and all(line.endswith(' is 50.') for line in warned), made.err
    changed = run(t.daemon, f'testudo vmss update {on} --max-batch-instance-percent 50 --max-unhealthy-instance-percent 49 '
                            '--max-unhealthy-upgraded-instance-percent 0 --pause-time-between-batches PT1S '
                            '--prioritize-unhealthy-instances true --max-surge true '
                            '--rollback-failed-instances-on-policy-breach true -o json').expect()
    assert [line.split(':')[1].rsplit('.', 1)[1] for line in changed.err.splitlines() if 'less than one' in line] == \
        ['maxUnhealthyInstancePercent'], changed.err
    policy = changed.json['properties']['upgradePolicy']
    assert policy['mode'] == 'Rolling' and policy['rollingUpgradePolicy'] == {
        'maxBatchInstancePercent': 50, 'maxUnhealthyInstancePercent': 49, 'maxUnhealthyUpgradedInstancePercent': 0,
        'pauseTimeBetweenBatches': 'PT1S', 'prioritizeUnhealthyInstances': True, 'maxSurge': True,
        'rollbackFailedInstancesOnPolicyBreach': True}, policy
    again = run(t.daemon, f'testudo vmss update {on} --max-unhealthy-instance-percent 50 --what-if -o json').expect().json
    assert again['warnings'] == [], again
    run(t.daemon, f'testudo vmss update {on} --max-batch-instance-percent 101').expect(1)
    run(t.daemon, f'testudo vmss update {on} --instance-id 0 --max-surge true').expect(2)
    run(t.daemon, f'testudo vmss delete {on} --yes').expect()


@suite.test('automatic repairs have options, and are suspended and set going again')
def _(t):
    on = '-g MyResourceGroup -n Repaired'
    state = f'testudo vmss set-orchestration-service-state {on} --service-name AutomaticRepairs --action'
    made = run(t.daemon, f'testudo vmss create {on} --image Testudo:mini:gen2:1.0.0 --instance-count 1 '
                         '--automatic-repairs-grace-period 30 -o json').expect().json
    assert made['properties']['automaticRepairsPolicy'] == {'enabled': True, 'gracePeriod': 'PT30M'}, made

    def service():
        view = run(t.daemon, f'testudo vmss get-instance-view {on} -o json').expect().json
        return view['orchestrationServices']
    assert service() == [{'serviceName': 'AutomaticRepairs', 'serviceState': 'Running'}]
    run(t.daemon, f'{state} Suspend').expect()
    assert service()[0]['serviceState'] == 'Suspended'
    assert ['AutomaticRepairs/suspended', ''] in rows(t, f'testudo vmss get-instance-view {on}')
    run(t.daemon, f'{state} Resume').expect()
    assert service()[0]['serviceState'] == 'Running'
    changed = run(t.daemon, f'testudo vmss update {on} --enable-automatic-repairs false --automatic-repairs-action Reimage '
                            '-o json').expect().json
    assert changed['properties']['automaticRepairsPolicy'] == {
        'enabled': False, 'gracePeriod': 'PT30M', 'repairAction': 'Reimage'}, changed
    assert service()[0]['serviceState'] == 'NotRunning'
    assert 'automaticRepairsPolicy' in run(t.daemon, f'{state} Resume').expect(1).err
    assert '10 to 90' in run(t.daemon, f'testudo vmss update {on} --automatic-repairs-grace-period 9').expect(1).err
    run(t.daemon, f'testudo vmss delete {on} --yes').expect()


@suite.test('--no-wait returns at once, and vmss wait waits')
def _(t):
    on = '-g MyResourceGroup -n Other'
    run(t.daemon, f'testudo vmss create {on} --image Testudo:mini:gen2:latest --no-wait').expect()
    run(t.daemon, f'testudo vmss wait {on} --created').expect()
    assert run(t.daemon, f'testudo vmss show {on} -o json').expect().json['properties']['provisioningState'] == 'Succeeded'
    run(t.daemon, f'testudo vmss delete {on} --yes --no-wait').expect()
    run(t.daemon, f'testudo vmss wait {on} --deleted').expect()
    run(t.daemon, f'testudo vmss show {on}').expect(3)


@suite.test('a command that waits outlives a restart of the daemon')
def _(t):
    waiting = subprocess.Popen([os.path.join(BUILD, 'testudo'), 'vmss', 'restart', *ON.split()], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True,
                               env={**os.environ, 'TESTUDO_STATE_DIR': t.daemon.state_dir})
    with waiting:
        assert waiting.stderr.readline() == 'Restarting all instances of MyScaleSet\n'
        t.daemon.kill()
        t.daemon.start()
        said = waiting.stderr.read()
        assert waiting.wait(60) == 0 and 'done' in said, said


@suite.test('json is the default in a pipe, and yaml says the same')
def _(t):
    document = run(t.daemon, f'testudo vmss show {ON}').expect().json
    text = run(t.daemon, f'testudo vmss show {ON} -o yaml').expect().out
    assert f'name: "{document["name"]}"' in text and f'  capacity: {document["sku"]["capacity"]}\n' in text, text


@suite.test('the same commands work over HTTPS with the token')
def _(t):
    over = f'--server {t.daemon.url} --ca-file {t.daemon.ca_file} --token-file {t.daemon.token_file}'
    names = [entry['name'] for entry in run(t.daemon, f'testudo vmss list {over}').expect().json]
    assert names == ['MyScaleSet'], names
    denied = run(t.daemon, f'testudo vmss list --server {t.daemon.url} --ca-file {t.daemon.ca_file}').expect(1)
    assert 'AuthenticationFailed' in denied.err and '--token-file' in denied.err, denied.err
    other = t.room.file('other.token', 'anything\n')
    for file, says in ((other, f"The token in '{other}' is not one of this daemon's"),
                       (t.daemon.ca_file, f"'{t.daemon.ca_file}' holds no token")):
        wrong = run(t.daemon, f'testudo vmss list --server {t.daemon.url} --ca-file {t.daemon.ca_file} --token-file {file}')
        assert says in wrong.expect(1).err, wrong.err
    unknown = run(t.daemon, f'testudo vmss list --server {t.daemon.url} --token-file {t.daemon.token_file}').expect(1)
    assert 'tls/ca.pem' in unknown.err, unknown.err


@suite.test('names are completed from what the daemon knows')
def _(t):
    def offered(*words):
        done = subprocess.run([os.path.join(BUILD, 'testudo'), '__complete', *words], capture_output=True, text=True,
                              env={**os.environ, 'TESTUDO_STATE_DIR': t.daemon.state_dir}, check=True)
        return done.stdout.split()

    assert offered('vmss', 'show', '-g', 'My') == ['MyResourceGroup']
    assert offered('vmss', 'show', '-g', 'MyResourceGroup', '-n', 'My') == ['MyScaleSet']
    assert offered('vmss', 'start', '-g', 'MyResourceGroup', '-n', 'MyScaleSet', '--instance-ids', '3') == ['3']
    kept = run(t.daemon, 'testudo disk list').expect().json[0]['name']
    assert offered('vmss', 'disk', 'attach', '-g', 'MyResourceGroup', '--disk', kept[:8]) == [kept]
    assert offered('vmss', 'extension', 'list', '-g', 'MyResourceGroup', '--vmss-name', 'My') == ['MyScaleSet']
    assert offered('vmss', 'rollback', '-g', 'MyResourceGroup', '-n', 'MyScaleSet', '--to', '4') == ['4']
    assert offered('image', 'list', '--publisher', 'T') == ['Testudo']
    extension = ('vmss', 'extension', 'set', '-g', 'MyResourceGroup', '--vmss-name', 'MyScaleSet', '--publisher')
    managed = (*extension, 'Microsoft.ManagedServices')
    assert offered(*extension, 'T') == []
    assert offered(*extension, '') == ['Microsoft.ManagedServices', 'Microsoft.Azure.Security.LinuxAttestation']
    assert offered(*managed, '--name', '') == ['ApplicationHealthLinux']
    assert offered(*managed, '-n', 'ApplicationHealthLinux', '--version', '') == ['1.0', '2.0']
    assert offered(*extension[:-1], '--name', '') == []
    assert offered('alert', 'dismiss', '-n', '') == []
    types = offered('security', 'alerts-suppression-rule', 'update', '--alert-type', 'Testudo.')
    rule = 'testudo security alerts-suppression-rule'
    for alert_type in types:
        run(t.daemon, f'{rule} update --rule-name quiet --alert-type {alert_type} --state Disabled --reason None').expect()
    assert len(types) == 5 and offered('security', 'alerts-suppression-rule', 'show', '--rule-name', 'q') == ['quiet']
    run(t.daemon, f'{rule} delete --rule-name quiet').expect()
    assert 'Testudo:mini:gen2:1.0.0' in offered('vmss', 'create', '--image', 'T')
    assert offered('feature', 'register', '--name', 'Use') == ['UseStandardSecurityType']
    assert offered('vmss', 'create', '--vm-sku=Standard_B1m') == ['--vm-sku=Standard_B1ms']
    assert offered('vmss', 'update', '--upgrade-policy-mode', 'R') == ['Rolling']
    assert offered('vmss', 'update', '--max-s') == ['--max-surge']


@suite.test('the instances of a Flexible set are VMs, and what vm does to one the set shows')
def _(t):
    on = '-g MyResourceGroup -n Flex'
    run(t.daemon, f'testudo vmss create {on} --image Testudo:mini:gen2:latest --orchestration-mode Flexible').expect()
    run(t.daemon, f'testudo vmss update {on} --set orchestrationMode=Uniform').expect(1)
    for where in ('', '-g MyResourceGroup', '-g MyResourceGroup --vmss Flex'):
        assert [cells[0] for cells in rows(t, f'testudo vm list {where}')] == ['Flex_0', 'Flex_1']
    assert rows(t, f'testudo vm list -g MyResourceGroup --vmss MyScaleSet') == []
    vm = '-g MyResourceGroup -n Flex_1'
    shown = run(t.daemon, f'testudo vm show {vm} -o json').expect().json
    assert shown['properties']['virtualMachineScaleSet']['id'].endswith('/virtualMachineScaleSets/Flex'), shown
    for action, power in (('stop --skip-shutdown', 'stopped'), ('start', 'running'), ('deallocate', 'deallocated'),
                          ('start', 'running'), ('restart', 'running'), ('redeploy', 'running'), ('reimage --yes', 'running')):
        run(t.daemon, f'testudo vm {action} {vm}').expect()
        assert rows(t, f'testudo vm get-instance-view {vm}')[0][:2] == ['succeeded', power], action
    run(t.daemon, f'testudo vmss restart {on} --instance-ids Flex_1').expect()
    refused = run(t.daemon, f'testudo vmss update {on} --security-type TrustedLaunch --yes').expect(1)
    register = 'feature register --namespace Microsoft.Compute --name TrustedLaunchUpgradeFlexPreview'
    assert f'testudo {register}' in refused.err, refused.err
    run(t.daemon, f'testudo {register}').expect()
    run(t.daemon, f'testudo vmss update {on} --security-type TrustedLaunch --yes').expect()
    run(t.daemon, f'testudo vm delete {vm}').expect(1)
    run(t.daemon, f'testudo vm delete {vm} --force-deletion --yes').expect()
    run(t.daemon, f'testudo vm show {vm}').expect(3)
    left = run(t.daemon, f'testudo vmss show {on} -o json').expect().json
    assert left['sku']['capacity'] == 1, left
    run(t.daemon, f'testudo vmss delete {on} --yes').expect()


@suite.test('a registered feature changes what a create without a security type makes')
def _(t):
    on = '-g MyResourceGroup -n Defaulted --instance-count 0'
    state = run(t.daemon, f'testudo feature register {BY_DEFAULT} -o json').expect().json
    assert state['properties']['state'] == 'Registered', state
    made = run(t.daemon, f'testudo vmss create {on} --image Testudo:mini:gen2:latest -o json').expect().json
    assert made['properties']['virtualMachineProfile']['securityProfile']['securityType'] == 'TrustedLaunch', made
    run(t.daemon, f'testudo feature unregister {BY_DEFAULT}').expect()
    unknown = run(t.daemon, 'testudo feature show --namespace Microsoft.Compute --name Nonsense').expect(3)
    assert 'TrustedLaunchByDefaultPreview' in unknown.err, unknown.err
    run(t.daemon, 'testudo vmss delete -g MyResourceGroup -n Defaulted --yes').expect()


@suite.test('exit codes tell a wrong line, a refusal and what is not there apart')
def _(t):
    run(t.daemon, 'testudo vmss show -g MyResourceGroup').expect(2)
    run(t.daemon, 'testudo vmss strat').expect(2)
    run(t.daemon, f'testudo vmss create {ON} --image Debian12').expect(2)
    other = '-g MyResourceGroup -n Other --image Testudo:mini:gen2:1.0.0'
    run(t.daemon, 'testudo vmss create -g MyResourceGroup -n Other --image Testudo:mini').expect(2)
    run(t.daemon, f'testudo vmss create {other} --data-disk-sizes-gb 0').expect(2)
    short = run(t.daemon, f'testudo vmss create {other} --admin-password abc').expect(1)
    assert short.err.endswith('[properties.virtualMachineProfile.osProfile.adminPassword]\n'), short.err
    for gone in (f'vmss delete -g MyResourceGroup -n typo', 'vm delete -g MyResourceGroup -n typo_1', 'group delete -n typo',
                 'disk delete -g MyResourceGroup -n typo', 'image delete --urn a:b:c:d'):
        assert 'ERROR: ' in run(t.daemon, f'testudo {gone} --yes').expect(3).err, gone
    none = run(t.daemon, f'testudo vmss rolling-upgrade get-latest {ON}').expect(3)
    assert none.err.endswith(f'Command: testudo vmss rolling-upgrade start {ON}\n'), none.err
    run(t.daemon, 'testudo vmss rolling-upgrade begin ' + ON).expect(2)
    run(t.daemon, 'testudo vmss show -g MyResourceGroup -n Nobody').expect(3)
    run(t.daemon, 'testudo vmss show -g Nobody -n Nobody').expect(3)
    run(t.daemon, f'testudo vmss update {ON} --vm-sku Standard_None').expect(1)
    for asked in ('testudo --help', 'testudo vmss --help', 'testudo vmss update --help', 'testudo --version'):
        assert run(t.daemon, asked).expect().err == ''


@suite.test('every command that shows something shows it as a table and as JSON')
def _(t):
    for command in (f'vmss show {ON}', 'vmss list', f'vmss list-instances {ON}', f'vmss get-instance-view {ON}',
                    f'vmss get-instance-view {ON} --instance-id 1', f'vmss list-skus {ON}', 'group list', f'vmss revisions {ON}', 'disk list',
                    'vmss extension list -g MyResourceGroup --vmss-name MyScaleSet',
                    'image list', 'image show --urn Testudo:mini:gen2:1.0.0', 'vm list-sizes', 'vm list-skus',
                    'vm list-usage', 'account show', 'feature list', f'feature show {BY_DEFAULT}', 'account list-locations', 'host show',
                    'monitor activity-log list', f'vmss list-instance-connection-info {ON}', f'vmss assess {ON}'):
        for output in ('table', 'json'):
            shown = run(t.daemon, f'testudo {command} -o {output}').expect()
            assert shown.err == '', shown.err
            if output == 'json':
                json.loads(shown.out)


@suite.test('what an upgrade would cost is assessed instance by instance, and who cannot be asked is named')
def _(t):
    answers = json.loads(run(t.daemon, f'testudo vmss assess {ON} -o json').expect().out)
    listed = json.loads(run(t.daemon, f'testudo vmss list-instances {ON} -o json').expect().out)
    assert [answer['instanceId'] for answer in answers] == [instance['instanceId'] for instance in listed], answers
    assert all(answer['refused'] == [] and answer['lockedOut'] == [] and answer['notSeen'] for answer in answers), answers
    mixed = run(t.daemon, f'testudo vmss assess {ON} --instance-ids 1 77 -o json').expect(1)
    one, other = json.loads(mixed.out)
    assert one['instanceId'] == '1' and 'notSeen' in one, one
    assert other['instanceId'] == '77' and 'message' in other['error'], other
    assert 'NotAssessed' in run(t.daemon, f'testudo vmss assess {ON} --instance-ids 77 -o table').expect(1).out


@suite.test('a group goes with all in it')
def _(t):
    run(t.daemon, 'testudo group delete -n MyResourceGroup').expect(1)
    run(t.daemon, 'testudo group delete -n MyResourceGroup --yes').expect()
    until(lambda: run(t.daemon, 'testudo group exists -n MyResourceGroup').out == 'false\n', 'the group to be gone')


suite.main()
