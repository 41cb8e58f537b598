"""What is attested of the instances of a set whose model has Guest Attestation."""

import os

from lib.cli import run
from lib.wait import until


def extension_profile(**settings):
    """With the settings of its AttestationConfig."""
    return {'extensions': [{'name': 'GuestAttestation', 'properties': {
        'publisher': 'Microsoft.Azure.Security.LinuxAttestation', 'type': 'GuestAttestation', 'typeHandlerVersion': '1.0',
        **({'settings': {'AttestationConfig': settings}} if settings else {})}}]}


class Attested:
    """One instance of a set in a suite."""

    def __init__(self, t, set_name, instance_id='0', group='e2e'):
        self.t = t
        self.path = f'{t.arm.set(set_name)}/virtualMachines/{instance_id}'
        self.named = f'-g {group} -n {set_name} --instance-id {instance_id}'

    def now(self):
        return self.t.arm.get(self.path + '/attestation').expect(200).body['properties']

    def expect(self, state, seconds=120):
        """What is found of the present boot, once it was found."""
        found = until(lambda: (lambda found: found['state'] != 'Waiting' and found)(self.now()), f'{self.path} to be attested', seconds)
        assert found['state'] == state, found
        return found

    def becomes(self, state, code=None, seconds=180):
        """Waits for the code, whatever was found before it; None: there is none."""
        found = until(lambda: (lambda found: found['state'] not in ('Waiting', 'None') and found.get('code') == code and found)(self.now()),
                      f'{self.path} to be attested, with {code}', seconds)
        assert found['state'] == state, found
        return found

    def approve(self):
        """The present boot, which is healthy then."""
        self.t.arm.post(self.path + '/approveBaseline', None).expect(201)
        return self.becomes('Healthy', seconds=60)

    def evidence(self, folder):
        path = os.path.join(self.t.room.path, folder)
        run(self.t.daemon, f'testudo attest show {self.named} --evidence {path}').expect()
        return path


def components(found):
    return {(item['pcr'], item['name']) for item in found.get('components', [])}
