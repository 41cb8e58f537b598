"""testudo attest, on evidence of real boots: what is printed, and with which exit status. No daemon runs. Arguments: the program, the
folder with the fixtures."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

TESTUDO, FIXTURES = sys.argv[1:3]
VERDICTS = {
    'secure': ('Healthy', None),
    'secure-second-boot': ('Healthy', None),
    'secure-instance2': ('Healthy', None),
    'secure-smp2': ('NotJudged', 'firmware volume'),
    'sb-off': ('Deviation', 'SecureBoot'),
    'sb-off-tampered-grub': ('Deviation', 'grubx64.efi'),
    'sb-off-unsigned-kernel': ('Deviation', 'vmlinuz'),
    'sb-off-legacy-linux': ('NotAttested', None),
    'sb-on-initrd-changed': ('Deviation', 'initrd.gz'),
    'sb-on-grubcfg-changed': ('Deviation', 'grub.cfg'),
}
number = 0


def said(behaviour, ok, why=''):
    global number
    number += 1
    print(f'{"ok" if ok else "not ok"} {number} - {behaviour}')
    if not ok:
        print('\n'.join(f'# {line}' for line in str(why).splitlines()))


def run(*words):
    # A server that nobody answers at: it is not asked.
    environment = dict(os.environ, TESTUDO_SERVER='https://127.0.0.1:1')
    return subprocess.run([TESTUDO, 'attest', *words], capture_output=True, text=True, check=False, env=environment)


def case(name):
    return os.path.join(FIXTURES, name)


print('TAP version 13')
for name, (verdict, component) in VERDICTS.items():
    got = run('verify-file', case(name), '--reference', case('secure'), '-o', 'json')
    answer = json.loads(got.stdout or '{}')
    named = (answer.get('component') or {}).get('name', '')
    said(f'{name} is {verdict}{f", for its {component}" if component else ""}',
         answer.get('verdict') == verdict and named.endswith(component or '') and bool(named) == bool(component)
         and got.returncode == (0 if verdict == 'Healthy' else 1), got)

got = run('verify-file', case('secure'), '-o', 'json')
said('without a reference nothing is judged', json.loads(got.stdout)['verdict'] == 'NotJudged' and got.returncode == 1, got)

with tempfile.TemporaryDirectory() as folder:
    ca = os.path.join(folder, 'ca.pem')
    with open(ca, 'wb') as out:
        for name in ('root', 'issuer'):
            with open(case(f'ca/{name}.pem'), 'rb') as one:
                shutil.copyfileobj(one, out)
    got = run('verify-file', case('secure'), '--reference', case('secure-instance2'), '--ca', ca, '-o', 'json')
    said('the endorsement key is certified by its CA', 'is certified' in json.loads(got.stdout)['identity'] and got.returncode == 0, got)
    borrowed = os.path.join(folder, 'borrowed')
    shutil.copytree(case('secure'), borrowed)
    for part in ('ek.pub', 'ek-rsa.crt.der'):
        shutil.copy(case(f'secure-instance2/{part}'), borrowed)
    got = run('verify-file', borrowed, '--reference', case('secure'), '--ca', ca, '-o', 'json')
    said('files do not show that the attestation key is in the same TPM, and that is said',
         'same TPM, files do not show' in json.loads(got.stdout)['identity'], got)
    got = run('verify-file', case('sb-off'), '--reference', case('secure'), '--ca', ca, '-o', 'json')
    said('which does not make a deviation healthy', json.loads(got.stdout)['verdict'] == 'Deviation' and got.returncode == 1, got)
    foreign = os.path.join(folder, 'foreign.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=another',
                    '-keyout', os.path.join(folder, 'foreign.key'), '-out', foreign], check=True, capture_output=True)
    got = run('verify-file', case('secure'), '--reference', case('secure'), '--ca', foreign, '-o', 'json')
    answer = json.loads(got.stdout)
    said('what another CA certified is not attested', answer['verdict'] == 'NotAttested' and answer['reason'] == answer['identity'] and
         'does not chain' in answer['identity'] and answer['components'] == [] and got.returncode == 1, got)
    for part in ('ek.pub', 'ek-rsa.crt.der'):
        without = os.path.join(folder, 'without-' + part)
        shutil.copytree(case('secure'), without)
        os.remove(os.path.join(without, part))
        got = run('verify-file', without, '--reference', case('secure'), '--ca', ca, '-o', 'json')
        answer = json.loads(got.stdout)
        said(f'nor is what cannot be checked without {part}', answer['verdict'] == 'NotAttested' and part in answer['reason'] and
             got.returncode == 1, got)
        got = run('verify-file', without, '--reference', case('secure'), '-o', 'json')
        said('where nobody asked, that does not matter', json.loads(got.stdout)['verdict'] == 'Healthy' and got.returncode == 0, got)
    shutil.copy(case('secure-instance2/ek-rsa.crt.der'), os.path.join(folder, 'without-ek-rsa.crt.der', 'ek-rsa.crt.der'))
    got = run('verify-file', os.path.join(folder, 'without-ek-rsa.crt.der'), '--reference', case('secure'), '--ca', ca, '-o', 'json')
    said('nor is another vTPM with this certificate', 'another endorsement key' in json.loads(got.stdout)['reason'] and got.returncode == 1, got)
    got = run('verify-file', case('secure'), '--reference', case('secure'), '--ca', case('secure/ek.pub'), '-o', 'json')
    said('nor is anything by a CA that is none', json.loads(got.stdout)['verdict'] == 'NotAttested' and got.returncode == 1, got)
    got = run('verify-file', case('secure'), '--reference', case('secure'), '--crl', foreign)
    said('--crl without --ca is refused', got.returncode == 2 and '--ca' in got.stderr, got)

    got = run('verify-file', case('secure'), '--reference', case('secure-instance2'), '-o', 'json')
    said('without the CA that is said not to be checked', json.loads(got.stdout)['identity'].startswith('Not checked'), got)

    baseline = os.path.join(folder, 'baseline.json')
    with open(case('secure/eventlog.bin'), 'rb') as log:
        log = log.read()
    exported = {'image': 'Testudo:mini:gen2:1.0.0', 'vCPUs': 1, 'memoryMiB': 512, 'eventLog': base64.b64encode(log).decode(),
                'eventLogSha256': hashlib.sha256(log).hexdigest()}
    with open(baseline, 'w', encoding='utf-8') as out:
        json.dump({'properties': exported}, out)
    got = run('verify-file', case('secure-instance2'), '--reference', baseline)
    said('an exported baseline is a reference', got.returncode == 0, got)
    got = run('verify-file', case('sb-on-grubcfg-changed'), '--reference', baseline, '-o', 'json')
    said('and what deviates from it is told of its image', got.returncode == 1 and
         'image Testudo:mini:gen2:1.0.0 (1 vCPUs, 512 MiB) has' in json.loads(got.stdout)['reason'], got)
    # Another kernel than this baseline's: of its digests, each is another one there.
    other = log
    for digest in (e['digest'] for e in json.loads(run('eventlog', case('secure/eventlog.bin'), '-o', 'json').stdout)
                   if e['name'] in ('(hd0,gpt1)/vmlinuz', 'an image from memory')):
        other = other.replace(bytes.fromhex(digest), hashlib.sha256(bytes.fromhex(digest)).digest())
    with open(baseline, 'w', encoding='utf-8') as out:
        json.dump({'properties': dict(exported, eventLog=base64.b64encode(other).decode(), eventLogSha256=hashlib.sha256(other).hexdigest())}, out)
    for policy in ([], ['--policy', 'exactDigests']):
        got = run('verify-file', case('secure'), '--reference', baseline, *policy, '-o', 'json')
        said('another kernel is a deviation', got.returncode == 1 and json.loads(got.stdout)['component']['name'] == '(hd0,gpt1)/vmlinuz', got)
    got = run('verify-file', case('secure'), '--reference', baseline, '--policy', 'VendorSigned', '-o', 'json')
    found = json.loads(got.stdout)
    said('or accepted, as signed by the same vendor, and told', got.returncode == 0 and found['verdict'] == 'Healthy' and
         found['component'] is None and {c['acceptedBy'] for c in found['components']} == {'vendorSigned'} and
         len(found['components']) == 4 and 'Debian Secure Boot CA' in found['reason'], got)
    got = run('verify-file', case('sb-on-initrd-changed'), '--reference', baseline, '--policy', 'vendorSigned', '-o', 'table')
    said('but not its initrd', got.returncode == 1 and 'initrd.gz has digest' in got.stdout and got.stdout.count('vendorSigned') == 4, got)
    got = run('verify-file', case('secure'), '--reference', baseline, '--policy', 'any')
    said('another policy is refused', got.returncode == 2 and 'exactDigests and vendorSigned' in got.stderr, got)

    with open(baseline, 'w', encoding='utf-8') as out:
        json.dump({'properties': dict(exported, eventLogSha256='00' * 32)}, out)
    got = run('verify-file', case('secure'), '--reference', baseline)
    said('one that was damaged is refused', got.returncode == 2 and 'damaged' in got.stderr, got)

    stale = os.path.join(folder, 'stale')
    shutil.copytree(case('secure'), stale)
    shutil.copy(case('sb-off/nonce.bin'), stale)
    got = run('verify-file', stale, '--reference', case('secure'), '-o', 'json')
    said('another nonce is named', 'nonce' in json.loads(got.stdout)['reason'] and got.returncode == 1, got)
    got = run('verify-file', case('secure'), '--reference', stale)
    said('a reference whose evidence does not hold is none', got.returncode == 2 and 'is no reference' in got.stderr, got)
    got = run('verify-file', stale, '--reference', case('secure'), '--nonce', open(case('secure/nonce.bin'), 'rb').read().hex().upper())
    said('--nonce says what was asked for', got.returncode == 0, got)
    for nonce in ('', '0', 'xy', '00' * 65):
        got = run('verify-file', stale, '--nonce', nonce)
        said(f'{nonce[:4]!r} is no nonce', got.returncode == 2 and 'hexadecimal' in got.stderr, got)
    broken = os.path.join(folder, 'broken')
    with open(broken, 'wb') as out:
        out.write(b'evidence 1\nquote.attest 145\n')
    got = run('verify-file', broken)
    said('a file that was cut short is called that', got.returncode == 1 and 'cut short' in got.stderr, got)
    got = run('verify-file', os.path.join(folder, 'nowhere'))
    said('a file or folder that is not there is named', got.returncode == 2 and 'nowhere' in got.stderr and
         'no file or folder' in got.stderr, got)
    nowhere = os.path.join(folder, 'nowhere')
    for words in (('eventlog', nowhere), ('verify-token', nowhere, '--jwks', nowhere), ('verify-file', case('secure'), '--ca', nowhere),
                  ('verify-file', case('secure'), '--reference', nowhere), ('show', '-g', 'g', '-n', 's', '--instance-id', '0', '--ca-file', nowhere)):
        got = run(*words)
        said(f'{words[0]} {words[-2]}: a file that is not there is named, and no server blamed', got.returncode == 2 and
             nowhere in got.stderr and not got.stderr.startswith('ERROR: ('), got)
    os.mkdir(os.path.join(folder, 'empty'))
    got = run('verify-file', os.path.join(folder, 'empty'))
    said('and so is one without evidence', got.returncode == 2 and 'quote.attest' in got.stderr, got)

got = run('verify-file', case('sb-on-grubcfg-changed'), '--reference', case('secure'), '-o', 'table')
said('the table has the verdict, and each component', 'Deviation' in got.stdout and 'kernel_cmdline' in got.stdout, got)
got = run('eventlog', case('secure/eventlog.bin'), '-o', 'json')
events = json.loads(got.stdout)
said('an event log is printed event by event', len(events) == 50 and events[3]['name'] == 'SecureBoot' and events[3]['detail'] == 'on'
     and events[3]['measured'] is True and events[34]['measured'] is False, got.stdout[:500])
got = run('eventlog', case('secure/quote.attest'))
said('what is no event log is refused with the place', got.returncode == 1 and 'event 0, byte' in got.stderr, got)
print(f'1..{number}')
