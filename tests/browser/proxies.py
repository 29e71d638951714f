"""The proxies of deploy/, as they stand there but for names and ports, in front of a real chat."""

import asyncio
import os
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from hubbub.settings import Settings
from hubbub.testing.server import Running, serve

DEPLOY = Path(__file__).parents[2] / "deploy"
PATIENCE_S = 30.0
PATH = os.environ["PATH"] + os.pathsep + "/usr/sbin"


@dataclass(frozen=True)
class Site:
    """A chat behind a proxy. `url` is what people write, without a slash at the end."""

    url: str
    chat: Running
    trust: ssl.SSLContext


def nginx(folder: Path, port: int, backend: int) -> list[str]:
    location = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{backend}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    (folder / "nginx.conf").write_text(
        f"""
        daemon off; pid {folder}/nginx.pid; error_log stderr warn; worker_processes 1;
        {"user root;" if os.getuid() == 0 else ""}
        events {{ worker_connections 256; }}
        http {{
            access_log off; {" ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)}
            server {{
                listen 127.0.0.1:{port} ssl;
                ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
                {location}
            }}
        }}
        """
    )
    return ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, backend: int) -> list[str]:
    site = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{backend}")
    address = f"https://127.0.0.1:{port} {{\n\ttls {folder}/cert.pem {folder}/key.pem"
    site, places = re.subn(r"^chat\.example \{", address, site, flags=re.MULTILINE)
    assert places == 1
    options = f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {folder}/caddy\n}}\n"
    (folder / "Caddyfile").write_text(options + site)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


PROXIES: dict[str, Callable[[Path, int, int], list[str]]] = {"nginx": nginx, "caddy": caddy}


@asynccontextmanager
async def behind(proxy: str, folder: Path) -> AsyncIterator[Site]:
    """A chat under /chat, behind this proxy, with a certificate for 127.0.0.1."""
    if shutil.which(proxy, path=PATH) is None:
        pytest.skip(f"{proxy} is not installed: apt-get install {proxy}")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    port = _free_port()
    async with (
        serve(Settings(data=folder / "data", root_path="/chat")) as chat,
        _running(PROXIES[proxy](folder, port, int(chat.url.rpartition(":")[2])), folder, port),
    ):
        yield Site(f"https://127.0.0.1:{port}/chat", chat, trust)


@asynccontextmanager
async def _running(arguments: list[str], home: Path, port: int) -> AsyncIterator[None]:
    environment = os.environ | {"PATH": PATH, "HOME": str(home)}
    program = await asyncio.create_subprocess_exec(*arguments, env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await _listens(port):
                assert program.returncode is None, "the proxy has ended"
                await asyncio.sleep(0.02)
        yield
    finally:
        if program.returncode is None:
            program.terminate()
        await program.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
