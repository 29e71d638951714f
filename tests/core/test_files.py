"""What a file is, by its first bytes; and how it may be called."""

import pytest

from hubbub.core.files import NAME_MAX_CHARS, SHOWN, UNKNOWN, clean_file_name, size_of, sniff

HEADS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff\xe0": "image/jpeg",
    b"GIF89a": "image/gif",
    b"RIFF\0\0\0\0WEBPVP8 ": "image/webp",
    b"RIFF\0\0\0\0WAVEfmt ": "audio/wav",
    b"RIFF\0\0\0\0AVI LIST": UNKNOWN,
    b"\0\0\0\x20ftypisom\0\0\2\0": "video/mp4",
    b"\0\0\0\x20ftypM4A \0\0\2\0": "audio/mp4",
    b"\0\0\0\x20ftypheic\0\0\0\0": UNKNOWN,
    b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86\x81\x01B\x82\x84webm": "video/webm",
    b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86\x81\x01B\x82\x88matroska": UNKNOWN,
    b"OggS\0\2" + bytes(20) + b"\x80theora": "video/ogg",
    b"OggS\0\2" + bytes(20) + b"OpusHead": "audio/ogg",
    b"ID3\4": "audio/mpeg",
    b"\xff\xfb\x90\x00": "audio/mpeg",
    b"\xff\xff\xff\xff": UNKNOWN,
    b"\xff\xfe\x41\x00": UNKNOWN,
    b"<!doctype html><script>": UNKNOWN,
    b"<svg xmlns=": UNKNOWN,
    b"%PDF-1.7": UNKNOWN,
    b"II*\0": UNKNOWN,
    b"8BPS": UNKNOWN,
    b"\0\0\1\0": UNKNOWN,
    b"%!PS-Adobe-3.0 EPSF-3.0": UNKNOWN,
    b"PK\3\4": UNKNOWN,
    b"": UNKNOWN,
}
NAMES = {
    "holiday.jpg": "holiday.jpg",
    "../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "C:\\Users\\ann\\plan.txt": "plan.txt",
    "..": "file",
    "": "file",
    ".bashrc": "bashrc",
    "con:aux|<b>.txt": "con_aux__b_.txt",
    'a"; filename="evil.html': "a_; filename=_evil.html",
    "a\r\nSet-Cookie: x=1.txt": "aSet-Cookie_ x=1.txt",
    "photo\u202egpj.exe": "photogpj.exe",
    "zero\0.txt": "zero.txt",
    "  many   blanks .txt ": "many blanks .txt",
    "trailing. . .": "trailing",
    "u\u0308ber.png": "über.png",
    "日本語.png": "日本語.png",
    "🎉.gif": "🎉.gif",
}


@pytest.mark.parametrize(("head", "kind"), HEADS.items())
def test_the_first_bytes_say_what_a_file_is(head: bytes, kind: str) -> None:
    assert sniff(head) == kind
    assert kind in SHOWN or kind == UNKNOWN


@pytest.mark.parametrize(("name", "clean"), NAMES.items())
def test_a_name_leads_nowhere_and_hides_nothing(name: str, clean: str) -> None:
    assert clean_file_name(name) == clean
    assert clean_file_name(clean) == clean


def test_a_long_name_keeps_its_ending() -> None:
    assert clean_file_name("a" * 500 + ".tar.gz") == "a" * (NAME_MAX_CHARS - 3) + ".gz"
    assert clean_file_name("b" * 500) == "b" * NAME_MAX_CHARS
    assert clean_file_name("c." + "d" * 500) == "c." + "d" * (NAME_MAX_CHARS - 2)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (25_000_000, "25 MB"),
        (2_590_000, "2.5 MB"),
        (2_000_000, "2 MB"),
        (999_999, "999 kB"),
        (13, "13 bytes"),
        (1, "1 byte"),
    ],
)
def test_sizes_are_said_as_people_read_them(size: int, words: str) -> None:
    assert size_of(size) == words
