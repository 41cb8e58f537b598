"""What a client may send that it should not: a clear error each time, nothing changed, and the daemon goes on."""

import json
import socket
import ssl

from lib import bodies
from lib.suite import Suite

suite = Suite()
MIB = 1 << 20


def unharmed(function):
    """Around a behaviour: the set is the same before and after it, by both ways in."""
    def wrapped(t):
        before = t.arm.get(t.arm.set('web')).expect(200).body
        function(t)
        assert t.daemon.alive(), 'the daemon is gone'
        assert t.arm.get(t.arm.set('web')).expect(200).body == before
        assert t.daemon.https().call('GET', '/subscriptions?api-version=2022-12-01').status == 200
    return wrapped


def test(behaviour):
    return lambda function: suite.test(behaviour)(unharmed(function))


@suite.test('a set to be kept unharmed')
def _(t):
    t.arm.done(t.arm.put(t.arm.set('web'), bodies.scale_set(capacity=1)))


def raw_exchange(t, content, over_tls=True):
    """Sends bytes as they are, closes its side, and returns what comes back."""
    plain = socket.create_connection(('127.0.0.1', t.daemon.port), timeout=30)
    sock = plain
    if over_tls:
        context = ssl.create_default_context(cafile=t.daemon.ca_file)
        sock = context.wrap_socket(plain, server_hostname='127.0.0.1')
    with plain, sock:
        received = b''
        try:
            sock.sendall(content)
            plain.shutdown(socket.SHUT_WR)
            while chunk := sock.recv(65536):
                received += chunk
        except OSError:
            pass
        return received


def request_head(t, length, method='PUT', path=None):
    return (f'{method} {path or t.arm.set("web")}?api-version=2024-07-01 HTTP/1.1\r\nHost: 127.0.0.1:{t.daemon.port}\r\n'
            f'Authorization: Bearer {t.daemon.token()}\r\nContent-Type: application/json\r\n'
            f'Content-Length: {length}\r\n\r\n').encode()


@test('a request that ends in its head, or in its body, is dropped')
def _(t):
    body = json.dumps({'sku': {'capacity': 9}}).encode()
    whole = request_head(t, len(body)) + body
    for cut in (1, 10, len(whole) // 2, len(whole) - len(body), len(whole) - 1):
        assert not raw_exchange(t, whole[:cut]).startswith(b'HTTP/1.1 2'), f'{cut} of {len(whole)} bytes were accepted'


@test('bytes that are no HTTP, and HTTP where TLS is spoken, are dropped')
def _(t):
    assert not raw_exchange(t, b'\x00\xff' * 4096).startswith(b'HTTP/1.1 2')
    assert not raw_exchange(t, request_head(t, 0, 'GET'), over_tls=False).startswith(b'HTTP/1.1 2')


@test('a body of 10 MB is refused with the size that is accepted, announced or not')
def _(t):
    big = b'{"tags":{"a":"' + b'x' * (10 * MIB) + b'"}}'
    for headers in ({'Content-Length': str(len(big))}, {'Transfer-Encoding': 'chunked'}):
        chunked = 'Transfer-Encoding' in headers
        sent = b'%x\r\n%s\r\n0\r\n\r\n' % (len(big), big) if chunked else big
        try:
            answer = t.arm.call('PUT', t.arm.set('web'), raw=sent, headers=headers)
        except OSError:
            # The answer may be lost where the daemon closes before it has been sent everything.
            assert not chunked, 'a chunked body is read to its end, so its answer arrives'
            continue
        assert str(4 * MIB) in answer.expect_error(413, 'RequestEntityTooLarge')['message']


@test('JSON of 100,000 levels is refused')
def _(t):
    for deep in (b'[' * 100_000, b'{"a":' * 100_000 + b'1' + b'}' * 100_000):
        error = t.arm.call('PUT', t.arm.set('web'), raw=deep).expect_error(400, 'InvalidRequestContent')
        assert 'deep' in error['message'], error


@test('what is not UTF-8 is refused in a body, in a path and in a query')
def _(t):
    for wrong in (b'{"tags":{"a":"\xff\xfe"}}', b'{"tags":{"a":"\xc0\xaf"}}', b'{"tags":{"a":"\xed\xa0\x80"}}'):
        t.arm.call('PATCH', t.arm.set('web'), raw=wrong).expect_error(400, 'InvalidRequestContent')
    t.arm.get(t.arm.set('%ff%fe')).expect_error(400, 'BadRequest')
    t.arm.get(t.arm.set('web') + '?$expand=%ff').expect_error(400, 'BadRequest')


@test('a body that is no JSON object is refused')
def _(t):
    for wrong in (b'', b'x', b'[]', b'"text"', b'{', b'{"a":1,}', b'{"a":1}{', b'\x00', b'{"tags":{"a":NaN}}'):
        t.arm.call('PUT', t.arm.set('web'), raw=wrong).expect_error(400, 'InvalidRequestContent')


@test('an api-version is asked for, and has the form of a date')
def _(t):
    path = t.arm.set('web')
    t.daemon.rest().call('GET', path).expect_error(400, 'MissingApiVersionParameter')
    t.daemon.rest().call('GET', path + '?api-version=').expect_error(400, 'MissingApiVersionParameter')
    for wrong in ('latest', '2024', '2024-13-01', '2024-00-01', '2024-07-32', '2024-7-1', '2024-07-01-', '2024-07-01%0a',
                  '-2024-07-01', '2024-07-01-pre%20view', '2024-07-01' + 'x' * 100):
        error = t.daemon.rest().call('GET', f'{path}?api-version={wrong}').expect_error(400, 'InvalidApiVersionParameter')
        assert 'YYYY-MM-DD' in error['message']
    for right in ('2015-01-01', '2024-07-01', '2099-12-31-preview', '2024-07-01-Preview'):
        t.daemon.rest().call('GET', f'{path}?api-version={right}').expect(200)


@test('a wrong token, half a token and another scheme are all the same 401')
def _(t):
    token, path = t.daemon.token(), t.arm.set('web') + '?api-version=2024-07-01'
    for wrong in ('', token[:-1], token + '0', token[:-1] + 'g', token.upper() + 'x', 'x' * 5000):
        answer = t.daemon.https(token=wrong).call('GET', path)
        answer.expect_error(401, 'AuthenticationFailed')
        assert 'Bearer' in answer.headers['WWW-Authenticate']
    for header in (token, 'Basic ' + token, 'Bearer', 'Bearer  ' + token):
        t.daemon.https(token='').call('GET', path, headers={'Authorization': header}).expect_error(401, 'AuthenticationFailed')
    t.daemon.https(token='').call('DELETE', path).expect_error(401, 'AuthenticationFailed')


@test('a path that leads nowhere, a method that is not there, another subscription and another location are named')
def _(t):
    t.arm.get(t.arm.set('web') + '/no-such-action').expect_error(404, 'NotFound')
    t.arm.get(t.arm.root + '/x' * 100).expect_error(404, 'NotFound')
    t.arm.call('PATCH', t.arm.root + '/locations', {}).expect_error(405, 'MethodNotAllowed')
    t.arm.get('/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups').expect_error(404, 'SubscriptionNotFound')
    t.arm.get(f'{t.arm.compute}/locations/mars/vmSizes').expect_error(400, 'LocationNotAvailableForResourceType')
    t.arm.get(t.arm.set('web') + '?$expand=' + 'x' * 9000).expect_error(400, 'BadRequest')


@test('100 connections that say nothing do not keep others out')
def _(t):
    idle = [socket.create_connection(('127.0.0.1', t.daemon.port), timeout=10) for _ in range(100)]
    try:
        t.daemon.https().call('GET', t.arm.set('web') + '?api-version=2024-07-01').expect(200)
    finally:
        for sock in idle:
            sock.close()


@test('a member that stands in no table is a 400 that names it')
def _(t):
    error = t.arm.patch(t.arm.set('web'), {'properties': {'virtualMachineProfile': {'wings': 2}}}).expect(400).error
    assert 'wings' in error['message'], error
    assert 'wings' in error['target'], error


suite.main()
