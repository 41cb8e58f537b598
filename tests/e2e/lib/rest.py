"""HTTP over the Unix socket and HTTPS with the daemon's own CA: one connection per request."""

import http.client
import json
import socket
import ssl
from urllib.parse import urlsplit

from lib.wait import SCALE

# The daemon itself waits for a guest's answer, 90 s at most.
TIMEOUT_S = 120 * SCALE


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=TIMEOUT_S)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Answer:
    def __init__(self, status, headers, content):
        self.status = status
        self.headers = headers          # names matched without regard to case
        self.content = content

    @property
    def body(self):
        return json.loads(self.content) if self.content else None

    @property
    def error(self):
        """{'code':…, 'message':…, 'target':…, 'details':…} of an ARM error body."""
        return self.body['error']

    def expect(self, *statuses):
        assert self.status in statuses, f'HTTP {self.status}, not {statuses}: {self.content[:2000]!r}'
        return self

    def expect_error(self, status, code):
        self.expect(status)
        assert self.error['code'] == code, f'error code {self.error["code"]}, not {code}: {self.error["message"]}'
        assert self.error['message'], 'an error without a message'
        return self.error


class Rest:
    def __init__(self, connect, headers):
        self._connect = connect
        self._headers = headers

    @classmethod
    def over_socket(cls, path):
        return cls(lambda: _SocketConnection(path), {})

    @classmethod
    def over_https(cls, host, port, ca_file, token):
        context = ssl.create_default_context(cafile=ca_file)
        return cls(lambda: http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context),
                   {'Authorization': f'Bearer {token}'} if token else {})

    def call(self, method, target, body=None, headers=None, raw=None):
        """`body` is sent as JSON, `raw` as it is. An absolute address is asked for here, whatever host it names."""
        parts = urlsplit(target)
        target = parts.path + ('?' + parts.query if parts.query else '')
        content = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        send = {**self._headers, **({'Content-Type': 'application/json'} if content else {}), **(headers or {})}
        connection = self._connect()
        try:
            connection.request(method, target, content, send)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
