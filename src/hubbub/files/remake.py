"""Makes a picture anew, without anything but its pixels: `python remake.py SOURCE FORMAT TARGET THUMBNAIL`.

A program of its own, which imports nothing of Hubbub: whatever a picture does to the decoder happens here, with little
memory, little time and no rights to more. Prints one line of JSON: `width`, `height` and `thumbnail` (whether one was
made), or `problem` and what is wrong in `words`.
"""

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

MEMORY_BYTES = 1024 * 1024 * 1024
"""Of addresses; a WebP of PIXELS_MAX needs nearly all of it."""
CPU_S = 20
WRITTEN_MAX_BYTES = 128 * 1024 * 1024
PIXELS_MAX = 25_000_000
FRAMES_MAX = 100
MOVING_PIXELS_MAX = 60_000_000
"""In all frames together."""
THUMBNAIL_PX = 640
FORMATS = ["PNG", "JPEG", "GIF", "WEBP"]


class NotTaken(Exception):
    """With a code and words."""


def main(source: str, kind: str, target: str, thumbnail: str) -> None:
    _limit_oneself()
    try:
        answer = remake(source, kind, target, thumbnail)
    except NotTaken as error:
        answer = {"problem": error.args[0], "words": error.args[1]}
    except Exception:  # whatever a decoder does with what it was given
        words = "This picture cannot be read; it may be damaged. Save it anew, or send it in an archive."
        answer = {"problem": "bad_picture", "words": words}
    sys.stdout.write(json.dumps(answer))


def remake(source: str, kind: str, target: str, thumbnail: str) -> dict[str, Any]:
    """`kind` is what the first bytes say: nothing else is tried."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # we look ourselves, and say how many there may be
    with Image.open(source, formats=[kind] if kind in FORMATS else []) as picture:
        frames = _frames_of(picture)
        if frames == 1:
            still = _upright(picture)
            width, height = still.size
            _save(still, kind, target)
            return {"width": width, "height": height, "thumbnail": _make_thumbnail(still, thumbnail)}
        _save_moving(picture, kind, target)
        return {"width": picture.width, "height": picture.height, "thumbnail": False}


def _frames_of(picture: Any) -> int:
    """How many frames it has: looked at before anything is decoded."""
    pixels = picture.width * picture.height
    if pixels > PIXELS_MAX:
        words = f"A picture has at most {PIXELS_MAX // 1_000_000} million pixels; this one has {pixels / 1e6:,.0f}."
        raise NotTaken("picture_too_large", f"{words} Make it smaller.")
    if not getattr(picture, "is_animated", False) or picture.format not in ("GIF", "WEBP"):
        return 1
    frames = 1
    with suppress(EOFError):  # n_frames would read all of them, however many
        while frames <= FRAMES_MAX and frames * pixels <= MOVING_PIXELS_MAX:
            picture.seek(frames)
            frames += 1
    picture.seek(0)
    if frames > FRAMES_MAX or frames * pixels > MOVING_PIXELS_MAX:
        words = f"A moving picture has at most {FRAMES_MAX} frames, and {MOVING_PIXELS_MAX // 1_000_000} million pixels"
        raise NotTaken("picture_too_large", f"{words} in all. Make it shorter or smaller, or send it as a video.")
    return frames


def _upright(picture: Any) -> Any:
    from PIL import ImageOps

    return ImageOps.exif_transpose(_plain(picture))


def _plain(frame: Any) -> Any:
    """One frame in colours that every screen knows."""
    if frame.mode.startswith("I"):
        frame = frame.point(lambda value: value * (1 / 256)).convert("L")
    see_through = "A" in frame.mode or "transparency" in frame.info
    profile, exif = frame.info.get("icc_profile"), frame.getexif()
    mode = "RGBA" if see_through else "L" if frame.mode in ("1", "L") else "RGB"
    plain = _in_srgb(frame, profile, mode) if profile else None
    plain = plain or frame.convert(mode)
    plain.info = {"exif": exif.tobytes()} if exif else {}
    return plain


def _in_srgb(frame: Any, profile: bytes, mode: str) -> Any:
    """The colours that a profile describes, as the web has them; None when it makes no sense."""
    from PIL import ImageCms

    if frame.mode in ("P", "PA", "1", "LA"):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(frame, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, ValueError):
        return None


def _save(picture: Any, kind: str, target: str) -> None:
    picture.info = {}
    options: dict[str, Any] = {"JPEG": {"quality": 90, "progressive": True}, "WEBP": {"quality": 90, "method": 2}}.get(
        kind, {}
    )
    if kind == "GIF":
        picture = picture.quantize() if picture.mode == "RGBA" else picture
    picture.save(target, kind, **options)


def _save_moving(picture: Any, kind: str, target: str) -> None:
    durations, loop = [], picture.info.get("loop")

    def frames() -> Iterator[Any]:
        for number in range(FRAMES_MAX):
            try:
                picture.seek(number)
            except EOFError:
                return
            durations.append(int(picture.info.get("duration", 0)))
            frame = picture.convert("RGBA")
            frame.info = {}
            yield frame

    every = frames()
    first = next(every)
    rest = list(every)
    options: dict[str, Any] = {"quality": 80, "method": 2} if kind == "WEBP" else {"disposal": 2}
    if loop is not None:
        options["loop"] = int(loop)
    first.save(target, kind, save_all=True, append_images=rest, duration=durations, **options)


def _make_thumbnail(picture: Any, thumbnail: str) -> bool:
    if max(picture.size) <= THUMBNAIL_PX:
        return False
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    picture.save(thumbnail, "WEBP", quality=80)
    return True


def _limit_oneself() -> None:
    with suppress(ImportError, ValueError, OSError):  # not a POSIX system, or one that has no such limit
        import resource

        os.nice(10)  # people who chat come first
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN_MAX_BYTES, WRITTEN_MAX_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main(*sys.argv[1:])
