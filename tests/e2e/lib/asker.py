"""A client that asks every instance's service over and over, from outside, through host ports, and what its log says."""

import select
import socket
import threading
import time
from collections import namedtuple
from http.client import HTTPException

from lib.wait import until

GUEST_PORT = 8080
REQUEST = b'GET /health HTTP/1.1\r\nHost: guest\r\n\r\n'
PATIENCE_S = 30     # a slow answer is an answer
# The forwarded port takes a connection before the guest is there to, and hands it on at longer and longer intervals: another
# connection hears sooner of who answers, while the former ones are listened to.
AGAIN_S = 2
PAUSE_S = 0.4       # each answer is a process in an emulated guest, which has other things to do

Ask = namedtuple('Ask', 'began ended boot')     # boot: which boot of the guest answered well; None: there was no good answer


def _said_well(content):
    """The id of the boot that answered that it is well; None: it did not."""
    head, _, body = content.decode(errors='replace').partition('\r\n\r\n')
    status, *headers = head.split('\r\n')
    boots = [value for name, _, value in (header.partition(': ') for header in headers) if name == 'Boot-Id']
    return boots[0] if boots and status.split()[1:2] == ['200'] and '"Healthy"' in body else None


def _heard(connections, seconds):
    """Reads what comes within that time: the first whole answer; None: none has come. Those that broke off are dropped."""
    end = time.monotonic() + seconds
    while connections and (left := end - time.monotonic()) > 0:
        for connection in select.select(list(connections), [], [], left)[0]:
            try:
                chunk = connection.recv(4096)
            except OSError:
                chunk = None
            if chunk:
                connections[connection] += chunk
                continue
            connection.close()
            content = connections.pop(connection)
            if chunk is not None and content:
                return content
    return None


def _well_boot(address):
    """The id of the boot that answers that it is well; None: nobody does."""
    connections = {}    # to what each has said
    end = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < end:
            try:
                connection = socket.create_connection(address, timeout=AGAIN_S)
                connections[connection] = b''
                connection.sendall(REQUEST)
            except OSError:
                pass
            content = _heard(connections, AGAIN_S)
            if content:
                return _said_well(content)
            if not connections:
                return None
        return None
    finally:
        for connection in connections:
            connection.close()


def spans_of(asks):
    """When an instance was well: from the end of a good answer to the beginning of the last good one of the same boot before
    a bad one. An ask may wait through a restart and be answered by the next boot."""
    spans = []
    first = last = None
    for ask in [*asks, Ask(0, 0, None)]:
        if first and ask.boot != first.boot:
            spans.append((first.ended, last.began))
            first = None
        if ask.boot:
            first, last = first or ask, ask
    return [(since, end) for since, end in spans if since < end]


def fewest_well(log, since, end):
    """The fewest instances that were well at one moment from `since` to `end`, and when that was first."""
    steps = sorted((at, by) for asks in log.values() for span in spans_of(asks)
                   for at, by in ((max(span[0], since), 1), (span[1], -1)) if span[1] > since)
    well = sum(by for at, by in steps if at <= since)
    fewest = (well, since)
    for at, by in steps:
        if since < at < end:
            well += by
            fewest = min(fewest, (well, at))
    return fewest


class Asker:
    """Asks from start() to stop(). An instance is asked from the moment when the list of instances has it with a port."""

    def __init__(self, t, set_name):
        self.arm = t.new_arm()
        self.set = self.arm.set(set_name)
        self.log = {}               # instance id -> [Ask]
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._here = {}             # instance id -> address
        self._threads = []

    def start(self):
        self._spawn(self._look)
        return self

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _spawn(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _ports(self):
        """Where each instance's service is reached now; None while the daemon cannot say."""
        found = {}
        try:
            listed = self.arm.get(self.set + '/virtualMachines').body.get('value', [])
            for instance in listed:
                rows = self.arm.post(f"{self.set}/virtualMachines/{instance['instanceId']}/connectionInfo").body.get('value', [])
                found.update({instance['instanceId']: (row['address'], row['port']) for row in rows
                              if row['guestPort'] == GUEST_PORT})
        except (OSError, HTTPException):
            return None
        return found

    def _look(self):
        while not self._over.wait(PAUSE_S):
            ports = self._ports()
            if ports is None:
                continue
            with self._lock:
                # A port may be another instance's later on.
                self._here = ports
                for number in ports.keys() - self.log.keys():
                    self.log[number] = []
                    self._spawn(self._ask, number)

    def _ask(self, number):
        while not self._over.is_set():
            with self._lock:
                address = self._here.get(number)
            began = time.monotonic()
            boot = _well_boot(address) if address else None
            with self._lock:
                self.log[number].append(Ask(began, time.monotonic(), boot))
            self._over.wait(PAUSE_S)

    # ---- what it saw ----

    def begin(self):
        """A moment at which every instance of the list has answered well: what is looked at may begin with it."""
        self._all_answer_after(time.monotonic())
        return time.monotonic()

    def end(self):
        """The moment of the call, once every instance of the list has answered well after it: it may end with it."""
        moment = time.monotonic()
        self._all_answer_after(moment)
        return moment

    def _all_answer_after(self, moment):
        until(lambda: all(self._answers_after(number, moment) for number in self._listed()),
              'every instance to answer the client', 120, 0.1)

    def _listed(self):
        return [instance['instanceId'] for instance in self.arm.get(self.set + '/virtualMachines').expect(200).body['value']]

    def _answers_after(self, number, moment):
        with self._lock:
            return any(ask.began >= moment and ask.boot for ask in self.log.get(number, []))

    def fewest(self, since, end):
        with self._lock:
            return fewest_well({number: list(asks) for number, asks in self.log.items()}, since, end)

    def summary(self, since, end):
        """'instance 0: 41 asked, 38 well; …', for people."""
        with self._lock:
            asked = {number: [ask for ask in asks if since <= ask.began <= end] for number, asks in self.log.items()}
        return '; '.join(f'instance {number}: {len(asks)} asked, {sum(ask.boot is not None for ask in asks)} well'
                         for number, asks in sorted(asked.items()) if asks)

    def lines(self, since, end):
        """Every ask of that time, as instance, seconds from `since` to its begin and end, + and the boot's id or -."""
        with self._lock:
            return ' '.join(f'{number}:{ask.began - since:.1f}-{ask.ended - since:.1f}{"+" + ask.boot[:4] if ask.boot else "-"}'
                            for number, asks in sorted(self.log.items()) for ask in asks if since <= ask.began <= end)
