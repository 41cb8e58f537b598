"""`meson install` into an empty folder puts everything in its place. Arguments: build folder, prefix."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

BUILD, PREFIX = sys.argv[1:3]

# Below the prefix: file, mode
FILES = [
    ('bin/testudo', 0o755),
    ('sbin/testudod', 0o755),
    ('share/man/man1/testudo.1', 0o644),
    ('share/man/man8/testudod.8', 0o644),
    ('share/man/man5/testudod.conf.5', 0o644),
    ('share/bash-completion/completions/testudo', 0o644),
    ('lib/systemd/system/testudod.service', 0o644),
    ('share/doc/testudo/testudod.conf', 0o644),
]

number = 0


def said(behaviour, ok, why='', skip=None):
    global number
    number += 1
    print(f'{"ok" if ok else "not ok"} {number} - {behaviour}{f" # SKIP {skip}" if skip else ""}')
    if not ok:
        print('\n'.join(f'# {line}' for line in why.splitlines()))


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def service_lines(root):
    with open(f'{root}{PREFIX}/lib/systemd/system/testudod.service', encoding='utf-8') as file:
        return file.read().splitlines()


def verify_unit(root):
    """systemd-analyze wants the program where the unit says it is: a copy that names the one in the folder."""
    if not shutil.which('systemd-analyze'):
        said('systemd accepts the unit', True, skip='no systemd-analyze here')
        return
    with tempfile.TemporaryDirectory() as folder:
        unit = f'{folder}/testudod.service'
        with open(unit, 'w', encoding='utf-8') as file:
            for line in service_lines(root):
                if not line.startswith('Documentation='):
                    file.write(line.replace(f'{PREFIX}/sbin', f'{root}{PREFIX}/sbin') + '\n')
        done = run('systemd-analyze', 'verify', '--man=no', unit)
        complaints = [line for line in done.stderr.splitlines() if 'testudod' in line]
        said('systemd accepts the unit', done.returncode == 0 and not complaints, done.stderr)


def complete(root, line):
    script = f'''source {root}{PREFIX}/share/bash-completion/completions/testudo
        COMP_LINE="{line}" COMP_POINT={len(line)}
        _testudo; printf '%s\\n' "${{COMPREPLY[@]}}"'''
    path = f'{root}{PREFIX}/bin:{os.environ["PATH"]}'
    return run('bash', '--norc', '-c', script, env={**os.environ, 'PATH': path})


def main(root):
    done = run('meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', root)
    said('meson install succeeds', done.returncode == 0, done.stdout + done.stderr)
    for path, mode in FILES:
        full = f'{root}{PREFIX}/{path}'
        there = os.path.isfile(full) and stat.S_IMODE(os.stat(full).st_mode) == mode
        said(f'{path} is there', there, f'{full} is missing or has another mode')
    found = {os.path.relpath(os.path.join(folder, name), root + PREFIX)
             for folder, _, names in os.walk(root) for name in names}
    extra = found - {path for path, _ in FILES}
    said('nothing else is', not extra, '\n'.join(sorted(extra)))

    lines = service_lines(root)
    for line in (f'ExecStart={PREFIX}/sbin/testudod', 'Type=notify', 'KillMode=process', 'OOMPolicy=continue'):
        said(f'the unit has {line.replace(PREFIX, "PREFIX")}', line in lines, '\n'.join(lines))
    verify_unit(root)

    for program in ('bin/testudo', 'sbin/testudod'):
        done = run(f'{root}{PREFIX}/{program}', '--version')
        said(f'{program} --version tells it', re.match(r'testudod? \d+\.\d+', done.stdout), done.stdout + done.stderr)
    for line, offered in (('testudo vmss run-command ', 'invoke'), ('testudo vmss rest', 'restart'),
                          (f'{root}{PREFIX}/bin/testudo vmss rest', 'restart'),
                          # bash replaces what follows the '=' alone
                          ('testudo vmss create --security-type=T', 'TrustedLaunch'),
                          ('testudo vmss create --security-type S', 'Standard')):
        done = complete(root, line)
        said(f'bash completes "{line.replace(root + PREFIX, "PREFIX")}" to {offered}', done.stdout == offered + '\n',
             done.stdout + done.stderr)
    print(f'1..{number}')


with tempfile.TemporaryDirectory() as empty:
    main(empty)
