"""What survives what, on one Trusted launch instance with a data disk: a file on each disk, and a key sealed to the vTPM.

The sealed object is kept on the data disk too, so that after a reimage it is the vTPM, not the file, that is missing."""

from lib import bodies
from lib.guest import Guest
from lib.suite import Suite

suite = Suite(driver='qemu', chained=True)
SECRET = '746865206b6579207468617420737461'
DATA = 'mkdir -p /data; grep -q " /data " /proc/mounts || mount -t ext4 /dev/disk/by-serial/data-lun0 /data'


def guest(t):
    return Guest(t, 'state')


def mounted(t, script, code=0):
    return guest(t).run(f'set -e; mount-os; {DATA}; {script}', code)


def update(t, **edits):
    t.arm.done(t.arm.patch(t.arm.set('state'), bodies.edit(**edits)))
    t.arm.done(t.arm.post(t.arm.set('state') + '/manualupgrade', {'instanceIds': ['0']}))


def expect_files(t):
    assert mounted(t, 'cat /os/note /data/note') == 'on the OS disk\non the data disk'


def expect_key(t):
    assert guest(t).seal('unseal /os/key') == SECRET


@suite.test('files are written to both disks, and a key is sealed to the vTPM')
def _(t):
    disks = [{'lun': 0, 'createOption': 'Empty', 'diskSizeGB': 1}]
    t.arm.done(t.arm.put(t.arm.set('state'), bodies.scale_set(
        1, bodies.TRUSTED_SIZE, bodies.image('gen2'), bodies.trusted(),
        storageProfile={'imageReference': bodies.image('gen2'), 'dataDisks': disks})).expect(201))
    guest(t).expect_trusted()
    guest(t).run('mke2fs /dev/disk/by-serial/data-lun0 >/dev/null')
    mounted(t, 'echo on the OS disk >/os/note; echo on the data disk >/data/note')
    guest(t).seal(f'seal /os/key {SECRET}')
    expect_key(t)
    mounted(t, 'cp /os/key /data/key; sync')


@suite.test('a restart keeps both files and the key')
def _(t):
    boot = guest(t).facts()['boot']
    guest(t).action('restart')
    assert guest(t).expect_trusted()['boot'] != boot
    expect_files(t)
    expect_key(t)


@suite.test('a change of the size alone keeps both files and the key')
def _(t):
    memory = int(guest(t).facts()['memory'])
    update(t, size='Standard_B1s')
    assert int(guest(t).expect_trusted()['memory']) < memory * 0.6
    expect_files(t)
    expect_key(t)


@suite.test('Secure Boot turned off keeps both files and the key')
def _(t):
    update(t, security={'uefiSettings': {'secureBootEnabled': False}})
    facts = guest(t).facts()
    assert (facts['secureboot'], facts['lockdown'], facts['tpm']) == ('off', 'none', '2'), facts
    expect_files(t)
    expect_key(t)


@suite.test('a reimage keeps the data disk; the OS disk and the vTPM are new')
def _(t):
    t.arm.done(t.arm.post(t.arm.set('state') + '/reimage', {'instanceIds': ['0']}))
    assert mounted(t, 'cat /data/note; ls /os') .splitlines()[0] == 'on the data disk'
    assert not {'note', 'key'} & set(mounted(t, 'ls /os').split())
    said = guest(t).seal('unseal /data/key 2>&1', code=1)
    # TPM2_Load: TPM_RC_INTEGRITY of the first parameter, because another vTPM's storage key made it.
    assert 'code 0x000001df' in said, said


@suite.test('a change of the security profile alone, to Standard, keeps both files')
def _(t):
    mounted(t, 'echo on the OS disk >/os/note; sync')
    update(t, security={'securityType': 'Standard', 'uefiSettings': None})
    guest(t).expect_standard()
    assert guest(t).swtpm() is None
    expect_files(t)


@suite.test('the data disk of an instance that is gone is attached to another, with what was written to it')
def _(t):
    def disk():
        return t.arm.get(t.arm.compute + '/disks').expect(200).body['value'][0]

    def data_disks(change):
        one = Guest(t, 'state', '1')
        now = t.arm.get(one.path).expect(200).body['properties']['storageProfile']['dataDisks']
        t.arm.done(t.arm.put(one.path, {'properties': {'storageProfile': {'dataDisks': change(now)}}}).expect(200))
        return one

    mounted(t, 'sync')
    t.arm.done(t.arm.patch(t.arm.set('state'), {**bodies.edit(image_reference=bodies.image('gen1')),
                                                'sku': {'name': bodies.STANDARD_SIZE, 'capacity': 0}}))
    assert disk()['properties']['diskState'] == 'Unattached' and disk()['tags']['lun'] == '0', disk()
    t.arm.done(t.arm.patch(t.arm.set('state'), {'sku': {'capacity': 1}}))
    attach = {'lun': 3, 'createOption': 'Attach', 'managedDisk': {'id': disk()['id']}}
    one = data_disks(lambda now: [*now, attach])
    assert one.run('mkdir -p /kept; mount -t ext4 /dev/disk/by-serial/data-lun3 /kept; cat /kept/note') == 'on the data disk'
    one.run('echo and more >>/kept/note; umount /kept')
    one = data_disks(lambda now: [entry for entry in now if entry['lun'] != 3])
    one.run('ls /dev/disk/by-serial/data-lun0 && ! ls /dev/disk/by-serial/data-lun3')
    assert disk()['properties']['diskState'] == 'Unattached' and disk()['tags']['lun'] == '3', disk()


suite.main()
