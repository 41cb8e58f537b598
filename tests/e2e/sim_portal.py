"""The portal's door as a browser finds it: files, signing in, the stream of changes; also where this build has no portal."""

import json
import re
import subprocess

from lib import bodies
from lib.cli import run
from lib.suite import Suite, skip
from lib.wait import until

suite = Suite(chained=False)


class Portal:
    """curl, since it streams. Without a token unless one is given."""

    def __init__(self, t, token=None):
        self.t = t
        self.command = ['curl', '-sS', '--cacert', t.daemon.ca_file, '--max-time', '60', '--path-as-is']
        if token:
            self.command += ['-H', f'Authorization: Bearer {token}']

    def ask(self, method, path, body=None):
        done = subprocess.run([*self.command, '-i', '-X', method, *(['-d', body] if body is not None else []),
                               self.t.daemon.url + path], capture_output=True, text=True, timeout=60, check=True)
        head, _, content = done.stdout.partition('\n\n')
        return int(head.split()[1]), head, content

    def stream(self, since=None):
        query = f'?since={since}' if since is not None else ''
        return subprocess.Popen([*self.command, '-N', f'{self.t.daemon.url}/portal/changes{query}'], stdout=subprocess.PIPE, text=True)


def built_in(t):
    return Portal(t).ask('GET', '/portal/')[0] == 200


def signed_in(t):
    status, head, content = Portal(t, t.daemon.token()).ask('POST', '/portal/session', '{}')
    assert status == 201 and 'cache-control: no-store' in head.lower(), (status, head)
    return json.loads(content)['token']


def next_lines(stream, wanted):
    """Lines up to the first that `wanted` takes."""
    read = []
    while True:
        text = stream.stdout.readline()
        assert text, f'the stream ended after {read}'
        read.append(json.loads(text))
        if wanted(read[-1]):
            return read


@suite.test('the page and what it loads come without a token, and only what is there')
def _(t):
    anybody = Portal(t)
    if not built_in(t):
        status, _, content = anybody.ask('GET', '/portal/')
        assert status == 404 and 'built without the portal' in content, content
        refused = run(t.daemon, 'testudo portal').expect(3)
        assert 'built without the portal' in refused.err, refused.err
        return
    status, head, page = anybody.ask('GET', '/portal/')
    assert status == 200 and "default-src 'none'" in head and '<script type="module"' in page, page
    assert not re.search(r'<script(?![^>]*\ssrc=)|\son[a-z]+=|\sstyle=', page), page
    names = re.findall(r'(?:src|href)="(/portal/assets/[^"]+)"', page)
    assert names, page
    for name in names:
        status, head, _ = anybody.ask('GET', name)
        assert status == 200 and 'immutable' in head, (name, head)
    for path, expected in [('/portal/assets/none-00000000.js', 404), ('/portal/sets/x', 200), ('/portal/%2e%2e/admin.token', 404)]:
        assert anybody.ask('GET', path)[0] == expected, path


@suite.test('testudo portal signs a browser in, once')
def _(t):
    if not built_in(t):
        skip('this build has no portal: Node.js or npm is not there')
    made = run(t.daemon, 'testudo portal -o json').expect().json
    assert made['url'] == f'{t.daemon.url}/portal/#code={made["code"]}', made
    body = json.dumps({'code': made['code'].lower()})
    status, _, content = Portal(t).ask('POST', '/portal/session', body)
    assert status == 201, content
    session = Portal(t, json.loads(content)['token'])
    assert session.ask('GET', '/subscriptions?api-version=2024-07-01')[0] == 200
    assert session.ask('POST', '/portal/codes')[0] == 403
    assert Portal(t).ask('POST', '/portal/session', body)[0] == 401


@suite.test('a session outlives the daemon, is named in the activity log, and ends when it is told to')
def _(t):
    token = signed_in(t)
    t.daemon.stop()
    t.daemon.start()
    session = Portal(t, token)
    group = f'/subscriptions/{t.arm.subscription}/resourcegroups/mine?api-version=2024-07-01'
    assert session.ask('PUT', group, '{"location": "local"}')[0] == 201
    log = run(t.daemon, 'testudo monitor activity-log list -o json').expect().json
    assert any(re.fullmatch(r'portal:[0-9a-f]{8}', event['caller']) for event in log), log
    assert session.ask('DELETE', '/portal/session')[0] == 204
    assert session.ask('GET', group)[0] == 401
    with open(t.daemon.state_dir + '/testudo.db', 'rb') as file:
        assert token.encode() not in file.read()


@suite.test('changes are told as they are committed, and a stream goes on where it broke off')
def _(t):
    portal = Portal(t, t.daemon.token())
    stream = portal.stream()
    next_lines(stream, lambda line: 'revision' in line)
    t.arm.done(t.arm.put(t.arm.set('told'), bodies.scale_set(2, bodies.TRUSTED_SIZE, bodies.image('gen2'))).expect(201))
    lines = next_lines(stream, lambda line: line.get('id', '').endswith('/virtualMachines/1'))
    revisions = [line['revision'] for line in lines]
    assert revisions == sorted(revisions), revisions
    stream.terminate()
    stream.wait()
    t.arm.done(t.arm.delete(t.arm.set('told') + '/virtualMachines/1').expect(202))
    resumed = portal.stream(since=revisions[-1])
    gone = next_lines(resumed, lambda line: line.get('change') == 'delete')[-1]
    assert gone['id'].endswith('/told/virtualMachines/1') and gone['type'].endswith('/virtualMachines'), gone
    t.daemon.stop()
    assert next_lines(resumed, lambda line: 'end' in line)[-1]['end'] == 'stopping'
    assert resumed.wait(timeout=20) == 0
    t.daemon.start()
    assert portal.ask('GET', f'/portal/changes?since={revisions[-1]}')[0] == 410


@suite.test('a stream ends with its session, and one that nobody reads holds nothing up')
def _(t):
    token = signed_in(t)
    mine, idle = Portal(t, token).stream(), Portal(t, t.daemon.token()).stream()
    next_lines(mine, lambda line: 'revision' in line)
    assert Portal(t, token).ask('DELETE', '/portal/session')[0] == 204
    assert next_lines(mine, lambda line: 'end' in line)[-1]['end'] == 'session'
    for _ in range(3):
        t.arm.done(t.arm.put(t.arm.set('busy'), bodies.scale_set(20, bodies.TRUSTED_SIZE, bodies.image('gen2'))))
        t.arm.done(t.arm.delete(t.arm.set('busy')))
    until(lambda: t.daemon.alive(), 'the daemon', 5)
    idle.kill()
    idle.wait()


suite.main()
