"""What the program answers where it has nothing: a page for people, a `Problem` for programs."""

from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from hubbub.core.models import Place
from hubbub.errors import HubbubError, Invalid, MethodNotAllowed, NotFound
from hubbub.web.page import problem_page
from hubbub.web.problems import problem_response, words_of


def add_lost_pages(app: FastAPI, place: Callable[[], Place]) -> None:
    """An application that mounts the chat has its own."""

    def answer(request: Request, error: HubbubError) -> Response:
        is_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
        return problem_page(request, place().name, error) if is_page else problem_response(error)

    async def nothing_here(request: Request, _: Exception) -> Response:
        return answer(request, NotFound("There is nothing at this address."))

    async def nothing_for_this_method(request: Request, error: Exception) -> Response:
        response = answer(request, MethodNotAllowed(f"There is nothing here for {request.method}."))
        response.headers.update(getattr(error, "headers", None) or {})  # Allow
        return response

    async def no_such_address(request: Request, error: Exception) -> Response:
        """A part of the path is not what it has to be."""
        assert isinstance(error, RequestValidationError)
        in_path = all(mistake["loc"][:1] == ("path",) for mistake in error.errors())
        return await nothing_here(request, error) if in_path else answer(request, Invalid(words_of(error)))

    app.add_exception_handler(404, nothing_here)
    app.add_exception_handler(405, nothing_for_this_method)
    app.add_exception_handler(RequestValidationError, no_such_address)
