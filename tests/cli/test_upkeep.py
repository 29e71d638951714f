"""doctor, backup and restore, as somebody at a terminal has them."""

import asyncio
import resource
import signal
import sqlite3
import sys
from contextlib import closing

import httpx2
import pytest

from hubbub.cli.doctor import check_settings
from hubbub.settings import Settings
from hubbub.testing.people import PATIENCE_S, Guest, Refused
from tests.cli.conftest import Check, Terminal

PORT = ("--port", "0")


async def test_a_backup_under_load_has_everything_that_was_acknowledged_before(terminal: Terminal) -> None:
    terminal.environment |= {"HUBBUB_POSTS_PER_SECOND": "100000", "HUBBUB_POSTS_BURST": "100000"}
    terminal.environment |= {"HUBBUB_COMMANDS_PER_SECOND": "100000", "HUBBUB_COMMANDS_BURST": "100000"}
    _, url = await terminal.serve(*PORT)
    async with Guest.arrives(url, "Ann") as ann:
        writing = asyncio.create_task(_writes(ann))
        await ann.waits_until(lambda: len(ann.texts()) >= 50)
        before = ann.cursors["lobby"]
        ended = await terminal.run("backup", "copy.db")
        writing.cancel()
        await asyncio.wait([writing])
    assert (ended.code, ended.err) == (0, "")
    assert "copy.db has everything" in ended.out
    with closing(sqlite3.connect(terminal.folder / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [last] = copy.execute("SELECT max(seq) FROM event WHERE room = 'lobby'").fetchone()
        texts = [row[0] for row in copy.execute("SELECT text FROM message ORDER BY seq")]
    assert last >= before
    assert texts == [f"m{number}" for number in range(len(texts))]


async def _writes(guest: Guest) -> None:
    number = 0
    while True:
        await guest.says(f"m{number}")
        number += 1


async def test_who_comes_back_from_beyond_the_backup_is_reset_and_sees_no_mixed_history(terminal: Terminal) -> None:
    server, url = await terminal.serve(*PORT)
    ann = await Guest.registers(url, "Ann")
    await ann.returns()
    await ann.says("before the backup")
    assert (await terminal.run("backup", "copy.db")).code == 0
    for number in range(5):
        seq = await ann.says(f"lost {number}")
    await ann.waits_until(lambda: ann.cursors["lobby"] == seq)
    await server.ends(signal.SIGTERM)
    epoch = ann.epoch

    ended = await terminal.run("restore", "copy.db", "--force")
    assert (ended.code, ended.err) == (0, "")
    assert "hubbub.db.before-restore-" in ended.out
    _, url = await terminal.serve(*PORT)
    ann.url = url
    async with Guest.arrives(url, "Bob") as bob:  # the log goes on, over the numbers that Ann has seen already
        for number in range(7):
            await bob.says(f"other {number}")
        heard = len(ann.events["lobby"])
        await ann.returns()
        reset = await ann.gets("reset")
        assert reset["seq"] > seq
        assert ann.epoch != epoch
        await bob.says("to everybody")
        await ann.hears("to everybody")
        assert [event["text"] for event in ann.events["lobby"][heard:]] == ["to everybody"]
    headers = {"Authorization": f"Bearer {ann.token}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers) as http:
        messages = (await http.get("/api/rooms/lobby/messages")).json()["messages"]
    others = [f"other {number}" for number in range(7)]
    assert [message["text"] for message in messages] == ["before the backup", *others, "to everybody"]
    await ann.drops()


async def test_uploaded_files_go_with_a_backup_and_come_back(terminal: Terminal) -> None:
    server, url = await terminal.serve(*PORT)
    ann = await Guest.registers(url, "Ann")
    headers = {"Authorization": f"Bearer {ann.token}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers) as http:
        file = (await http.post("/api/files?name=plan.txt", content=b"the plan")).json()["id"]
        await http.post("/api/rooms/lobby/messages", json={"files": [file]})
    ended = await terminal.run("backup", "copy.db")
    assert (ended.code, ended.err) == (0, "")
    assert "uploaded files: copy.db.files" in ended.out
    await server.ends(signal.SIGTERM)
    ended = await terminal.run("restore", "copy.db", "--data", "elsewhere")
    assert (ended.code, ended.err) == (0, "")
    _, url = await terminal.serve("--data", "elsewhere", *PORT)
    async with httpx2.AsyncClient(base_url=url, headers=headers) as http:
        assert (await http.get(f"/api/files/{file}/plan.txt")).content == b"the plan"
    [blob] = (terminal.folder / "copy.db.files").glob("??/*")
    blob.unlink()
    ended = await terminal.run("restore", "copy.db", "--data", "third")
    assert (ended.code, ended.err) == (0, "hubbub: 1 uploaded files are missing in third/files, or were damaged")


async def test_restore_and_backup_say_in_one_line_what_they_do_not_do(terminal: Terminal, complaint: Check) -> None:
    assert "There is no chat in hubbub-data" in complaint(await terminal.run("backup", "copy.db"))
    assert "There is no file copy.db" in complaint(await terminal.run("restore", "copy.db"))
    assert "Missing argument 'file'" in complaint(await terminal.run("restore"))
    (terminal.folder / "text.db").write_text("no backup")
    assert "is not a backup" in complaint(await terminal.run("restore", "text.db"))
    server, _ = await terminal.serve(*PORT)
    assert (await terminal.run("backup", "copy.db")).code == 0
    assert "is there already" in complaint(await terminal.run("backup", "copy.db"))
    words = complaint(await terminal.run("restore", "copy.db", "--force"))
    assert f"Another hubbub uses hubbub-data/hubbub.db already (process {server.process.pid})" in words
    await server.ends(signal.SIGTERM)
    assert "--force" in complaint(await terminal.run("restore", "copy.db"))
    assert (await terminal.run("restore", "copy.db", "--data", "new/folder")).code == 0
    _, url = await terminal.serve("--data", "new/folder", *PORT)
    async with Guest.arrives(url) as guest:
        await guest.says("in the new folder")


async def test_a_doctor_finds_nothing_wrong_with_a_running_chat(terminal: Terminal) -> None:
    server, _ = await terminal.serve(*PORT)
    ended = await terminal.run("doctor")
    assert (ended.code, ended.err) == (0, "")
    assert f"A server is running on it (process {server.process.pid})" in ended.out
    assert {line.split()[0] for line in ended.out.splitlines()} == {"fine"}


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
async def test_a_doctor_says_what_to_do_about_a_broken_file(terminal: Terminal, content: bytes) -> None:
    (terminal.folder / "hubbub-data").mkdir()
    (terminal.folder / "hubbub-data" / "hubbub.db").write_bytes(content)
    ended = await terminal.run("doctor", "--quick")
    assert (ended.code, ended.err) == (1, "")
    assert "problem  hubbub-data/hubbub.db cannot be read to its end" in ended.out
    assert "→ Stop the server and restore the last backup: hubbub restore FILE --force." in ended.out


async def test_a_doctor_looks_at_settings_too(terminal: Terminal) -> None:
    server, _ = await terminal.serve(*PORT)
    (terminal.folder / "hubbub.toml").write_text('host = "0.0.0.0"\n')
    ended = await terminal.run("doctor")
    assert (ended.code, ended.out.split()[0]) == (0, "warning")
    assert "Anybody who reaches 0.0.0.0" in ended.out
    (terminal.folder / "hubbub.toml").write_text("prot = 80\n")
    ended = await terminal.run("doctor")
    assert ended.code == 1
    assert "problem  hubbub.toml: there is no setting 'prot'. Did you mean port?" in ended.out
    assert "The file is whole" in ended.out
    await server.ends(signal.SIGTERM)


MAIL = {"smtp_from": "chat@chat.example", "public_url": "https://chat.example", "smtp_tls": "none"}
DANGEROUS = [
    ({"host": "0.0.0.0"}, "guests, host"),
    ({"host": "chat.example"}, "guests, host"),
    ({"origins": "http://intranet.example:8080"}, "origins"),
    ({"ping_interval_s": 60}, "ping_interval_s"),
    ({"posts_burst": 200}, "posts"),
    ({"posts_per_second": 50}, "posts"),
    ({"room_posts_burst": 10}, "in one room"),
    ({"room_posts_per_second": 5}, "in one room"),
    ({"ring_size": 2000}, "ring_size"),
    ({"drain_s": 120}, "drain_s"),
    (MAIL | {"smtp_host": "mail.example"}, "smtp_tls"),
    ({"file_max_bytes": 300_000_000}, "file_max_bytes"),
]


@pytest.mark.parametrize(("given", "words"), DANGEROUS, ids=str)
def test_settings_that_are_dangerous_or_contradict_each_other_are_named(given: dict[str, object], words: str) -> None:
    [finding] = check_settings(Settings.model_validate(given))
    assert words in finding.words
    assert finding.advice


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"host": "::1"},
        MAIL | {"smtp_host": "localhost"},
        MAIL | {"smtp_host": "mail.example", "smtp_tls": "starttls"},
        {"host": "localhost"},
        {"host": "0.0.0.0", "guests": False},
        {"origins": "https://a.example,http://localhost:3000,http://[::1]"},
    ],
    ids=str,
)
def test_settings_that_are_sensible_are_not_named(given: dict[str, object]) -> None:
    assert list(check_settings(Settings.model_validate(given))) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: prlimit")
async def test_a_server_whose_disk_fails_is_alive_and_not_ready(terminal: Terminal) -> None:
    server, url = await terminal.serve(*PORT)
    async with httpx2.AsyncClient(base_url=url) as http:
        assert (await http.get("/readyz")).status_code == 200
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, 1))  # from now on no file can be written
        async with asyncio.timeout(PATIENCE_S):
            while (answer := await http.get("/readyz")).status_code == 200:
                await asyncio.sleep(0.05)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed")
        assert (await http.get("/healthz")).status_code == 200
    await server.ends(signal.SIGTERM)


# The log ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json"])
async def test_the_log_of_a_whole_day_has_no_word_of_what_people_wrote_and_no_token(
    terminal: Terminal, form: str
) -> None:
    token = "metrics-token-of-the-operator"
    terminal.environment |= {"HUBBUB_METRICS_TOKEN": token, "HUBBUB_LOG_LEVEL": "debug", "HUBBUB_LOG_FORMAT": form}
    server, url = await terminal.serve(*PORT)
    async with Guest.arrives(url, "Ann") as ann:
        seq = await ann.says("a secret of Ann's")
        await ann.does("edit", room="lobby", message=seq, text="a changed secret")
        await ann.says("a secret with a key", key="the-same")
        with pytest.raises(Refused, match="key_conflict"):
            await ann.says("a secret with that key again", key="the-same")
        await ann.does("delete", room="lobby", message=seq)
        with pytest.raises(Refused, match="invalid"):
            await ann.sends('{"type": "post", "id": 7, "room": "lobby", "text": 7, "secret": "secret field"}', 7)
    headers = {"Origin": url}
    async with httpx2.AsyncClient(base_url=url, headers=headers) as http:
        page = await http.get("/?q=a+secret+query")
        cookie = page.cookies["hubbub_session"]
        assert (await http.post("/r/lobby/post", data={"text": "a secret in a form"})).status_code == 303
        bearer = {"Authorization": f"Bearer {ann.token}"}
        await http.post("/api/rooms/lobby/messages", headers=bearer, json={"text": "a secret by HTTP"})
        await http.post("/api/rooms/lobby/messages", headers=bearer, json={"text": ["a secret that is wrong"]})
        await http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        await http.get("/metrics?token=a-secret-in-a-query")
    ended = await server.ends(signal.SIGTERM)
    lines = ended.err.splitlines()
    assert sum("/ws" in line for line in lines) == 1
    assert any("/r/lobby/post" in line for line in lines)
    assert any("/metrics" in line for line in lines)
    for hidden in ("secret", ann.token, cookie, token, "Bearer"):
        assert hidden not in ended.err
        assert hidden not in ended.out


async def test_a_line_of_the_log_can_be_followed_to_its_answer(terminal: Terminal) -> None:
    server, url = await terminal.serve(*PORT, "--log-level", "info", "--log-format", "json")
    async with httpx2.AsyncClient(base_url=url) as http:
        name = (await http.get("/api/me")).headers["x-request-id"]
    await server.remarks(f'"path": "/api/me", "status": 401.*"request": "{name}"')
