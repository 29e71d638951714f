"""What an uploaded file is, by its first bytes and never by what somebody says of it; and how it may be called."""

import re
import unicodedata

SNIFF_BYTES = 512
"""So much of a file's beginning is enough to tell what it is."""
NAME_MAX_CHARS = 120
FILES_MAX = 10
"""Of one message."""
UNKNOWN = "application/octet-stream"
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
SHOWN = PICTURES | {"video/mp4", "video/webm", "video/ogg", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav"}
"""What a browser may show or play; everything else it is made to save."""

_MAGIC = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
]
_MP4_BRANDS = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash", b"MSNV"}
_NOT_IN_NAMES = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
"""Among them the marks that turn the direction of writing, by which "exe.gpj" could look like a picture."""
_RESERVED = re.compile(r'[\\/:*?"<>|]')
"""Would lead somewhere else, or cannot be saved everywhere."""


def sniff(head: bytes) -> str:
    """The media type of a file that begins so; UNKNOWN for everything that nobody needs to see in place."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else UNKNOWN
    if head[:4] == b"OggS":
        return "video/ogg" if b"theora" in head else "audio/ogg"
    return "audio/mpeg" if _is_mpeg_audio(head) else UNKNOWN


def clean_file_name(name: str) -> str:
    """A name that leads nowhere and shows what it is: without folders, invisible signs and what file systems reserve.
    "file" when nothing is left."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(c for c in name if unicodedata.category(c) not in _NOT_IN_NAMES)
    name = " ".join(_RESERVED.sub("_", name).split()).strip(". ")
    if len(name) > NAME_MAX_CHARS:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 10 else ""
        name = (stem if ending else name)[: NAME_MAX_CHARS - len(ending)].rstrip(". ") + ending
    return name or "file"


def size_of(size: int) -> str:
    """For a person: "13 bytes", "300 kB", "2.5 MB"."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    if size < 1_000_000:
        return f"{size // 1000} kB"
    return f"{size // 100_000 / 10:g} MB" if size < 10_000_000 else f"{size // 1_000_000} MB"


def _of_brand(brand: bytes) -> str:
    """ISO base media (ISO/IEC 14496-12): the brand says what is in it. HEIC and AVIF pictures are none that we show."""
    if brand in (b"M4A ", b"M4B "):
        return "audio/mp4"
    return "video/mp4" if brand in _MP4_BRANDS else UNKNOWN


def _is_mpeg_audio(head: bytes) -> bool:
    """A frame of MPEG audio, layer III, with a bit rate and a sampling rate that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[1] & 0x18 != 0x08 and head[2] >> 4 not in (0, 15) and head[2] & 0x0C != 0x0C
