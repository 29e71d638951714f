"""Pictures, good ones and bad ones, made here."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

SECRET = b"taken at 52.5163N 13.3777E"
SCRIPT = b"<script>alert(1)</script>"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), color: Any = (200, 30, 60), **options: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, color).save(made, kind, **options)
    return made.getvalue()


def with_secrets(kind: str) -> bytes:
    """A picture that lies on its side (by its EXIF), and tells where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = SECRET.decode()
    options: dict[str, Any] = {"exif": exif} if kind != "GIF" else {}
    return picture(kind, **options, **({"comment": SECRET} if kind in ("GIF", "JPEG") else {}))


def moving(kind: str, frames: int, size: tuple[int, int] = (20, 20)) -> bytes:
    made = io.BytesIO()
    every = [Image.new("RGB", size, (n % 256, 255 - n % 256, n * 7 % 256)) for n in range(frames)]
    every[0].save(made, kind, save_all=True, append_images=every[1:], duration=50, loop=0)
    return made.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """Says that it is so large, and has hardly any bytes."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND")


def text_bomb() -> bytes:
    """Its comment is 200 MB when it is unpacked."""
    whole = picture()
    packed = zlib.compress(bytes(200_000_000), 9)
    return whole[:33] + chunk(b"zTXt", b"Comment\0\0" + packed) + whole[33:]


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))
