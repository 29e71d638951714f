"""Routers for the parts of the chat, and how they become one.

FastAPI can include a router in another. It then makes each route once more for each router around it, with all that it
knows of its parameters: for our 115 routes that took 0.1 s of each start and the memory twice. So the parts say
everything themselves, and their routes are put side by side.
"""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter

from hubbub.protocol import Problem
from hubbub.web.problems import ProblemRoute

BODY_MAX_BYTES = 262_144
"""Of an HTTP request: over twice the longest message, with 12 bytes for each character in its longest JSON form."""
API = "/api"

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        401: "Nobody is signed in.",
        403: "This person may not do this.",
        404: "There is no such thing.",
        409: "It contradicts what is already there.",
        422: "The request has a mistake.",
        429: "Too fast: see `retry_after_s`.",
        503: "The server cannot do it now.",
    }.items()
}


def api_part(tag: str, prefix: str = "") -> APIRouter:
    """For verbs over HTTP, below `/api` and the prefix."""
    return APIRouter(
        prefix=API + prefix,
        tags=[tag],
        route_class=ProblemRoute,
        responses=_PROBLEMS,
        max_body_size=BODY_MAX_BYTES,
    )


def page_part(**options: Any) -> APIRouter:
    """For what is not described in the schema. `options` are those of APIRouter."""
    return APIRouter(include_in_schema=False, max_body_size=BODY_MAX_BYTES, **options)


def put_side_by_side(whole: APIRouter, parts: Iterable[APIRouter]) -> None:
    """Of two routes that fit a path the first one counts."""
    for part in parts:
        whole.routes.extend(part.routes)
