"""Fetches pages of other servers, in the name of nobody: without cookies, and never from our own network.

Each name is resolved once, all its addresses must be public, and the connection goes to one of those: a name that
resolves to another address a moment later changes nothing (DNS rebinding). Each redirect is judged anew.
"""

import asyncio
import socket
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import httpx2

from hubbub.core.previews import PORTS, Page, host_of, is_public

TIME_MAX_S = 3.0
BYTES_MAX = 524_288
REDIRECTS_MAX = 3
HEADERS = {
    "User-Agent": "Hubbub (link preview)",
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Encoding": "identity",  # nothing is unpacked
}


async def fetch(url: str, *, may_ask: Callable[[str], bool] = is_public, ports: dict[str, int] = PORTS) -> Page | None:
    """None, whatever the reason: whoever asks learns nothing of a network. `may_ask` judges IP addresses."""
    try:
        async with asyncio.timeout(TIME_MAX_S), httpx2.AsyncClient(trust_env=False, timeout=TIME_MAX_S) as client:
            for _ in range(REDIRECTS_MAX + 1):
                found = await _ask(client, url, may_ask, ports)
                if not isinstance(found, str):
                    return found
                url = urljoin(url, found)
    except (OSError, TimeoutError, ValueError, httpx2.HTTPError, httpx2.InvalidURL):
        pass
    return None


async def _ask(
    client: httpx2.AsyncClient, url: str, may_ask: Callable[[str], bool], ports: dict[str, int]
) -> Page | str | None:
    """A page, or where it is instead."""
    if (host := host_of(url, ports)) is None or (address := await _address_of(*host, may_ask)) is None:
        return None
    name, port = host
    parts = urlsplit(url)
    at = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{at}:{port}", fragment="").geturl()
    request = client.build_request(
        "GET",
        target,
        headers=HEADERS | {"Host": parts.netloc},
        extensions={"sni_hostname": name},  # the certificate is that of the name
    )
    answer = await client.send(request, stream=True)
    try:
        if answer.is_redirect:
            return answer.headers.get("location", "")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        encoded = answer.headers.get("content-encoding", "identity").lower() != "identity"
        if answer.status_code != 200 or kind not in ("text/html", "application/xhtml+xml") or encoded:
            return None
        return Page(url, (await _beginning_of(answer)).decode(answer.charset_encoding or "utf-8", "replace"))
    finally:
        await answer.aclose()


async def _beginning_of(answer: httpx2.Response) -> bytes:
    """A page's head stands at its beginning; more than BYTES_MAX is not read."""
    content = bytearray()
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) >= BYTES_MAX:
            break
    return bytes(content[:BYTES_MAX])


async def _address_of(name: str, port: int, may_ask: Callable[[str], bool]) -> str | None:
    """None when only one of its addresses may not be asked."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    return addresses[0] if addresses and all(may_ask(address) for address in addresses) else None
