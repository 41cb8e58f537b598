"""testudod as a service: what it tells the service manager, and when (sd_notify(3))."""

import os
import socket

from lib.suite import Suite

suite = Suite(start=False, chained=True)


def manager(t, name):
    """A socket as systemd gives one to a service."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.settimeout(30)
    listener.bind(name if name.startswith('\0') else t.room.file(name))
    return listener


def begins_and_ends(t, listener, variable):
    daemon = t.new_daemon()
    daemon.start(environment={'NOTIFY_SOCKET': variable})
    assert listener.recv(256) == b'READY=1'
    listener.setblocking(False)
    try:
        raise AssertionError(f'more was said while it runs: {listener.recv(256)}')
    except BlockingIOError:
        pass
    listener.settimeout(30)
    daemon.stop()
    assert listener.recv(256) == b'STOPPING=1'


@suite.test('READY=1 when it serves, STOPPING=1 when it is asked to end')
def _(t):
    with manager(t, 'notify') as listener:
        begins_and_ends(t, listener, t.room.file('notify'))


@suite.test('a manager at an abstract address hears the same')
def _(t):
    name = f'testudo-test-{os.getpid()}'
    with manager(t, '\0' + name) as listener:
        begins_and_ends(t, listener, '@' + name)


@suite.test('a daemon that cannot start never says that it is ready')
def _(t):
    with manager(t, 'other') as listener:
        daemon = t.new_daemon(options=['--location', 'Not A Name'])
        try:
            daemon.start(environment={'NOTIFY_SOCKET': t.room.file('other')})
            raise AssertionError('it started')
        except AssertionError as ended:
            assert getattr(ended, 'code', None) == 2, ended
        listener.setblocking(False)
        try:
            raise AssertionError(f'it said {listener.recv(256)}')
        except BlockingIOError:
            pass


@suite.test('a manager that does not listen is no trouble')
def _(t):
    daemon = t.new_daemon()
    daemon.start(environment={'NOTIFY_SOCKET': t.room.file('nobody')})
    daemon.stop()


suite.main()
