"""Where there is nothing."""

import httpx2
import pytest

from hubbub.testing.server import Running

PAGE = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize("path", ["/nothing", "/r/lobby/abc", "/r/lobby/1/more", "/nothing/"])
async def test_a_person_gets_a_page_and_a_way_back(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers=PAGE)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is nothing at this address." in answer.text
    assert 'href="/"' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/api/rooms/lobby/nothing"])
async def test_a_program_gets_a_problem(http: httpx2.AsyncClient, path: str) -> None:
    for headers in ({}, {"Accept": "application/json"}):
        answer = await http.get(path, headers=headers)
        words = "There is nothing at this address."
        problem = {"code": "not_found", "words": words, "retry": False, "retry_after_s": None}
        assert (answer.status_code, answer.json()) == (404, problem)


async def test_an_address_that_is_there_for_something_else_says_for_what(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/sign-out", headers=PAGE)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "There is nothing here for GET." in answer.text
    answer = await http.put("/api/guests")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


async def test_a_name_in_the_address_is_shown_to_nobody_as_html(server: Running, http: httpx2.AsyncClient) -> None:
    answer = await http.get("/<script>alert(1)</script>", headers=PAGE)
    assert "<script" not in answer.text
