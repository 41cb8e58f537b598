"""What docs/howto.md tells people to type, block by block, on the simulated driver: a guide that fails is worse than none."""

import os
import re
import subprocess

from lib.daemon import BUILD
from lib.suite import Suite

GUIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'howto.md')
TRYING = os.path.join(os.path.dirname(GUIDE), 'contributing.md')
suite = Suite(chained=True)


def blocks():
    """(heading, commands) of each block of the guide."""
    heading = ''
    with open(GUIDE, encoding='utf-8') as file:
        text = file.read()
    for part in re.finditer(r'^## ([^\n]*)$|^```\n(.*?)^```$', text, re.MULTILINE | re.DOTALL):
        if part[1]:
            heading = part[1]
        else:
            yield heading, part[2]


def unattended(commands):
    """Nobody is there to answer a question."""
    return re.sub(r'testudo vmss (update-instances|update|rollback) ', r'testudo vmss \1 --yes ', commands)


def run(t, script):
    environment = {**os.environ, 'PATH': BUILD + os.pathsep + os.environ['PATH'], 'STATE': t.daemon.state_dir}
    script = script.replace('TESTUDO_STATE_DIR=/var/lib/testudo', 'TESTUDO_STATE_DIR=$STATE')
    done = subprocess.run(['bash', '-euo', 'pipefail', '-c', 'export TESTUDO_STATE_DIR=$STATE\n' + script],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, f'{script}\nended with {done.returncode}\n{done.stdout}\n{done.stderr}'


@suite.test('the guide has the commands that this test is about')
def _(t):
    text = '\n'.join(commands for _, commands in blocks())
    for word in ('vmss create', '--what-if', 'update-instances', '--security-type Standard', 'whatIf', 'manualupgrade'):
        assert word in text, word


def add(heading, commands, definitions):
    first = commands.splitlines()[0]

    @suite.test(f'{heading}: {first[:100]}')
    def _(t):
        run(t, definitions + unattended(commands))


defined = ''
for title, block in blocks():
    if 'run-command' in block:
        continue    # a simulated VM has no inside; vm_main_job.py looks into real ones
    if 'api()' in block:
        defined = block
    else:
        add(title, block, defined)

@suite.test('what contributing.md has people try on a daemon without images works')
def _(t):
    with open(TRYING, encoding='utf-8') as file:
        part = file.read().split('## A daemon to try things on', 1)[1]
    begin, commands, settings = re.findall(r'^```\n(.*?)^```$', part, re.MULTILINE | re.DOTALL)[:3]
    assert begin == 'build/testudod --driver simulated --state-dir /tmp/t &\n', begin
    t.daemon = t.new_daemon(state='t', images=False).start()
    run(t, commands.replace('/tmp/t', t.daemon.state_dir))
    t.daemon.stop()
    with open(os.path.join(t.daemon.state_dir, 'simulated.conf.json'), 'w', encoding='utf-8') as file:
        file.write(settings.replace('2000', '200').replace('5000', '500'))
    t.daemon.start(extra=('--step-timeout', '5'))
    failed = subprocess.run([os.path.join(BUILD, 'testudo'), 'vmss', 'restart', '-g', 'g', '-n', 's'], capture_output=True, text=True,
                            timeout=60, env={**os.environ, 'TESTUDO_STATE_DIR': t.daemon.state_dir}, check=False)
    assert failed.returncode == 1 and failed.stderr.count('did not answer within 5 s') == 1, failed.stderr


suite.main()
