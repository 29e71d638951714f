"""https without a proxy: pages, sockets, and a certificate that is renewed while people are connected."""

import logging
import ssl
from pathlib import Path

import httpx2
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from websockets.asyncio.client import connect

from hubbub.errors import SetupError
from hubbub.server.tls import Certificate, certificate_of
from hubbub.settings import Settings
from hubbub.testing.server import Running, serve
from tests.server.conftest import eventually


class Authority:
    """Gives out certificates for 127.0.0.1, into the same two files."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.chain, self.key = folder / "cert.pem", folder / "key.pem"
        self.renew()

    def renew(self) -> None:
        new = self.ca.issue_cert("127.0.0.1")
        new.private_key_pem.write_to_path(self.key)
        for number, part in enumerate(new.cert_chain_pems):
            part.write_to_path(self.chain, append=number > 0)

    def trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        return context

    def settings(self, folder: Path) -> Settings:
        return Settings(data=folder / "data", tls_cert=self.chain, tls_key=self.key)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def url_of(server: Running) -> str:
    return server.url.replace("http", "https")


async def served_certificate(server: Running, authority: Authority) -> bytes:
    async with connect(url_of(server).replace("https", "wss") + "/ws", ssl=authority.trust()) as socket:
        found: bytes = socket.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return found


@pytest.mark.parametrize("portable", [False, True], ids=["ours", "uvicorn's"])
async def test_a20_a_chat_is_served_by_https_and_says_that_it_always_will_be(
    tmp_path: Path, authority: Authority, portable: bool
) -> None:
    async with (
        serve(authority.settings(tmp_path), portable=portable) as server,
        httpx2.AsyncClient(verify=authority.trust(), base_url=url_of(server)) as http,
    ):
        page = await http.get("/")
        assert page.status_code == 200
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        cookie = page.headers["set-cookie"]
        assert cookie.startswith("__Host-hubbub_session=")
        assert "Secure" in cookie
        origin = {"Origin": url_of(server), "Cookie": cookie.partition(";")[0]}
        async with connect(
            url_of(server).replace("https", "wss") + "/ws", ssl=authority.trust(), additional_headers=origin
        ) as socket:
            await socket.send('{"type": "hello", "version": 1}')
            assert '"welcome"' in await socket.recv()


async def test_without_tls_nobody_is_told_to_use_it(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server, httpx2.AsyncClient() as http:
        assert "strict-transport-security" not in (await http.get(server.url)).headers


async def test_a_renewed_certificate_is_used_for_new_connections_and_ends_no_old_one(
    tmp_path: Path, authority: Authority
) -> None:
    async with serve(authority.settings(tmp_path)) as server:
        first = await served_certificate(server, authority)
        async with httpx2.AsyncClient(verify=authority.trust(), base_url=url_of(server)) as http:
            token = (await http.post("/api/guests", json={})).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        url = url_of(server).replace("https", "wss") + "/ws"
        async with connect(url, ssl=authority.trust(), additional_headers=bearer) as old:
            authority.renew()
            while await served_certificate(server, authority) == first:
                pass
            await old.send('{"type": "hello", "version": 1}')
            assert '"welcome"' in await old.recv()


def test_a_new_certificate_that_cannot_be_used_leaves_the_old_one(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = Certificate(authority.chain, authority.key)
    assert not certificate.look()
    authority.chain.write_text("half a certifi")
    with caplog.at_level(logging.ERROR):
        assert not certificate.look()
        assert not certificate.look()  # said once
    assert len(caplog.records) == 1
    assert "the old one stays" in caplog.text
    authority.renew()
    assert certificate.look()


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("missing.pem", "key.pem", "No such file or directory"),
        ("key.pem", "key.pem", ""),
        ("cert.pem", "other.pem", "key values mismatch"),
        ("cert.pem", "locked.pem", "the key is encrypted"),
    ],
)
def test_files_that_cannot_be_used_end_the_start_with_one_line(
    tmp_path: Path, authority: Authority, cert: str, key: str, words: str
) -> None:
    trustme.CA().issue_cert("127.0.0.1").private_key_pem.write_to_path(tmp_path / "other.pem")
    plain = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    form, encryption = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"a secret")
    (tmp_path / "locked.pem").write_bytes(plain.private_bytes(serialization.Encoding.PEM, form, encryption))
    with pytest.raises(SetupError) as refused:
        Certificate(tmp_path / cert, tmp_path / key)
    assert words in refused.value.words
    assert str(tmp_path / cert) in refused.value.words
    assert len(refused.value.words.splitlines()) == 1


def test_a_certificate_without_its_key_ends_the_start(authority: Authority) -> None:
    for chain, key in ((authority.chain, None), (None, authority.key)):
        with pytest.raises(SetupError, match="tls_cert and tls_key together"):
            certificate_of(chain, key)


async def test_somebody_who_speaks_plain_http_to_it_disturbs_nobody(tmp_path: Path, authority: Authority) -> None:
    async with serve(authority.settings(tmp_path)) as server:
        async with httpx2.AsyncClient() as http:
            with pytest.raises(httpx2.HTTPError):
                await http.get(server.url)
        await eventually(lambda: not server.server.server_state.connections)
        assert await served_certificate(server, authority)
