"""testudo-guest, run as the guest's agent runs it, against services on this machine. Argument: the program."""

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import tty

from tap import expect, main, run_program, test

PROGRAM = sys.argv[1]
OK = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
HEALTHY = b'{"ApplicationHealthState":"Healthy"}'
SIZE_MAX = 115_000
EVENT = '602D9444-D2CD-49C7-8624-8643E7171297'


def guest(*arguments):
    """(exit code, what it printed)"""
    code, out = run_program(PROGRAM, *arguments)
    return code, out.decode('latin-1')


@contextlib.contextmanager
def service(answer, family=socket.AF_INET, address='127.0.0.1', wrap=None):
    """Its port, and what it hears. answer(connection, request) takes one connection, on a thread of its own."""
    listener = socket.socket(family)
    listener.bind((address, 0))
    listener.listen()
    heard = []

    def serve():
        with contextlib.suppress(OSError), listener.accept()[0] as plain:
            plain.settimeout(30)
            connection = wrap(plain) if wrap else plain
            request = b''
            while b'\r\n\r\n' not in request:
                more = connection.recv(4096)
                if not more:
                    return
                request += more
            heard.append(request)
            answer(connection)
            if wrap:
                with contextlib.suppress(OSError):
                    connection.unwrap()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.close()


def sends(*pieces):
    def answer(connection):
        for piece in pieces:
            connection.sendall(piece)
    return answer


def stays_silent(connection):
    connection.recv(1)


@contextlib.contextmanager
def nobody():
    """A port where nothing listens, and that no other program is given meanwhile."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        yield taken.getsockname()[1]


# ---- tcp ----

@test('a connection is all that tcp asks for')
def _():
    with service(stays_silent) as (port, _):
        expect(guest('health', 'tcp', port), 0, 'tcp open\n')


@test('where nothing listens it is refused, whatever was asked for')
def _():
    with nobody() as port:
        expect(guest('health', 'tcp', port), 1, 'failed refused\n')
        expect(guest('health', 'http', port, '/'), 1, 'failed refused\n')
        expect(guest('health', 'https', port, '/'), 1, 'failed refused\n')


@test('a service on ::1 alone is found')
def _():
    try:
        with service(sends(OK), socket.AF_INET6, '::1') as (port, _):
            expect(guest('health', 'http', port, '/'), 0, 'http 200 whole\nhi')
    except OSError as error:
        return f'no IPv6 here: {error}'
    return None


# ---- http ----

@test('status and body come as they are')
def _():
    with service(sends(b'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 36\r\n\r\n' + HEALTHY)) as (port, heard):
        expect(guest('health', 'http', port, '/health?deep=1'), 0, 'http 503 whole\n' + HEALTHY.decode())
    assert heard[0].startswith(b'GET /health?deep=1 HTTP/1.1\r\nHost: localhost:%d\r\n' % port), heard
    assert b'\r\nConnection: close\r\n' in heard[0], heard


@test('a long page is cut, and 200 all the same')
def _():
    with service(sends(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n' + b'x' * 5000)) as (port, _):
        expect(guest('health', 'http', port, '/'), 0, 'http 200 cut\n' + 'x' * 4096)


@test('an answer in pieces is one answer')
def _():
    pieces = [bytes([byte]) for byte in b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n']
    with service(sends(*pieces)) as (port, _):
        expect(guest('health', 'http', port, '/'), 0, 'http 200 whole\nhi')


@test('a redirection is an answer, and not followed')
def _():
    with service(sends(b'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n')) as (port, heard):
        expect(guest('health', 'http', port, '/'), 0, 'http 302 whole\n')
        assert len(heard) == 1


@test('what is no HTTP is said to be none')
def _():
    with service(sends(b'SSH-2.0-OpenSSH_9.2p1\r\n')) as (port, _):
        expect(guest('health', 'http', port, '/'), 1, 'failed not-http\n')


@test('a connection that ends without a word is closed')
def _():
    with service(sends()) as (port, _):
        expect(guest('health', 'http', port, '/'), 1, 'failed closed\n')


@test('a service that says nothing keeps nobody waiting')
def _():
    with service(stays_silent) as (port, _):
        expect(guest('health', 'http', port, '/', '--timeout', 1), 1, 'failed timed-out\n')


@test('a body without an end is cut when the time is over')
def _():
    def begins(connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\nhi')
        connection.recv(1)
    with service(begins) as (port, _):
        expect(guest('health', 'http', port, '/', '--timeout', 1), 0, 'http 200 cut\nhi')


# ---- https ----

CERTIFICATES = {
    'RSA': ['-newkey', 'rsa:2048'],
    'ECDSA on P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    'ECDSA on P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
}


def tls(folder, kind, suites=None, **more):
    """Wraps a connection with a certificate that nobody signed, for another name, and that is over."""
    name = kind.replace(' ', '-')
    key, certificate = f'{folder}/{name}.key', f'{folder}/{name}.pem'
    if not os.path.exists(certificate):
        subprocess.run(['openssl', 'req', '-x509', *CERTIFICATES[kind], '-nodes', '-keyout', key, '-out', certificate, '-subj',
                        '/CN=somebody.else', '-days', '1'], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if suites:
        context.set_ciphers(suites)
    for member, value in more.items():
        setattr(context, member, value)
    return lambda plain: context.wrap_socket(plain, server_side=True)


def no_tls(plain):
    plain.recv(4096)
    plain.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')
    raise OSError('that was all')


def tls_is_built_in():
    with service(stays_silent) as (port, _):
        return guest('health', 'https', port, '/', '--timeout', 1)[1] != 'failed no-tls\n'


def https_missing():
    if not shutil.which('openssl'):
        return 'no openssl here'
    return None if tls_is_built_in() else 'built without BearSSL'


@test('https believes any certificate, of any common kind')
def _():
    missing = https_missing()
    if missing:
        return missing
    with tempfile.TemporaryDirectory() as folder:
        for kind in CERTIFICATES:
            with service(sends(b'HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n' + HEALTHY), wrap=tls(folder, kind)) as (port, _):
                expect(guest('health', 'https', port, '/'), 0, 'http 200 whole\n' + HEALTHY.decode())
        for suite in ('ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305'):
            with service(sends(OK), wrap=tls(folder, 'RSA', suite)) as (port, _):
                expect(guest('health', 'https', port, '/'), 0, 'http 200 whole\nhi')
    return None


@test('a long page over https is cut too')
def _():
    missing = https_missing()
    if missing:
        return missing
    with tempfile.TemporaryDirectory() as folder, \
            service(sends(b'HTTP/1.1 200 OK\r\n\r\n' + b'x' * 100_000), wrap=tls(folder, 'RSA')) as (port, _):
        expect(guest('health', 'https', port, '/'), 0, 'http 200 cut\n' + 'x' * 4096)
    return None


@test('a service that speaks TLS 1.3 alone, or no TLS, is told apart from one that is down')
def _():
    missing = https_missing()
    if missing:
        return missing
    with tempfile.TemporaryDirectory() as folder:
        with service(sends(OK), wrap=tls(folder, 'RSA', minimum_version=ssl.TLSVersion.TLSv1_3)) as (port, _):
            expect(guest('health', 'https', port, '/'), 1, 'failed tls-failed\n')
    with service(sends(OK), wrap=no_tls) as (port, _):
        expect(guest('health', 'https', port, '/'), 1, 'failed tls-failed\n')
    with service(stays_silent) as (port, _):
        expect(guest('health', 'https', port, '/', '--timeout', 1), 1, 'failed timed-out\n')
    return None


# ---- events ----

@contextlib.contextmanager
def run_folder():
    with tempfile.TemporaryDirectory() as folder:
        yield f'{folder}/testudo'


def document(folder):
    with open(f'{folder}/scheduled-events.json', encoding='utf-8') as file:
        return json.load(file)


@test('a terminate notice is an event as Azure writes them')
def _():
    with run_folder() as folder:
        expect(guest('terminate-notice', EVENT, '2016-09-19T18:29:47.123456Z', 'web_3', '--dir', folder), 0, 'noticed\n')
        assert document(folder) == {'DocumentIncarnation': 1, 'Events': [{
            'EventId': EVENT, 'EventType': 'Terminate', 'ResourceType': 'VirtualMachine', 'Resources': ['web_3'],
            'EventStatus': 'Scheduled', 'NotBefore': 'Mon, 19 Sep 2016 18:29:47 GMT', 'Description': '', 'EventSource': 'User',
            'DurationInSeconds': -1}]}
        assert os.stat(f'{folder}/scheduled-events.json').st_mode & 0o777 == 0o644


@test('days and months are right, leap years too')
def _():
    for time, written in (('2024-02-29T00:00:00Z', 'Thu, 29 Feb 2024 00:00:00 GMT'),
                          ('2026-01-01T23:59:60Z', 'Thu, 01 Jan 2026 23:59:60 GMT'),
                          ('2000-12-31T12:00:00.5Z', 'Sun, 31 Dec 2000 12:00:00 GMT')):
        with run_folder() as folder:
            guest('terminate-notice', EVENT, time, 'x', '--dir', folder)
            assert document(folder)['Events'][0]['NotBefore'] == written, document(folder)


@test('without a name it is this machine')
def _():
    with run_folder() as folder:
        expect(guest('terminate-notice', EVENT, '2016-09-19T18:29:47Z', '--dir', folder), 0, 'noticed\n')
        assert document(folder)['Events'][0]['Resources'] in ([socket.gethostname()], ['localhost'])


@test('waiting until approved, by the command or by a file')
def _():
    with run_folder() as folder:
        expect(guest('terminate-ack', 'E1', '--dir', folder), 0, 'unknown\n')
        expect(guest('approve', 'E1', '--dir', folder), 1, 'unknown\n')
        guest('terminate-notice', 'E1', '2016-09-19T18:29:47Z', '--dir', folder)
        expect(guest('terminate-ack', 'E1', '--dir', folder), 0, 'waiting\n')
        expect(guest('terminate-ack', 'E', '--dir', folder), 0, 'unknown\n')
        expect(guest('approve', 'E1', '--dir', folder), 0, 'approved\n')
        expect(guest('approve', 'E1', '--dir', folder), 0, 'approved\n')
        expect(guest('terminate-ack', 'E1', '--dir', folder), 0, 'approved\n')
        guest('terminate-notice', 'E2', '2016-09-19T18:29:47Z', '--dir', folder)
        expect(guest('terminate-ack', 'E2', '--dir', folder), 0, 'waiting\n')
        with open(f'{folder}/approved-E2', 'w', encoding='utf-8'):
            pass
        expect(guest('terminate-ack', 'E2', '--dir', folder), 0, 'approved\n')


@test('the same notice twice is one, another one counts on')
def _():
    with run_folder() as folder:
        guest('terminate-notice', 'E1', '2016-09-19T18:29:47Z', '--dir', folder)
        guest('terminate-notice', 'E1', '2017-09-19T18:29:47Z', '--dir', folder)
        assert document(folder)['DocumentIncarnation'] == 1 and '2016' in document(folder)['Events'][0]['NotBefore']
        guest('terminate-notice', 'E2', '2017-09-19T18:29:47Z', '--dir', folder)
        assert document(folder)['DocumentIncarnation'] == 2 and document(folder)['Events'][0]['EventId'] == 'E2'
        assert sorted(os.listdir(folder)) == ['scheduled-events.json']


@test('a link in the way is replaced, never followed')
def _():
    with run_folder() as folder:
        os.mkdir(folder)
        victim = os.path.join(os.path.dirname(folder), 'victim')
        with open(victim, 'w', encoding='utf-8') as file:
            file.write('as it was')
        for name in ('scheduled-events.json', '.new-scheduled-events.json'):
            os.symlink(victim, f'{folder}/{name}')
        expect(guest('terminate-notice', 'E1', '2016-09-19T18:29:47Z', '--dir', folder), 0, 'noticed\n')
        with open(victim, encoding='utf-8') as file:
            assert file.read() == 'as it was'


@test('where nothing can be written it says so')
def _():
    expect(guest('terminate-notice', 'E1', '2016-09-19T18:29:47Z', '--dir', '/dev/null'), 1, 'failed guest-failed\n')


# ---- arguments ----

@test('arguments that mean nothing are refused, and nothing is printed for the host')
def _():
    for words in ('', 'explode', 'health', 'health udp 1', 'health tcp', 'health tcp 0', 'health tcp 65536', 'health tcp -1',
                  'health tcp 80 /', 'health http 80', 'health http 80 health', 'health http 80 /\x7f', 'health http 80 /é',
                  f'health http 80 /{"x" * 1023}', 'health tcp 80 --timeout', 'health tcp 80 --timeout 0',
                  'health tcp 80 --timeout 121', 'health tcp 80 --timeout 1 2', 'terminate-notice', 'terminate-notice E',
                  'terminate-notice E/.. 2016-09-19T18:29:47Z', f'terminate-notice {"E" * 65} 2016-09-19T18:29:47Z',
                  'terminate-notice E 2016-09-19', 'terminate-notice E 2016-13-19T18:29:47Z', 'terminate-notice E 2016-09-19T18:29:47',
                  'terminate-notice E 2016-09-19T18:29:47"Z', 'terminate-notice E 2016-09-19T18:29:47Z we"b', 'terminate-ack',
                  'terminate-ack ..', 'approve', 'approve E --dir'):
        expect(guest(*words.split(' ')) if words else guest(), 2, '')
    code, out = guest('health', 'http', 80, '/a b')
    assert (code, out) == (2, ''), (code, out)


@test('it is small, and needs nothing that a guest may not have')
def _():
    if not PROGRAM.endswith('testudo-guest'):
        return 'the one for guests alone'
    size = os.path.getsize(PROGRAM)
    assert size < SIZE_MAX, f'{size} bytes'
    with open(PROGRAM, 'rb') as file:
        head = file.read(4096)
    assert head[:4] == b'\x7fELF' and b'/ld-' not in head, 'it wants a loader'
    return None


# ---- a token, asked for by a port ----

@contextlib.contextmanager
def token_port(*answers):
    """The device, and the questions that come. It answers each with all of `answers`."""
    host, device = os.openpty()
    tty.setraw(device)
    heard = []

    def serve():
        with contextlib.suppress(OSError):
            heard.append(os.read(host, 4096))
            for answer in answers:
                os.write(host, answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield os.ttyname(device), heard
    finally:
        os.close(device)
        os.close(host)


@test('a token is asked for with the nonce, and printed alone')
def _():
    with token_port(b'{"nonce":"5f3c-0c2e","token":"e30.e30.AAAA"}\n') as (device, heard):
        expect(guest('token', '--nonce', '5f3c-0c2e', '--port', device), 0, 'e30.e30.AAAA\n')
        assert heard == [b'{"nonce":"5f3c-0c2e"}\n'], heard


@test('what somebody else was answered is passed over, however it comes')
def _():
    with token_port(b'{"nonce":"other","token":"wrong"}\n{"nonce":"n', b'","token":', b'"right"}\n') as (device, _):
        expect(guest('token', '--nonce', 'n', '--port', device), 0, 'right\n')


@test('why there is no token goes to standard error')
def _():
    with token_port(b'{"nonce":"n","error":{"code":"OperationNotAllowed","message":"Its boot is NotJudged."}}\n') as (device, _):
        done = subprocess.run([PROGRAM, 'token', '--nonce', 'n', '--port', device], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (1, 'failed token-refused\n') and 'NotJudged' in done.stderr, done


@test('without the port there is no token')
def _():
    expect(guest('token', '--nonce', 'n', '--port', '/nowhere'), 1, 'failed no-port\n')
    expect(guest('token', '--nonce', 'n'), 1, 'failed no-port\n')


@test('a nonce is text that needs no escaping')
def _():
    for nonce in ('', 'a"b', 'a\\b', 'a b', '\u00e4', 'n' * 257):
        assert guest('token', '--nonce', nonce, '--port', '/nowhere')[0] == 2, nonce
    expect(guest('token', '--nonce', 'n' * 256, '--port', '/nowhere'), 1, 'failed no-port\n')
    for words in ((), ('--nonce',), ('n',), ('--port', '/nowhere')):
        assert guest('token', *words)[0] == 2, words


if __name__ == '__main__':
    main()
