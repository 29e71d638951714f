"""A WebSocket client that does what a case of the Autobahn suite says, also what is forbidden."""

import asyncio
import secrets
import types
from collections.abc import Callable
from typing import Any

from websockets.frames import Opcode
from websockets.utils import apply_mask

from tests.conformance.cases import Constants
from tests.server.test_stalling import UPGRADE

IN_A_FRAME_S = 0.3
"""In the middle of a frame nothing can be asked: there the server has this long to be faster than it must be."""
BARRIER = b"have you read everything?"


class Peer(Constants):
    """The names in mixed case are those by which the cases know it."""

    autoFragmentSize = 0  # noqa: N815
    createWirelog = False  # noqa: N815
    factory = types.SimpleNamespace(isServer=False)

    def __init__(self, case: Any, patience_s: float) -> None:
        """The cases give a server one second, which is too short on a busy machine."""
        self.state = self.STATE_CONNECTING
        self.connectionWasOpen = self.closedByMe = self.droppedByMe = self.wasClean = False
        self.remoteCloseCode: int | None = None
        self.localCloseReason: str | None = None
        self.txFrameStats: dict[int, int] = {}
        self.case = case(self)
        self._patience_s = patience_s
        self._send: asyncio.Queue[bytes] = asyncio.Queue()
        self._message: tuple[int, bytes] = (0, b"")
        self._afterwards: Callable[[], None] | None = None
        self._closes = False
        self._in_a_frame = False

    async def run(self, port: int) -> tuple[str, str]:
        """Returns how the case went, and how the connection ended, in the suite's words."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        self.state = self.STATE_OPEN
        self.connectionWasOpen = True
        writing = asyncio.create_task(self._write(writer))
        try:
            self.case.onOpen()
            async with asyncio.timeout(self._patience_s):
                await self._read(reader)
        except TimeoutError:
            self.droppedByMe = True
        finally:
            self.state = self.STATE_CLOSED
            writing.cancel()
            writer.transport.abort()
        self.case.onConnectionLost(self.droppedByMe)
        return self.case.behavior, self.case.behaviorClose

    # What the cases call -------------------------------------------------------------------------------------

    def sendFrame(  # noqa: N802
        self,
        opcode: int,
        payload: str = "",
        fin: bool = True,
        rsv: int = 0,
        payload_len: int | None = None,
        chopsize: int | None = None,
        sync: bool = False,
    ) -> None:
        self.txFrameStats[opcode] = self.txFrameStats.get(opcode, 0) + 1
        data = payload.encode("latin-1")
        if payload_len:
            data = (data * (payload_len // len(data) + 1))[:payload_len]
        self._put(head(opcode, len(data), fin, rsv) + masked(data), chopsize)

    def sendMessage(self, payload: str, isBinary: bool = False, fragmentSize: int = 0) -> None:  # noqa: N802, N803
        size = fragmentSize or self.autoFragmentSize or max(1, len(payload))
        parts = [payload[at : at + size] for at in range(0, len(payload), size)] or [""]
        for number, part in enumerate(parts, 1):
            opcode = 0 if number > 1 else Opcode.BINARY if isBinary else Opcode.TEXT
            self.sendFrame(opcode, part, fin=number == len(parts))

    def beginMessage(self) -> None:  # noqa: N802
        """A text in pieces of frames."""

    def beginMessageFrame(self, length: int) -> None:  # noqa: N802
        self._in_a_frame = True
        self._put(head(Opcode.TEXT, length, fin=False) + bytes(4))

    def sendMessageFrameData(self, data: str) -> None:  # noqa: N802
        self._put(data.encode("latin-1"))

    def endMessage(self) -> None:  # noqa: N802
        self._in_a_frame = False
        self.sendFrame(Opcode.CONT)

    def sendClose(self, code: int | None = None, reason: str | None = None) -> None:  # noqa: N802
        self.sendCloseFrame(code, reason)

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: str | None = None) -> None:  # noqa: N802, N803
        if self.state == self.STATE_OPEN:
            self.closedByMe = True
            self.localCloseReason = reasonUtf8
            payload = b"" if code is None else code.to_bytes(2) + (reasonUtf8 or "").encode("latin-1")
            self.sendFrame(Opcode.CLOSE, payload.decode("latin-1"))
            self.state = self.STATE_CLOSING

    def killAfter(self, delay_s: float) -> None:  # noqa: N802
        """That is what the patience is for."""

    def closeAfter(self, delay_s: float) -> None:  # noqa: N802
        self._when_all_is_read(self._close_when_done)

    def continueLater(self, delay_s: float, go_on: Callable[[], None], tag: str = "") -> None:  # noqa: N802
        if self._in_a_frame:
            asyncio.get_running_loop().call_later(IN_A_FRAME_S, go_on)
        else:
            self._when_all_is_read(go_on)

    def _when_all_is_read(self, do: Callable[[], None]) -> None:
        """The cases wait a second. To ask is surer."""
        self._afterwards = do
        self._put(head(Opcode.PING, len(BARRIER)) + masked(BARRIER))

    def _close_when_done(self) -> None:
        """Pongs do not wait for the application, so its answers may still be on their way."""
        self._closes = True
        if self.case.received in self.case.expected.values():
            self.sendClose()

    # The wire ------------------------------------------------------------------------------------------------

    def _put(self, data: bytes, piece: int | None = None) -> None:
        size = piece or max(1, len(data))
        for at in range(0, len(data), size):
            self._send.put_nowait(data[at : at + size])

    async def _write(self, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(await self._send.get())
            await asyncio.sleep(0)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Until the server hangs up."""
        try:
            while True:
                first, length = await reader.readexactly(2)
                assert length < 128, "a server masks nothing"
                if length > 125:
                    length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
                self._take(first, await reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    def _take(self, first: int, data: bytes) -> None:
        opcode, text = first & 15, data.decode("latin-1")
        if opcode == Opcode.CLOSE:
            self.remoteCloseCode = int.from_bytes(data[:2]) if data else None
            self.wasClean = True
            if self.state == self.STATE_OPEN:
                self.sendFrame(opcode, text[:2])
                self.state = self.STATE_CLOSING
            self.case.onClose(True, self.remoteCloseCode, text[2:])
        elif opcode == Opcode.PONG and data == BARRIER:
            do, self._afterwards = self._afterwards, None
            if do and self.state == self.STATE_OPEN:
                do()
        elif opcode == Opcode.PONG:
            self.case.onPong(text)
        elif opcode == Opcode.PING:
            self.case.onPing(text)
        else:
            begun, before = self._message if opcode == Opcode.CONT else (opcode, b"")
            self._message = (begun, before + data)
            if first & 128 and self.state == self.STATE_OPEN:
                self.case.onMessage(self._message[1].decode("latin-1"), begun == Opcode.BINARY)
        if self._closes:
            self._close_when_done()


def head(opcode: int, length: int, fin: bool = True, rsv: int = 0) -> bytes:
    """The first bytes of a client's frame, up to its mask."""
    first = bytes([fin << 7 | rsv << 4 | opcode])
    if length < 126:
        return first + bytes([128 | length])
    return first + (b"\xfe" + length.to_bytes(2) if length < 65_536 else b"\xff" + length.to_bytes(8))


def masked(data: bytes) -> bytes:
    """The mask and the masked bytes."""
    mask = secrets.token_bytes(4)
    return mask + apply_mask(data, mask)
