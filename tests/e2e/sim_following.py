"""What a scale set does of its own accord: it follows a newer version of its image, and tells guests before they go."""

import json
import os
import subprocess

from lib.cli import run
from lib.suite import Suite
from lib.wait import until

suite = Suite(start=False, chained=True)

ON = '-g MyResourceGroup -n MyScaleSet'
IMPORT = '--publisher Testudo --offer mini --sku gen2 --generation V2 --security-type TrustedLaunchSupported --format qcow2'
HEALTH = ('--publisher Microsoft.ManagedServices --name ApplicationHealthLinux --version 1.0 '
          '--settings \'{"protocol": "http", "port": 8080, "requestPath": "/"}\'')


def rows(t, command):
    return [line.split('\t') for line in run(t.daemon, command + ' -o tsv').expect().out.splitlines()]


def image_import(t, version):
    path = t.room.file(f'{version}.qcow2')
    subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', path, '1M'], check=True)
    run(t.daemon, f'testudo image import {path} {IMPORT} --guest-agent true --version {version}').expect()


def versions(t):
    listed = run(t.daemon, f'testudo vmss list-instances {ON} -o json').expect().json
    return [item['properties']['storageProfile']['imageReference']['exactVersion'] for item in listed]


@suite.test('automatic OS image upgrade is refused without health monitoring, and taken with it')
def _(t):
    t.daemon = t.new_daemon()
    os.mkdir(t.daemon.state_dir)
    t.room.file('s0/simulated.conf.json', json.dumps({'start_ms': 5, 'boot_ms': 5, 'stop_ms': 5, 'approve_ms': 500}))
    t.daemon.start()
    run(t.daemon, 'testudo group create -n MyResourceGroup').expect()
    create = f'testudo vmss create {ON} --image Testudo:mini:gen2:latest --instance-count 2'
    refused = run(t.daemon, f'{create} --enable-auto-os-upgrade true').expect(1)
    assert 'ApplicationHealthLinux' in refused.err, refused.err
    run(t.daemon, create).expect()
    run(t.daemon, f'testudo vmss extension set -g MyResourceGroup --vmss-name MyScaleSet {HEALTH}').expect()
    run(t.daemon, f'testudo vmss update-instances {ON} --instance-ids *').expect()
    run(t.daemon, f'testudo vmss update {ON} --enable-auto-os-upgrade true').expect()


@suite.test('a newer version that is imported is rolled out by itself, also by a daemon that was started again')
def _(t):
    image_import(t, '7.0.0')
    t.daemon.stop()
    t.daemon.start()
    until(lambda: versions(t) == ['7.0.0', '7.0.0'], 'both instances to be on the newer image')
    until(lambda: rows(t, f'testudo vmss rolling-upgrade history {ON}')[0][0] == 'Completed', 'the rolling upgrade to end')


@suite.test('a guest that is told of its end approves, and is deleted before its time is over')
def _(t):
    run(t.daemon, f'testudo vmss update {ON} --terminate-notification-time 15').expect()
    run(t.daemon, f'testudo vmss scale {ON} --new-capacity 1 --yes').expect()
    assert [cells[0] for cells in rows(t, f'testudo vmss list-instances {ON}')] == ['0']


suite.main()
