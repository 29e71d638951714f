"""Errors as people and programs see them: one form on the socket and over HTTP."""

import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from hubbub.errors import HubbubError, Invalid
from hubbub.protocol import Problem

SHOWN_MAX = 3
"""Mistakes named in one answer."""


def problem_of(error: HubbubError) -> Problem:
    after = error.retry_after_s
    return Problem(
        code=error.code,
        words=error.words,
        retry=error.retry,
        retry_after_s=None if after is None else math.ceil(after * 1000) / 1000,
    )


def words_of(error: ValidationError | RequestValidationError) -> str:
    """What is wrong with the input, without repeating the input."""
    mistakes = [
        f"{'.'.join(str(part) for part in mistake['loc']) or 'frame'}: {mistake['msg'][:200]}"
        for mistake in error.errors()[:SHOWN_MAX]
    ]
    return "; ".join(mistakes)


def problem_response(error: HubbubError) -> JSONResponse:
    headers = {"Cache-Control": "no-store", **retry_after(error)}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem_of(error).model_dump(), error.status, headers)


def retry_after(error: HubbubError) -> dict[str, str]:
    """The header (RFC 9110, section 10.2.3), when the error says when to come back: never before that."""
    after = error.retry_after_s
    return {} if after is None else {"Retry-After": str(max(1, math.ceil(after)))}


class ProblemRoute(APIRoute):
    """A route whose errors are `Problem` bodies, in whatever application it is mounted."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await handler(request)
            except HubbubError as error:
                return problem_response(error)
            except RequestValidationError as error:
                return problem_response(Invalid(words_of(error)))
            except HTTPException as error:
                if error.status_code != 400:
                    raise
                return problem_response(Invalid("body: Send JSON in UTF-8."))  # FastAPI could not make text of it
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return handle
