"""Server-sent events out of a stream of bytes, as far as MEV-Share needs them.

Fields other than `data` are skipped: the service sends no ids and no types. Comments are its
heartbeat; to whoever reads the bytes, any bytes are.
"""

from typing import Final

from searcher.errors import WireError

MAX_EVENT_BYTES: Final = 2**20
"""Of one event: hints are a few kB."""

_DATA: Final = b"data"


class EventParser:
    """Takes the bytes as they come and remembers an event that is not complete yet."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of every event that these bytes complete.

        Raises:
            WireError: an event exceeds its limit.
        """
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        events = []
        for line in lines:
            content = line.removesuffix(b"\r")
            if content:
                self._take(content)
            elif self._data:
                events.append(b"\n".join(self._data))
                self._data, self._size = [], 0
        if len(self._rest) + self._size > MAX_EVENT_BYTES:
            raise WireError("event", f"exceeds {MAX_EVENT_BYTES} bytes")
        return events

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == _DATA:
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)
