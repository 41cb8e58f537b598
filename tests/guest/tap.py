"""What the tests of testudo-guest as a program share: the program run, and their report in TAP."""

import subprocess
import sys

TESTS = []


def test(behaviour):
    def add(function):
        TESTS.append((behaviour, function))
        return function
    return add


def run_program(program, *arguments):
    """(exit code, the bytes that it printed)"""
    done = subprocess.run([program, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout


def expect(said, code, out):
    assert said == (code, out), f'{said}, not {(code, out)}'


def main(missing=()):
    """A test that returns something is skipped for that reason; all are where something is missing."""
    tests = [] if missing else TESTS
    print(f'TAP version 13\n1..{len(TESTS) if not missing else "0 # SKIP no " + ", ".join(missing)}')
    failed = False
    for number, (behaviour, function) in enumerate(tests, start=1):
        skipped, why = None, ''
        try:
            skipped = function()
        except (AssertionError, OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
            why = f'{type(error).__name__}: {error}'
        failed = failed or bool(why)
        print(f'{"not ok" if why else "ok"} {number} - {behaviour}{f" # SKIP {skipped}" if skipped else ""}', flush=True)
        for line in why.splitlines():
            print('#   ' + line)
    sys.exit(failed)
