"""A disk without room."""

import errno


def fill(path):
    """Writes a file there until not a byte more fits, so that nobody finds room by chance."""
    with open(path, 'ab', buffering=0) as file:
        for block in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b'x' * block)
            except OSError as full:
                assert full.errno == errno.ENOSPC, full
