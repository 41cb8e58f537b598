"""The house of docs/design.md: a room includes only what is on the floors below it, and its own."""

import os
import re
import sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'src')
BELOW = {
    'base': [],
    'model': ['base'],
    'template': ['base'],
    'rollout': ['base', 'model'],
    'attest': ['base'],
    'store': ['base', 'model', 'rollout'],
    'host': ['base', 'model', 'attest'],
    'engine': ['base', 'model', 'rollout', 'attest', 'store', 'host'],
    'api': ['base', 'model', 'template', 'rollout', 'attest', 'store'],
    'daemon': ['base', 'model', 'rollout', 'store', 'host', 'engine', 'api'],
    'cli': ['base', 'attest'],
    'guest': ['base'],
}
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def headers(room):
    """(file, included header) of a room's files."""
    for folder, _, names in os.walk(os.path.join(SOURCE, room)):
        for name in names:
            if name.endswith(('.c', '.h')):
                path = os.path.join(folder, name)
                with open(path, encoding='utf-8') as file:
                    yield from ((os.path.relpath(path, SOURCE), header) for header in INCLUDE.findall(file.read()))


def strangers(room):
    allowed = [room, *BELOW[room]]
    return [f'{path} includes {header}' for path, header in headers(room) if header.split('/')[0] not in allowed]


rooms = sorted(name for name in os.listdir(SOURCE) if os.path.isdir(os.path.join(SOURCE, name)))
failed = False
print('TAP version 13')
for number, room in enumerate(rooms, start=1):
    found = strangers(room) if room in BELOW else [f'{room} is not in the list of rooms']
    failed = failed or bool(found)
    print(f'{"not ok" if found else "ok"} {number} - {room} includes only from below')
    for line in found:
        print('#   ' + line)
print(f'1..{len(rooms)}')
sys.exit(failed)
