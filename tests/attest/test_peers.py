"""Our reading of event logs and quotes beside that of tpm2-tools, on real evidence and on what random damage makes of it: both read
it alike, or there is a reason that stands here. Arguments: testudo, the folder with the fixtures, how many damaged ones of each, the
seed (or none: 1)."""

import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

TESTUDO, FIXTURES, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1
CASES = ['secure', 'secure-second-boot', 'secure-instance2', 'secure-smp2', 'secure-mem1024', 'sb-off', 'sb-off-tampered-grub',
         'sb-off-unsigned-kernel', 'sb-on-initrd-changed', 'sb-on-grubcfg-changed']

# What one of the two refuses, and the other reads.
# tpm2_eventlog prints each event, and gives up on one whose own words it cannot print; to us such an event is one that
# cannot be described, and it is replayed as the others are.
ONLY_THEY_REFUSE_LOG = ['insufficient for UEFI variable data', 'c16rtomb failed', 'EventSize is inconsistent', 'size is insufficient',
                        'Event size', 'not enough', 'insufficient', 'Cannot allocate memory']
ONLY_WE_REFUSE_LOG = ['its PCR is above 23', 'as many digests', 'two SHA-256 digests', 'an algorithm that the header does not name',
                      'its Spec ID event is cut short or too long', 'the header is of another type', 'Spec ID Event03',
                      # It does without, where another algorithm is named.
                      'it has no SHA-256 digests']
# tpm2_checkquote looks at the signature, the nonce and the magic; not at what the key may sign, nor at which key the quote names.
ONLY_WE_REFUSE_QUOTE = ['no attestation key', 'signed by another key', 'public key cannot be read']

number = 0
refused_by = collections.Counter()


def said(behaviour, wrong):
    global number
    number += 1
    print(f'{"not ok" if wrong else "ok"} {number} - {behaviour}')
    for line in wrong[:20]:
        print(f'# {line}')


def run(*command):
    return subprocess.run(command, capture_output=True, check=False)


def text(output):
    return ' | '.join(output.decode('utf-8', 'replace').split('\n')).strip(' |')


def damage(rng, whole):
    """A copy with some bits turned, a piece cut out, its end gone, or two words swapped."""
    data = bytearray(whole)
    kind = rng.choice(['bits', 'bits', 'bits', 'end', 'piece', 'swap'])
    at = rng.randrange(len(data) - 8)
    if kind == 'bits':
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 'end':
        del data[at:]
    elif kind == 'piece':
        del data[at:at + rng.randint(1, 60)]
    else:
        data[at:at + 4], data[at + 4:at + 8] = data[at + 4:at + 8], data[at:at + 4]
    return bytes(data)


def read(*path):
    with open(os.path.join(FIXTURES, *path), 'rb') as file:
        return file.read()


# ---- event logs ----

def log_ours(path):
    got = run(TESTUDO, 'attest', 'eventlog', path, '--pcrs', '-o', 'json')
    if got.returncode != 0:
        return None, text(got.stderr)
    return {one['pcr']: one['sha256'] for one in json.loads(got.stdout)}, ''


def log_theirs(path):
    got = run('tpm2_eventlog', path)
    out = got.stdout.decode('utf-8', 'replace')
    if got.returncode != 0:
        return None, text(got.stderr)
    # A text of the log can look like anything, but what is last is theirs.
    values = re.findall(r'^ +(\d+) *: 0x([0-9a-f]{64})', out[out.rindex('\npcrs:'):], re.MULTILINE) if '\npcrs:' in out else []
    return {int(pcr): value for pcr, value in values}, ''


def explained(words, reasons):
    reason = next((reason for reason in reasons if reason in words), None)
    refused_by[reason] += 1
    return reason is not None


def pcrs_of_no_action(path):
    """By the TCG's profile such an event extends nothing."""
    events = json.loads(run(TESTUDO, 'attest', 'eventlog', path, '-o', 'json').stdout)
    return {event['pcr'] for event in events if event['type'] == 'EV_NO_ACTION'}


def log_differs(path):
    ours, our_words = log_ours(path)
    theirs, their_words = log_theirs(path)
    if ours is None and theirs is None:
        return None
    if ours is None:
        return None if explained(our_words, ONLY_WE_REFUSE_LOG) else f'only we refuse: {our_words}'
    if theirs is None:
        return None if explained(their_words, ONLY_THEY_REFUSE_LOG) else f'only they refuse: {their_words}'
    wrong = [pcr for pcr, value in theirs.items() if ours[pcr] != value]
    if wrong and set(wrong) <= pcrs_of_no_action(path):
        refused_by['PCRs differ: tpm2_eventlog extends by events of type EV_NO_ACTION'] += 1
        return None
    return f'PCRs {wrong} differ' if wrong else None


# ---- quotes ----

def quote_ours(folder):
    """Without a log, what is missing last is the log: everything about the quote holds."""
    got = run(TESTUDO, 'attest', 'verify-file', folder, '-o', 'json')
    reason = json.loads(got.stdout)['reason']
    return 'no event log' in reason, reason


def quote_theirs(folder):
    nonce = os.path.join(folder, 'nonce.bin')
    with open(nonce, 'rb') as file:
        qualification = file.read().hex()
    got = run('tpm2_checkquote', '-u', os.path.join(folder, 'ak.pub'), '-m', os.path.join(folder, 'quote.attest'), '-s',
              os.path.join(folder, 'quote.sig'), '-q', qualification, '-g', 'sha256')
    return got.returncode == 0, text(got.stderr)


def quote_differs(folder):
    ours, our_words = quote_ours(folder)
    theirs, their_words = quote_theirs(folder)
    if ours == theirs:
        return None
    if theirs:
        return None if explained(our_words, ONLY_WE_REFUSE_QUOTE) else f'only we refuse: {our_words}'
    return f'only they refuse: {their_words}'


def quote_folder(place, case):
    shutil.rmtree(place, ignore_errors=True)
    os.mkdir(place)
    for name in ('quote.attest', 'quote.sig', 'ak.pub', 'nonce.bin'):
        with open(os.path.join(place, name), 'wb') as file:
            file.write(read(case, name))


print('TAP version 13')
if not shutil.which('tpm2_eventlog') or not shutil.which('tpm2_checkquote'):
    print('1..0 # SKIP tpm2-tools are not installed')
    sys.exit(0)
rng = random.Random(SEED)
with tempfile.TemporaryDirectory() as room:
    wrong = [f'{case}: {why}' for case in CASES if (why := log_differs(os.path.join(FIXTURES, case, 'eventlog.bin')))]
    said('real event logs replay to the same PCRs', wrong)

    wrong = []
    damaged = os.path.join(room, 'eventlog.bin')
    for turn in range(COUNT):
        case = rng.choice(CASES)
        with open(damaged, 'wb') as file:
            file.write(damage(rng, read(case, 'eventlog.bin')))
        if why := log_differs(damaged):
            wrong.append(f'seed {SEED}, {turn}, from {case}: {why}')
    said(f'{COUNT} damaged event logs are read alike', wrong)

    place = os.path.join(room, 'evidence')
    wrong = []
    for case in CASES:
        quote_folder(place, case)
        ours, words = quote_ours(place)
        if not ours or quote_differs(place):
            wrong.append(f'{case}: {words}')
    said('real quotes hold for both', wrong)

    wrong = []
    for turn in range(COUNT):
        case, part = rng.choice(CASES), rng.choice(['quote.attest', 'quote.sig', 'ak.pub', 'nonce.bin'])
        quote_folder(place, case)
        with open(os.path.join(place, part), 'wb') as file:
            file.write(damage(rng, read(case, part)))
        if why := quote_differs(place):
            wrong.append(f'seed {SEED}, {turn}, {part} of {case}: {why}')
    said(f'{COUNT} damaged quotes are judged alike', wrong)
for reason, times in refused_by.most_common():
    print(f'# {times} times one of the two alone refused: {reason}')
print(f'1..{number}')
