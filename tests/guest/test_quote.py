"""testudo-guest quote, eventlog and activate, on a software TPM with an endorsement key that a CA certified, and on what only
plays one. What they say is held against tpm2-tools, and against testudo's verifier. Arguments: testudo-guest, testudo, what
makes credentials as the daemon does (credential.c), the folder with evidence of real boots."""

import contextlib
import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from tap import expect, main, run_program, test

PROGRAM, TESTUDO, CREDENTIAL, FIXTURES = sys.argv[1:5]
NEEDED = ('swtpm', 'swtpm_setup', 'swtpm_localca', 'tpm2_checkquote', 'tpm2_makecredential')
LOG = os.path.join(FIXTURES, 'secure/eventlog.bin')
PCRS = [*range(10), *range(11, 15)]
NONCE = bytes(range(32))
EV_NO_ACTION = 3
NO_TPM, LOCKED_OUT, BUSY, ERROR, BROKEN, NO_LOG = range(3, 9)


def guest(*arguments):
    return run_program(PROGRAM, *arguments)


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=60, check=False, **more)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def contents(path):
    with open(path, 'rb') as file:
        return file.read()


def put(path, data):
    with open(path, 'wb') as file:
        file.write(data)
    return path


# ---- a TPM ----

def log_extends(log):
    """(PCR, digest) of each event; the log has SHA-256 alone, and a header of the old form before them."""
    at = 32 + struct.unpack_from('<I', log, 28)[0]
    while at < len(log):
        pcr, kind, _, _ = struct.unpack_from('<IIIH', log, at)
        digest, size = struct.unpack_from('<32sI', log, at + 14)
        at += 50 + size
        if kind != EV_NO_ACTION:
            yield pcr, digest


class Tpm:
    """A software TPM of its own that was just started; it takes raw commands on a socket."""

    def __init__(self, folder):
        self.folder, self.process, self.socket = folder, None, f'{folder}/tpm'
        put(f'{folder}/setup.conf', (f'create_certs_tool={shutil.which("swtpm_localca")}\ncreate_certs_tool_config={folder}/ca.conf\n'
                                     f'create_certs_tool_options={folder}/ca.options\nactive_pcr_banks = sha256\n').encode())
        put(f'{folder}/ca.conf', (f'statedir = {folder}/ca\nsigningkey = {folder}/ca/signkey.pem\n'
                                  f'issuercert = {folder}/ca/issuercert.pem\ncertserial = {folder}/ca/certserial\n').encode())
        put(f'{folder}/ca.options', b'--platform-manufacturer X\n--platform-version 1\n--platform-model QEMU\n')
        for name in ('ca', 'state'):
            os.mkdir(f'{folder}/{name}')

    def manufacture(self, *more):
        run('swtpm_setup', '--tpm2', '--config', f'{self.folder}/setup.conf', '--tpmstate', f'{self.folder}/state', '--overwrite', *more)

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)
        # Not with the block: end() does.
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ['swtpm', 'socket', '--tpm2', '--tpmstate', f'dir={self.folder}/state', '--server', f'type=unixio,path={self.socket}',
             '--flags', 'not-need-init,startup-clear'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not self.listens():
            assert self.process.poll() is None and time.monotonic() < deadline, 'swtpm does not start'
            time.sleep(0.01)

    def listens(self):
        # Between its bind and its listen the socket is there, and refuses.
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(self.socket) == 0

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def ask(self, *commands):
        """Raw commands without their size; gives the responses."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(self.socket)
            answers = []
            for command in commands:
                connection.sendall(command[:2] + struct.pack('>I', len(command) + 4) + command[2:])
                answers.append(connection.recv(4096))
            return answers

    def extend(self, events):
        password = bytes.fromhex('00000009400000090000000000')
        for answer in self.ask(*(struct.pack('>HII', 0x8002, 0x182, pcr) + password + struct.pack('>IH', 1, 0x0b) + digest
                                 for pcr, digest in events)):
            assert answer[6:10] == bytes(4), answer


@contextlib.contextmanager
def tpm_in(*manufacture):
    with tempfile.TemporaryDirectory() as folder:
        tpm = Tpm(folder)
        try:
            tpm.manufacture(*manufacture)
            tpm.start()
            yield tpm
        finally:
            tpm.end()


def as_tools_have_them(values):
    """PCRs of a quote as tpm2_quote writes them: its own structures as they lie in memory."""
    mask = sum(1 << pcr for pcr in PCRS)
    digests = [struct.pack('<H64s', 32, values[at:at + 32]) for at in range(0, len(values), 32)]
    lists = [struct.pack('<I528s', len(digests[at:at + 8]), b''.join(digests[at:at + 8])) for at in range(0, len(digests), 8)]
    return struct.pack('<IHB3s', 1, 0x0b, 3, mask.to_bytes(3, 'little')).ljust(132, b'\0') + struct.pack('<I', len(lists)) + b''.join(lists)


def unpack(document):
    """{name: bytes}, and the line that it ends with."""
    head, rest = document.split(b'\n', 1)
    assert head == b'evidence 1', head
    parts = {}
    while True:
        line, rest = rest.split(b'\n', 1)
        name, *number = line.decode('ascii').split(' ')
        if name == 'end':
            assert not number and not rest, (line, rest)
            return parts, 'end'
        assert len(number) == 1 and int(number[0]) > 0, line
        if name == 'more' and not rest:
            return parts, line.decode()
        if name != 'more':
            assert name not in parts or name == 'eventlog.bin', f'{name} twice'
            parts[name] = parts.get(name, b'') + rest[:int(number[0])]
            rest = rest[int(number[0]):]


def quote(tpm, *more, code=0, nonce=NONCE):
    said = guest('quote', nonce.hex(), '--tpm', tpm.socket, *(more or ('--log', LOG)))
    assert said[0] == code, said
    return unpack(said[1])


def verify(parts, folder, *more, nonce=NONCE):
    """As testudo attest does, from a folder."""
    evidence = tempfile.mkdtemp(dir=folder)
    for name, data in {**parts, 'nonce.bin': nonce}.items():
        put(os.path.join(evidence, name), data)
    return verify_file(evidence, *more)


def verify_file(path, *more):
    done = subprocess.run([TESTUDO, 'attest', 'verify-file', path, '--reference', os.path.join(FIXTURES, 'secure'), '-o', 'json', *more],
                          capture_output=True, check=False, timeout=60)
    return json.loads(done.stdout)


def booted(tpm):
    tpm.extend(log_extends(contents(LOG)))


def cas(tpm):
    pems = [contents(f'{tpm.folder}/ca/{name}') for name in ('swtpm-localca-rootca-cert.pem', 'issuercert.pem')]
    return put(f'{tpm.folder}/ca.pem', b''.join(pems))


# ---- quotes ----

@test('a boot that is quoted is healthy to the verifier, and its endorsement key certified')
def _():
    with tpm_in('--create-ek-cert') as tpm:
        booted(tpm)
        parts, end = quote(tpm)
        assert end == 'end' and set(parts) >= {'quote.attest', 'quote.sig', 'ak.pub', 'ek.pub', 'ek-rsa.crt.der', 'pcrs.bin',
                                               'eventlog.bin'}, parts.keys()
        assert parts['eventlog.bin'] == contents(LOG)
        judged = verify(parts, tpm.folder, '--ca', cas(tpm))
        assert judged['verdict'] == 'Healthy' and 'is certified' in judged['identity'], judged
        assert verify(parts, tpm.folder, nonce=bytes(32))['verdict'] == 'NotAttested'
        document = put(f'{tpm.folder}/document', guest('quote', NONCE.hex(), '--tpm', tpm.socket, '--log', LOG)[1])
        for nonce, verdict in ((NONCE, 'Healthy'), (bytes(32), 'NotAttested')):
            judged = verify_file(document, '--nonce', nonce.hex(), '--ca', cas(tpm))
            assert judged['verdict'] == verdict and 'is certified' in judged['identity'], judged
        assert 'nonce' in verify_file(document)['reason']
        tpm.extend([(4, bytes(32))])
        judged = verify(quote(tpm)[0], tpm.folder)
        assert judged['verdict'] == 'NotAttested' and 'does not replay' in judged['reason'], judged


@test('tpm2_checkquote agrees: signature, nonce, and the values of the PCRs')
def _():
    with tpm_in() as tpm:
        booted(tpm)
        parts, _end = quote(tpm)
        for name, data in parts.items():
            put(f'{tpm.folder}/{name}', data)
        check = ['tpm2_checkquote', '-u', f'{tpm.folder}/ak.pub', '-g', 'sha256', '-m', f'{tpm.folder}/quote.attest', '-s',
                 f'{tpm.folder}/quote.sig', '-f', put(f'{tpm.folder}/pcrs', as_tools_have_them(parts['pcrs.bin'])), '-q']
        run(*check, NONCE.hex())
        wrong = subprocess.run([*check, bytes(32).hex()], capture_output=True, check=False, timeout=60)
        assert wrong.returncode != 0
        put(f'{tpm.folder}/pcrs', as_tools_have_them(bytes(len(parts['pcrs.bin']))))
        wrong = subprocess.run([*check, NONCE.hex()], capture_output=True, check=False, timeout=60)
        assert wrong.returncode != 0
        values = {pcr: bytes(32) for pcr in range(24)}
        for pcr, digest in log_extends(contents(LOG)):
            values[pcr] = hashlib.sha256(values[pcr] + digest).digest()
        assert parts['pcrs.bin'] == b''.join(values[pcr] for pcr in PCRS)


@test('the keys are the same at each time, and after a restart, also where the TPM was made without an endorsement key')
def _():
    with tpm_in('--create-ek-cert') as tpm:
        first = quote(tpm)[0]
        tpm.end()
        tpm.start()
        again = quote(tpm)[0]
        assert all(first[name] == again[name] for name in ('ak.pub', 'ek.pub', 'ek-rsa.crt.der'))
        assert first['quote.attest'] != again['quote.attest']
        # Without the key at its handle it is made by the profile's template: the same one, as its certificate says.
        evict = bytes.fromhex('8002' '00000120' '4000000c' '81010001' '00000009400000090000000000' '81010001')
        owner = evict.replace(bytes.fromhex('4000000c'), bytes.fromhex('40000001'))
        assert bytes(4) in [answer[6:10] for answer in tpm.ask(owner, evict)]
        made = quote(tpm)[0]
        assert made['ek.pub'] == first['ek.pub'] and made['ak.pub'] == first['ak.pub']


@test('nothing is left in the TPM, however often it is asked')
def _():
    with tpm_in() as tpm:
        for _ in range(5):
            parts, _end = quote(tpm)
            assert 'ek-rsa.crt.der' not in parts and 'ek.pub' in parts
        for _ in range(5):
            code, out = guest('activate', '0003000000', '0003000000', '--tpm', tpm.socket)
            assert code == ERROR and b'OBJECT_MEMORY' not in out and b'SESSION' not in out, out


@test('what the kernel said of modules comes with a quote, and nothing else of its log')
def _():
    with tpm_in() as tpm:
        kmsg = put(f'{tpm.folder}/kmsg', b'5,1,1,-;Linux version 6.1.0\n5,2,1,-;Loading of unsigned module is rejected\n SUBSYSTEM=module\n'
                   + b''.join(b'6,%d,1,-;%s\n' % (n, b'a line like any other' * 20) for n in range(100))
                   + b'4,3,1,-;hello: module verification failed: key missing\n')
        parts, _ = quote(tpm, '--log', LOG, '--kmsg', kmsg)
        said = b'Loading of unsigned module is rejected\nhello: module verification failed: key missing\n'
        assert parts['refused-modules'] == said, parts
        parts, end = quote(tpm, '--log', LOG, '--kmsg', f'{tpm.folder}/none')
        assert end == 'end' and 'refused-modules' not in parts


@test('without an event log there is a quote, and the exit code says so')
def _():
    with tpm_in() as tpm:
        parts, end = quote(tpm, '--log', f'{tpm.folder}/none', code=NO_LOG)
        assert end == 'end' and 'eventlog.bin' not in parts
        assert 'no event log' in verify(parts, tpm.folder)['reason']
        os.symlink('loop', f'{tpm.folder}/loop')
        for words in (('quote', NONCE.hex(), '--tpm', tpm.socket), ('eventlog', 1)):
            expect(guest(*words, '--log', f'{tpm.folder}/loop'), 1, b'failed log-unreadable\n')
        # One that fails while it is read leaves the document without its end.
        code, document = guest('quote', NONCE.hex(), '--tpm', tpm.socket, '--log', tpm.folder)
        assert code == 1 and document.startswith(b'evidence 1\n') and not document.endswith(b'end\n'), document[-50:]
    expect(guest('eventlog', 1, '--log', '/nowhere'), NO_LOG, b'failed no-log\n')


@test('a long log comes in pieces that go on where the last one ended')
def _():
    with tpm_in() as tpm:
        long = put(f'{tpm.folder}/log', os.urandom(150_000))
        for most in (1, 16384, 65536, 149_999, 150_000, 150_001):
            code, document = guest('quote', NONCE.hex(), '--tpm', tpm.socket, '--log', long, '--log-max', most)
            parts, end = unpack(document)
            assert code == 0 and len(parts['eventlog.bin']) == min(most, 150_000), (most, end)
            pieces = 1
            while end != 'end' and pieces < 20:
                assert end == f'more {len(parts["eventlog.bin"])}', end
                code, more = guest('eventlog', end.split(' ')[1], '--log', long, '--log-max', max(most, 40_000))
                assert code == 0
                document += more
                parts, end = unpack(document)
                pieces += 1
            assert parts['eventlog.bin'] == contents(long) and pieces == 1 + -(-max(150_000 - most, 0) // max(most, 40_000))


# ---- credentials ----

def credential(tpm, ek, name):
    """What tpm2_makecredential makes of a secret: the arguments of activate."""
    put(f'{tpm.folder}/ek.pub', ek)
    put(f'{tpm.folder}/secret', b'a secret of 32 bytes for this TPM')
    with open(f'{tpm.folder}/secret', 'r+b') as file:
        file.truncate(32)
    run('tpm2_makecredential', '-T', 'none', '-u', f'{tpm.folder}/ek.pub', '-s', f'{tpm.folder}/secret', '-n', name.hex(), '-o',
        f'{tpm.folder}/credential')
    data = contents(f'{tpm.folder}/credential')[8:]
    size = struct.unpack_from('>H', data)[0] + 2
    return data[:size].hex(), data[size:].hex()


def name_of(public):
    return b'\x00\x0b' + hashlib.sha256(public[2:]).digest()


@test('a credential for both keys of this TPM is activated, after a restart too')
def _():
    with tpm_in('--create-ek-cert') as tpm:
        parts = quote(tpm)[0]
        arguments = credential(tpm, parts['ek.pub'], name_of(parts['ak.pub']))
        secret = b'secret ' + contents(f'{tpm.folder}/secret').hex().encode() + b'\n'
        expect(guest('activate', *arguments, '--tpm', tpm.socket), 0, secret)
        tpm.end()
        tpm.start()
        expect(guest('activate', *arguments, '--tpm', tpm.socket), 0, secret)


def own_credential(tpm, ek, ak, secret):
    """The same, as the daemon makes it."""
    files = [put(f'{tpm.folder}/{name}', data) for name, data in (('ek.pub', ek), ('ak.pub', ak))]
    return run(CREDENTIAL, *files, secret.hex()).decode('ascii').split()


@test('so is one that the daemon makes; for another attestation key, or for another TPM, it is not')
def _():
    with tpm_in('--create-ek-cert') as tpm, tpm_in() as other:
        here, there, secret = quote(tpm)[0], quote(other)[0], os.urandom(32)
        made = own_credential(tpm, here['ek.pub'], here['ak.pub'], secret)
        expect(guest('activate', *made, '--tpm', tpm.socket), 0, b'secret ' + secret.hex().encode() + b'\n')
        expect(guest('activate', *own_credential(tpm, here['ek.pub'], there['ak.pub'], secret), '--tpm', tpm.socket), ERROR,
               b'failed tpm-error TPM2_ActivateCredential TPM_RC_INTEGRITY 0x1df parameter 1\n')
        code, out = guest('activate', *made, '--tpm', other.socket)
        assert code == ERROR and out.startswith(b'failed tpm-error TPM2_ActivateCredential TPM_RC_'), out


@test('one for another attestation key, or for another TPM, is not')
def _():
    with tpm_in() as tpm, tpm_in() as other:
        here, there = quote(tpm)[0], quote(other)[0]
        code, out = guest('activate', *credential(tpm, here['ek.pub'], name_of(there['ak.pub'])), '--tpm', tpm.socket)
        assert code == ERROR and out.startswith(b'failed tpm-error TPM2_ActivateCredential TPM_RC_INTEGRITY 0x1df'), out
        code, out = guest('activate', *credential(tpm, there['ek.pub'], name_of(here['ak.pub'])), '--tpm', tpm.socket)
        assert code == ERROR and out.startswith(b'failed tpm-error TPM2_ActivateCredential TPM_RC_'), out


@test('the credential of a real TPM is none for this one')
def _():
    with tpm_in() as tpm:
        code, out = guest('activate', *(contents(os.path.join(FIXTURES, 'secure', name)).hex() for name in ('cred.idobject',
                          'cred.encsecret')), '--tpm', tpm.socket)
        assert code == ERROR and b'TPM2_ActivateCredential' in out, out


# ---- TPMs that fail ----

@test('a TPM that is locked out quotes all the same; its endorsement hierarchy with a password of its own is named')
def _():
    with tpm_in() as tpm:
        # TPM2_DictionaryAttackParameters: no failed try is allowed, so that the TPM is in lockout.
        locked = bytes.fromhex('8002' '0000013a' '4000000a' '00000009400000090000000000' '00000000' '000003e8' '000003e8')
        assert tpm.ask(locked)[0][6:10] == bytes(4)
        # TPM2_GetCapability of TPM_PT_PERMANENT: inLockout.
        permanent = tpm.ask(bytes.fromhex('8001' '0000017a' '00000006' '00000200' '00000001'))[0]
        assert struct.unpack('>I', permanent[-4:])[0] & 1 << 9, permanent
        booted(tpm)
        assert verify(quote(tpm)[0], tpm.folder)['verdict'] == 'Healthy'
        # TPM2_HierarchyChangeAuth.
        password = bytes.fromhex('8002' '00000129' '4000000b' '00000009400000090000000000' '0004') + b'word'
        assert tpm.ask(password)[0][6:10] == bytes(4)
        expect(guest('quote', NONCE.hex(), '--tpm', tpm.socket, '--log', LOG), ERROR,
               b'failed tpm-error TPM2_CreatePrimary TPM_RC_BAD_AUTH 0x9a2 session 1\n')


@contextlib.contextmanager
def plays(*answers):
    """The socket of what answers so, one after the other, the last of them for good; and how often it was asked."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f'{folder}/tpm')
        listener.listen()
        asked = []

        def serve():
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                connection.settimeout(30)
                while connection.recv(4096):
                    answer = answers[min(len(asked), len(answers) - 1)]
                    asked.append(answer)
                    if answer is None:
                        return
                    for piece in answer if isinstance(answer, list) else [answer]:
                        connection.sendall(piece)
                        time.sleep(0.01 if isinstance(answer, list) else 0)

        threading.Thread(target=serve, daemon=True).start()
        yield f'{folder}/tpm', asked


def refuses(code):
    return struct.pack('>HII', 0x8001, 10, code)


def asks(*answers):
    with plays(*answers) as (path, asked):
        code, out = guest('quote', NONCE.hex(), '--tpm', path, '--log', LOG)
        return code, out.decode(), len(asked)


@test('codes of a TPM have their names, and what they are about')
def _():
    for code, exits, words in ((0x921, LOCKED_OUT, 'tpm-locked-out TPM2_CreatePrimary TPM_RC_LOCKOUT 0x921'),
                               (0x185, ERROR, 'tpm-error TPM2_CreatePrimary TPM_RC_HIERARCHY 0x185 handle 1'),
                               (0x2d5, ERROR, 'tpm-error TPM2_CreatePrimary TPM_RC_SIZE 0x2d5 parameter 2'),
                               (0x98e, ERROR, 'tpm-error TPM2_CreatePrimary TPM_RC_AUTH_FAIL 0x98e session 1'),
                               (0x101, ERROR, 'tpm-error TPM2_CreatePrimary TPM_RC_FAILURE 0x101'),
                               (0x100, ERROR, 'tpm-error TPM2_CreatePrimary TPM_RC_INITIALIZE 0x100'),
                               (0x902, ERROR, 'tpm-error TPM2_CreatePrimary TPM_RC_OBJECT_MEMORY 0x902'),
                               (0x01e, ERROR, 'tpm-error TPM2_CreatePrimary TPM_RC_BAD_TAG 0x1e'),
                               (0xb0143, ERROR, 'tpm-error TPM2_CreatePrimary TPM_RC_COMMAND_CODE 0xb0143'),
                               (0x7fffffff, ERROR, 'tpm-error TPM2_CreatePrimary unknown 0x7fffffff parameter 15')):
        said = asks(refuses(code))
        assert said[:2] == (exits, f'failed {words}\n'), said


@test('one that is at something else is asked again, for a while')
def _():
    for code, name in ((0x922, 'RETRY'), (0x908, 'YIELDED'), (0x90a, 'TESTING')):
        said = asks(refuses(code))
        assert said == (BUSY, f'failed tpm-busy TPM2_CreatePrimary TPM_RC_{name} {code:#x}\n', 20), said
    said = asks(refuses(0x922), refuses(0x922), refuses(0x101))
    assert said == (ERROR, 'failed tpm-error TPM2_CreatePrimary TPM_RC_FAILURE 0x101\n', 3), said


@test('what is no answer of a TPM is called that')
def _():
    for answer in (b'\x80\x01\0\0\0\x09\0\0\0\0', b'\x80\x01\0\0\0\x0a\0\0\0\0', b'\x80\x02\0\0\0\x0e\0\0\0\0\x80\0\0\0',
                   b'\x80\x03\0\0\0\x0a\0\0\0\0', b'\x80\x02\xff\xff\xff\xff\0\0\0\0', b'\x80\x01\0\0\0\x0a\0\0\1\1 and more',
                   b'\x80\x02\0\0\0\x14\0\0\0\0\x80\0\0\0\xff\xff\xff\xff\0\0', b'HTTP/1.1 400 Bad Request\r\n\r\n',
                   [b'\x80\x01\0', b'\0\0\x0a\0\0', b'\0\0']):
        said = asks(answer)
        assert said[:2] == (BROKEN, 'failed tpm-garbled\n'), (answer, said)
    said = asks(None)
    assert said == (BROKEN, 'failed tpm-silent\n', 1), said


@test('where there is no TPM that is what it says')
def _():
    for path in ('/nowhere', '/dev/null/tpm0'):
        expect(guest('quote', NONCE.hex(), '--tpm', path), NO_TPM, b'failed no-tpm\n')
        expect(guest('activate', '000100', '000100', '--tpm', path), NO_TPM, b'failed no-tpm\n')
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as nobody:
        nobody.bind(f'{folder}/tpm')
        expect(guest('quote', NONCE.hex(), '--tpm', f'{folder}/tpm'), NO_TPM, b'failed no-tpm\n')
    if not os.path.exists('/dev/tpm0') and not os.path.exists('/dev/tpmrm0'):
        expect(guest('quote', NONCE.hex()), NO_TPM, b'failed no-tpm\n')


@test('arguments that mean nothing are refused, and nothing is printed for the host')
def _():
    nonce = NONCE.hex()
    for words in ('quote', 'quote 00', f'quote {nonce}00', f'quote {nonce[1:]}', f'quote {nonce[2:]}gg', f'quote {nonce} --tpm',
                  f'quote {nonce} --log-max 0', f'quote {nonce} --log-max', f'quote {nonce} --explode 1', f'quote {nonce} more',
                  'eventlog', 'eventlog 0', 'eventlog -1', 'eventlog 1 --tpm x', 'eventlog 16777217', 'activate', 'activate 000100',
                  'activate 0001 000100', 'activate 000200 000100', 'activate 000100 00020000ff', 'activate 000100 000100 --tpm',
                  f'activate 0100{"00" * 256} 000100', 'activate 000100 000100 more'):
        expect(guest(*words.split(' ')), 2, b'')


if __name__ == '__main__':
    main([name for name in NEEDED if not shutil.which(name)])
