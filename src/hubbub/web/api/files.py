"""Files over HTTP: their bytes as they are, so that nothing has to be taken apart."""

import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from hubbub.core.files import SHOWN, UNKNOWN
from hubbub.core.models import FileId, FileInfo, Person
from hubbub.errors import HubbubError, Invalid, NotFound, TooLarge
from hubbub.protocol import Problem
from hubbub.web.problems import problem_response
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat
    from hubbub.service.files import Content

RANGES_MAX = 5
NAME_SENT_MAX_CHARS = 1000
BODY = {"required": True, "content": {UNKNOWN: {"schema": {"type": "string", "format": "binary"}}}}
TOO_MUCH: dict[int | str, dict[str, Any]] = {
    413: {"model": Problem, "description": "The file is too large."},
    507: {"model": Problem, "description": "The server has no more space for files."},
}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that `Range` asks for."},
    416: {"description": "There is no such part."},
}


class Bytes(FileResponse):
    """Part of a file or all of it. A browser that is made to open it runs nothing that is in it."""

    max_ranges = RANGES_MAX

    def __init__(self, content: "Content") -> None:
        shown = content.type in SHOWN
        super().__init__(
            content.path,
            media_type=content.type if shown else UNKNOWN,
            filename=content.info.name,
            content_disposition_type="inline" if shown else "attachment",
            headers={
                "Cache-Control": "private, no-store",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Resource-Policy": "same-origin",
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except RuntimeError:
            if "content-length" in self.headers:
                raise
            gone = NotFound("There is no such file, or it has been deleted.", code="file_not_found")
            await problem_response(gone)(scope, receive, send)


def files_router(chat: "Chat") -> APIRouter:
    router = api_part("files", "/files")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.post(
        "",
        status_code=201,
        response_model=FileInfo,
        response_model_exclude_none=True,
        openapi_extra={"requestBody": BODY},
        responses=TOO_MUCH,
        max_body_size=sys.maxsize,  # counted where it is written, with words about files
    )
    async def upload_file(
        request: Request,
        me: Me,
        name: Annotated[str, Query(max_length=NAME_SENT_MAX_CHARS)],
    ) -> FileInfo:
        """Takes a file, whose bytes are the body. Then its uploader may post it, once or several times; without that
        it is thrown away after a day. What it is is told by its first bytes. A picture is made anew, so that nothing
        is in it but what can be seen."""
        chat.must_go_on()
        if "content-encoding" in request.headers:
            raise Invalid("Send the bytes of the file as they are, without Content-Encoding.")
        stream = request.stream()
        try:
            return await chat.files.upload(me, name, stream, _length_of(request))
        except ClientDisconnect:
            raise Invalid("The upload broke off.") from None  # for the log: nobody is there to read it
        except HubbubError as error:
            if not isinstance(error, TooLarge):
                await _read_on(stream, chat.settings.file_max_bytes)
            raise

    @router.get("/{file}/thumbnail", response_class=FileResponse, responses=BYTES)
    async def read_thumbnail(me: Me, file: FileId) -> FileResponse:
        """A picture with at most 640 pixels a side. The file itself, if it is no larger picture, or moves."""
        return Bytes(await chat.files.content(me, file, thumbnail=True))

    @router.get("/{file}/{name}", response_class=FileResponse, responses=BYTES)
    async def read_file(me: Me, file: FileId, name: str) -> FileResponse:
        """The bytes of a file, for everybody who may read a message that holds it. The name says nothing."""
        return Bytes(await chat.files.content(me, file))

    return router


def _length_of(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _read_on(stream: AsyncIterator[bytes], limit: int) -> None:
    """A browser that is still sending when it is refused, and cut off, never reads why."""
    size = 0
    with suppress(ClientDisconnect):
        async for chunk in stream:
            size += len(chunk)
            if size > limit:
                return
