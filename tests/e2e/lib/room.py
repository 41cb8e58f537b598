"""A folder for everything that one test file makes."""

import os
import tempfile

from lib.guardian import Guardian, processes_of


MEMORY = '/dev/shm'
MEMORY_LEAST = 256 << 20


def memory_if_roomy():
    """In memory nobody waits for a disk, where a store that syncs each commit otherwise does."""
    try:
        room = os.statvfs(MEMORY)
    except OSError:
        return '/tmp'
    return MEMORY if os.access(MEMORY, os.W_OK) and room.f_bavail * room.f_frsize >= MEMORY_LEAST else '/tmp'


class Room:
    def __init__(self, small):
        # Short, for the sockets in it; passable, for VMs that run under users of their own.
        self.path = tempfile.mkdtemp(prefix='tdo-', dir=memory_if_roomy() if small else '/tmp')
        os.chmod(self.path, 0o711)
        self._guardian = Guardian(self.path)

    def file(self, name, content=None):
        """The path of NAME here; written where content is given."""
        path = os.path.join(self.path, name)
        if content is not None:
            with open(path, 'wb') as out:
                out.write(content.encode() if isinstance(content, str) else content)
        return path

    def processes(self, name_prefix, holding=''):
        """Pids of this room's processes of that name with `holding` in their command line."""
        found = processes_of(self.path)
        pids = [process.pid for process in found
                if process.name.startswith(name_prefix) and any(holding in word for word in process.argv)]
        for process in found:
            process.close()
        return pids

    def close(self):
        self._guardian.release()
