"""Pages for people point at what is there: links between files, and commands and settings that the programs know."""

import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
BUILD = os.environ['TESTUDO_BUILD']
FOLDERS = ['docs', 'docs/ja']
PAGES = ['README.md', 'README.ja.md', 'images/README.md',
         *(f'{folder}/{name}' for folder in FOLDERS for name in sorted(os.listdir(os.path.join(ROOT, folder))) if name.endswith('.md'))]
BENCHES = ['bench/api', 'bench/launch', 'bench/rollout', *(f'bench/lib/{name}' for name in sorted(os.listdir(os.path.join(ROOT, 'bench', 'lib')))
                                          if name.endswith('.py'))]
GUEST = ['src/guest/evidence.c', 'src/guest/activate.c', 'src/guest/health.c', 'src/guest/event.c']
LINK = re.compile(r'\]\((?!https?:)([^)#]+)')


def text_of(page):
    with open(os.path.join(ROOT, page), encoding='utf-8') as file:
        return file.read()


def dead_links(page):
    folder = os.path.dirname(os.path.join(ROOT, page))
    return [f'{page}: {target}' for target in LINK.findall(text_of(page)) if not os.path.exists(os.path.join(folder, target))]


def help_of(program, *words):
    done = subprocess.run([os.path.join(BUILD, program), *words, '--help'], capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def unknown_commands(page):
    """`testudo NOUN VERB --option …` up to the end of the code or line: does the command exist, and take the options?"""
    found = []
    text = text_of(page).replace('\\\n', ' ')
    for line in re.findall(r'\btestudo ([a-z][a-z_-]*(?: [a-z][a-z_-]*)+)([^`\n]*)', text):
        words = line[0].split()
        code, said = help_of('testudo', *words)
        while code != 0 and len(words) > 2:
            words.pop()
            code, said = help_of('testudo', *words)
        if code != 0:
            found.append(f'{page}: testudo {line[0]}')
        for option in re.findall(r'(?<![\w-])--([a-z][a-z-]+)', line[1]):
            if f'--{option}' not in said:
                found.append(f'{page}: testudo {" ".join(words)} has no --{option}')
    return found


def unknown_settings(page):
    """`--name` alone in a page: an option of testudod, of testudo's commands, of testudo-guest, or of the benches (bench/lib)."""
    known = set(re.findall(r"[\"']--([a-z][a-z-]+)[\"']", ''.join(text_of(name) for name in [*BENCHES, *GUEST])))
    known |= set(re.findall(r'--([a-z][a-z-]+)', help_of('testudod')[1] + text_of('src/cli/args.c')))
    known |= set(re.findall(r'\{ ?"([a-z-]+)"', text_of('src/cli/args.c')))
    return [f'{page}: --{name}' for name in re.findall(r'`--([a-z][a-z-]+)', text_of(page)) if name not in known]


CHECKS = {
    'links lead to files': dead_links,
    'commands that are shown exist and take their options': unknown_commands,
    'settings that are named exist': unknown_settings,
}

failed = False
print('TAP version 13')
for number, (behaviour, check) in enumerate(CHECKS.items(), start=1):
    found = [line for page in PAGES for line in check(page)]
    failed = failed or bool(found)
    print(f'{"not ok" if found else "ok"} {number} - {behaviour}')
    for line in found:
        print('#   ' + line)
print(f'1..{len(CHECKS)}')
sys.exit(failed)
