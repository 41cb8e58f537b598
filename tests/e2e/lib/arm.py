"""The Azure Compute dialect as tests need it: one group, its scale sets, operations followed to their end."""

import json

from lib.wait import until

API_VERSION = '2024-07-01'


class OperationFailed(AssertionError):
    def __init__(self, operation):
        super().__init__(json.dumps(operation))
        self.operation = operation
        self.code = operation.get('error', {}).get('code')


class Arm:
    def __init__(self, rest, group='e2e', poll_s=0.02, deadline_s=120):
        self.rest = rest
        self.poll_s = poll_s
        self.deadline_s = deadline_s
        self.subscription = self.get('/subscriptions').body['value'][0]['subscriptionId']
        self.root = f'/subscriptions/{self.subscription}'
        self.location = self.get(self.root + '/locations').body['value'][0]['name']
        self.compute = f'{self.root}/providers/Microsoft.Compute'
        self.here = f'{self.compute}/locations/{self.location}'
        self.group = f'{self.root}/resourceGroups/{group}'
        self.put(self.group, {'location': self.location}).expect(200, 201)

    # ---- requests ----

    def call(self, method, path, body=None, **more):
        if 'api-version=' not in path:
            path += ('&' if '?' in path else '?') + 'api-version=' + API_VERSION
        return self.rest.call(method, path.replace(' ', '%20'), body, **more)

    def get(self, path, **more):
        return self.call('GET', path, **more)

    def put(self, path, body, **more):
        return self.call('PUT', path, body, **more)

    def patch(self, path, body, **more):
        return self.call('PATCH', path, body, **more)

    def post(self, path, body=None, **more):
        return self.call('POST', path, body, **more)

    def delete(self, path, **more):
        return self.call('DELETE', path, **more)

    # ---- operations ----

    def operation(self, answer):
        """What the poll address of an accepted request says now."""
        return self.get(answer.headers['Azure-AsyncOperation']).expect(200).body

    def ended(self, answer, deadline_s=None):
        """The operation of an accepted request once it has ended, in whichever way."""
        answer.expect(200, 201, 202)
        if 'Azure-AsyncOperation' not in answer.headers:
            return {'status': 'Succeeded'}

        def terminal():
            operation = self.operation(answer)
            return operation if operation['status'] != 'InProgress' else None
        return until(terminal, 'the operation to end', deadline_s or self.deadline_s, self.poll_s)

    def done(self, answer, deadline_s=None):
        operation = self.ended(answer, deadline_s)
        if operation['status'] != 'Succeeded':
            raise OperationFailed(operation)
        return operation

    # ---- scale sets ----

    def set(self, name):
        return f'{self.group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}'

    def instances(self, name):
        """By instance id, each with its instance view."""
        listed = self.get(self.set(name) + '/virtualMachines?$expand=instanceView').expect(200).body['value']
        return {instance['instanceId']: instance for instance in listed}

    def events(self, resource_id):
        """The activity log of a resource and what is below it, newest first."""
        path = f"{self.root}/providers/Microsoft.Insights/eventtypes/management/values?$filter=resourceUri eq '{resource_id}'"
        return self.get(path).expect(200).body['value']


def power(instance):
    """'running', 'stopped', 'deallocated', … of an instance read with its view."""
    for status in instance['properties']['instanceView']['statuses']:
        if status['code'].startswith('PowerState/'):
            return status['code'].split('/')[1]
    return None
