"""An MQTT broker on this machine that breaks connections, or leaves messages unconfirmed, whenever a test says so."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

_CONNECT: Final = 1
_PUBLISH: Final = 3
_PINGREQ: Final = 12
_DISCONNECT: Final = 14


@dataclass
class UnkindBroker:
    """What was told. `breaks` and `confirms` get how many events came so far, each time that one comes."""

    port: int
    breaks: Callable[[int], bool] = lambda _: False
    """Whether the connection breaks with this event, which then counts as not told."""
    confirms: Callable[[int], bool] = lambda _: True
    came: list[str] = field(default_factory=list)
    """Ids of the events of the ledger, in the order they came, with those that were not confirmed."""
    confirmed: set[str] = field(default_factory=set)
    connections: int = 0
    news: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, fits: Callable[["UnkindBroker"], bool]) -> None:
        with self.news:
            assert self.news.wait_for(lambda: fits(self), 200), (len(self.came), len(self.confirmed))

    def hears(self, topic: str, payload: bytes) -> tuple[bool, bool]:
        """Whether the connection holds, and whether the message is confirmed."""
        if not topic.endswith("/event"):
            return True, True
        with self.news:
            count = len(self.came)
            self.came.append(json.loads(payload)["id"])
            holds = not self.breaks(count)
            confirms = holds and self.confirms(count)
            if confirms:
                self.confirmed.add(self.came[-1])
            self.news.notify_all()
        return holds, confirms


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True

    def __init__(self, broker: UnkindBroker) -> None:
        self.broker = broker
        super().__init__(("127.0.0.1", broker.port), _Handler)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with suppress(ConnectionError, EOFError):
            while self.serves(*self.packet()):
                pass

    def read(self, count: int) -> bytes:
        found = self.rfile.read(count)
        if len(found) < count:
            raise EOFError
        return found

    def packet(self) -> tuple[int, bytes]:
        """The kind of the next packet, and what follows its length (MQTT 3.1.1, section 2.2)."""
        kind, size, shift, digit = self.read(1)[0] >> 4, 0, 0, 128
        while digit > 127:
            digit = self.read(1)[0]
            size, shift = size | (digit & 127) << shift, shift + 7
        return kind, self.read(size)

    def serves(self, kind: int, body: bytes) -> bool:
        """Answers a packet; False to close the connection."""
        if kind == _CONNECT:
            self.server.broker.connections += 1
            self.wfile.write(bytes((0x20, 2, 0, 0)))
        elif kind == _PUBLISH:
            topic, rest = body[2 : 2 + int.from_bytes(body[:2])], body[2 + int.from_bytes(body[:2]) :]
            holds, confirms = self.server.broker.hears(topic.decode(), rest[2:])  # all of Muster's are of QoS 1
            if confirms:
                self.wfile.write(bytes((0x40, 2)) + rest[:2])
            return holds
        elif kind == _PINGREQ:
            self.wfile.write(bytes((0xD0, 0)))
        return kind != _DISCONNECT


@contextmanager
def running(broker: UnkindBroker) -> Iterator[UnkindBroker]:
    """Serves until the block ends."""
    server = _Server(broker)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield broker
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
