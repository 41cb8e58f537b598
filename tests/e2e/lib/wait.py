"""Waiting for a state, with a deadline; never for a time."""

import os
import time

# Under valgrind or on a busy machine everything takes longer.
SCALE = float(os.environ.get('TESTUDO_E2E_PATIENCE', '1'))


class Late(AssertionError):
    pass


def until(state, what, seconds=30, pause=0.02):
    """Returns what state() gives as soon as that is true. `what` finishes the sentence 'waited … s for'."""
    deadline = time.monotonic() + seconds * SCALE
    while True:
        value = state()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Late(f'waited {seconds * SCALE:g} s for {what}')
        time.sleep(pause)
