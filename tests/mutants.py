"""Mistakes that somebody could make in the code that keeps the promises, and the tests that must notice each.

`scripts/mutants` makes each in a copy of the tree and runs its tests: if none turns red, a test is missing. They are
replacements of text and not patch files, because they stay right while lines around them move; test_mutants.py says
when one does not fit any more.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    file: str
    old: str
    """Stands once in the file."""
    new: str
    tests: tuple[str, ...]
    """For pytest, or files of the page's script for Node."""

    def apply(self, text: str) -> str:
        """The text of the file with the mistake in it. Raises ValueError when it does not fit."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} has its text {text.count(self.old)} times")
        return text.replace(self.old, self.new)


WRITER = "src/hubbub/store/writer.py"
TRIED = """                    outcomes.append(self._try(write, transaction))
                    if outcomes[-1].error is None:
"""
HUB = "src/hubbub/hub/hub.py"
RELAY = "src/hubbub/relay.py"
SOCKET = "src/hubbub/web/socket.py"
AUTH = "src/hubbub/web/auth.py"

MUTANTS = [
    Mutant(
        "an uploaded file is for everybody",
        "src/hubbub/core/policy.py",
        "    if by == me.id and not standings:\n",
        "    if by:\n",
        ("tests/web/test_files.py",),
    ),
    Mutant(
        "whoever has left a private room can still read what they posted in it",
        "src/hubbub/core/policy.py",
        "    if by == me.id and not standings:\n",
        "    if by == me.id:\n",
        ("tests/web/test_room_files.py",),
    ),
    Mutant(
        "somebody else's file may be posted",
        "src/hubbub/service/files.py",
        "stored is None or stored.by != me.id:",
        "stored is None:",
        ("tests/web/test_files.py",),
    ),
    Mutant(
        "a deleted message keeps its files",
        "src/hubbub/store/projection.py",
        "            let_go(connection, event.room, event.message)\n",
        "",
        ("tests/store/test_sqlite_contract.py",),
    ),
    Mutant(
        "a post is acknowledged before the commit",
        WRITER,
        TRIED,
        TRIED + "                        self._loop.call_soon_threadsafe(self._finish, [], [outcomes[-1]])\n",
        ("tests/store",),
    ),
    Mutant(
        "the disk is not made to flush at a commit",
        "src/hubbub/store/sqlite.py",
        '"synchronous=FULL"',
        '"synchronous=NORMAL"',
        ("tests/store",),
    ),
    Mutant(
        "the database lets a key be used twice",
        "src/hubbub/store/migrations/versions/0001_first.py",
        """        ["room", "author", "key"],
        unique=True,""",
        """        ["room", "author", "key"],
        unique=False,""",
        ("tests/store",),
    ),
    Mutant(
        "a place in the log is counted in memory",
        "src/hubbub/store/transaction.py",
        "        return int(row.head)\n",
        """        seqs = globals().setdefault("SEQS", {})
        seqs[draft.room] = seqs.get(draft.room, int(row.head) - 1) + 1
        return int(seqs[draft.room])
""",
        ("tests/store",),
    ),
    Mutant(
        "news go out before the commit",
        WRITER,
        TRIED,
        TRIED + "                        self._loop.call_soon_threadsafe(self._finish, transaction.news[:], [])\n",
        ("tests/store",),
    ),
    Mutant(
        "whoever comes back reads first and is connected second",
        SOCKET,
        """        self._chat.hub.connect(connection)
        while not connection.ready:
            connection.outdated = False
            person, rooms = await self._chat.people.greet(connection.person.id, connection.session)
""",
        """        while not connection.ready:
            connection.outdated = False
            person, rooms = await self._chat.people.greet(connection.person.id, connection.session)
            self._chat.hub.connect(connection)
""",
        ("tests/web/test_socket.py",),
    ),
    Mutant(
        "a text that was deleted while its block was made goes into the index for search",
        "src/hubbub/store/index.py",
        "if any(STRETCH.run(driver, stretch.binds) != stretch.state for stretch in block.stretches):",
        "if False:",
        ("tests/store/test_search_index.py",),
    ),
    Mutant(
        "what was read and what came meanwhile are both written",
        HUB,
        "if frame.seq > cursor]",
        "if frame.seq >= cursor]",
        ("tests/hub/test_hub.py",),
    ),
    Mutant(
        "whoever enters while frames are pending is given some twice",
        HUB,
        "feed.entering[connection] = len(feed.pending)",
        "feed.entering[connection] = 0",
        ("tests/hub/test_hub.py",),
    ),
    Mutant(
        "whoever waits to enter misses what comes when all others have gone",
        HUB,
        "if not feed.live and not feed.entering:",
        "if not feed.live:",
        ("tests/hub/test_hub.py",),
    ),
    Mutant(
        "a full outlet loses frames without a word",
        HUB,
        "                    slow.append(connection)\n",
        "",
        ("tests/hub/test_hub.py",),
    ),
    Mutant(
        "the hub waits for a client",
        HUB,
        "    def _write_pending(self",
        "    async def _write_pending(self",
        ("tests/test_architecture.py",),
    ),
    Mutant(
        "a ring that the bus has lost is not healed by the next",
        RELAY,
        """        elif seq > head:
            self._heal_soon(room)""",
        """        elif seq > head:
            pass""",
        ("tests/test_relay.py",),
    ),
    Mutant(
        "the last ring that the bus has lost is not healed by the sweep",
        RELAY,
        "if head > (self._hub.head(room) or head):",
        "if head > head + (self._hub.head(room) or head):",
        ("tests/test_relay.py",),
    ),
    Mutant(
        "cursors of another log are believed",
        SOCKET,
        "same_log = hello.epoch in (None, chat.epoch)",
        "same_log = True",
        ("tests/journeys/test_return.py",),
    ),
    Mutant(
        "whoever has left may go on speaking",
        "src/hubbub/core/policy.py",
        "    if rule.joined and standing.joined_at is None:",
        "    if False:",
        ("tests/core/test_policy.py", "tests/journeys/test_whole_service.py"),
    ),
    Mutant(
        "whoever has left goes on hearing",
        "src/hubbub/attendance.py",
        """        if membership == "left":""",
        """        if membership == "never":""",
        ("tests/journeys/test_conversation.py",),
    ),
    Mutant(
        "a connection that ends is closed, not aborted",
        "src/hubbub/server/websocket.py",
        "call_later(self._config.limits.close_s, self.transport.abort)",
        "call_later(self._config.limits.close_s, self.transport.close)",
        ("tests/server/test_stalling.py",),
    ),
    Mutant(
        "messages are compressed",
        "src/hubbub/server/__init__.py",
        '"ws_per_message_deflate": False,',
        '"ws_per_message_deflate": True,',
        ("tests/server/test_server.py",),
    ),
    Mutant(
        "an origin need only begin with ours",
        AUTH,
        "origins[0] == own_origin(connection)",
        "origins[0].startswith(own_origin(connection))",
        ("tests/web/test_auth.py",),
    ),
    Mutant(
        "an origin need only be a part of a listed one",
        AUTH,
        "origins[0] in settings.origins",
        "any(origins[0] in listed for listed in settings.origins)",
        ("tests/web/test_auth.py",),
    ),
    Mutant(
        "each connection has limits of its own",
        "src/hubbub/service/service.py",
        "self._take(self._commands, me.id)",
        "self._take(self._commands, str(id(me)))",
        ("tests/web/test_socket.py",),
    ),
    Mutant(
        "who may not write in a room uses up its limit",
        "src/hubbub/service/service.py",
        "self._rooms.give_back(room, self._clock())",
        "pass",
        ("tests/web/test_socket.py",),
    ),
    Mutant(
        "anybody may say from which address they come",
        "src/hubbub/server/__init__.py",
        "Networks(settings.trusted_proxies).written()",
        '"*"',
        ("tests/web/test_addresses.py",),
    ),
    Mutant(
        "under overload posts go before signals",
        "src/hubbub/service/service.py",
        "self._context.shedding.check(verb.shed)",
        "self._context.shedding.check(Shed.SIGNALS)",
        ("tests/web/test_shedding.py",),
    ),
    Mutant(
        "commands are taken for JSON before they are",
        SOCKET,
        "command = COMMANDS.validate_json(text)",
        'command = COMMANDS.validate_python(__import__("json").loads(text))',
        ("tests/web/test_socket.py",),
    ),
    Mutant(
        "the page sends a message again with another key",
        "src/hubbub/client/outgoing.js",
        '"post", { room, text, key, ',
        '"post", { room, text, key: crypto.randomUUID(), ',
        ("tests/client/outgoing.test.js",),
    ),
    Mutant(
        "somebody signs in as nobody",
        "src/hubbub/service/passwords.py",
        "return Checked(right and bool(kept), new_hash)",
        "return Checked(True, new_hash)",
        ("tests/web/test_accounts.py",),
    ),
    Mutant(
        "a link for a new password works again and again",
        "src/hubbub/service/accounts.py",
        '    tx.drop_links("reset", person)\n',
        "",
        ("tests/web/test_accounts.py",),
    ),
    Mutant(
        "another password leaves the old sessions alive",
        "src/hubbub/store/accounts.py",
        'self._change(END_SESSIONS, {"who": person, "but": but})',
        "pass",
        ("tests/web/test_accounts.py",),
    ),
    Mutant(
        "a session that has ended keeps its connections",
        "src/hubbub/attendance.py",
        "if envelope.session in (None, connection.session):",
        "if envelope.session is None:",
        ("tests/web/test_accounts.py",),
    ),
    Mutant(
        "whoever waits for approval is let in",
        "src/hubbub/core/models.py",
        'return self.kind == "account" and self.role == "guest"',
        "return False",
        ("tests/web/test_place.py",),
    ),
    Mutant(
        "the log tells the codes of links",
        "src/hubbub/web/requests.py",
        'SECRETS = re.compile(r"/(setup|reset|sign-up|sign-in|oidc|i)/.*", re.DOTALL)',
        'SECRETS = re.compile(r"/(nothing)/.*", re.DOTALL)',
        ("tests/web/test_requests.py",),
    ),
    Mutant(
        "whoever is banned from a room may come in again",
        "src/hubbub/core/policy.py",
        "    if standing.banned_until > now:\n",
        "    if False:\n",
        ("tests/core/test_policy.py",),
    ),
    Mutant(
        "connections of somebody who is banned stay open",
        "src/hubbub/attendance.py",
        "                    connection.end(*ENDS[envelope.ends])\n",
        "                    pass\n",
        ("tests/journeys/test_gone_is_gone.py",),
    ),
    Mutant(
        "whoever comes back from before the log begins is told nothing",
        "src/hubbub/hub/catchup.py",
        "                    lost = bool(frames) and frames[0].seq > cursor + 1",
        "                    lost = False",
        ("tests/journeys/test_retention.py",),
    ),
    Mutant(
        "the index for search keeps the words of messages that are not kept",
        "src/hubbub/store/erasing.py",
        "    unindex(connection, room, connection.execute(MESSAGES_UP_TO, binds).all())\n",
        "",
        ("tests/journeys/test_retention.py", "tests/store/test_search_index.py"),
    ),
    Mutant(
        "the -wal file keeps what was erased",
        "src/hubbub/store/sqlite.py",
        "        self._checkpoints.heard(news)\n",
        "",
        ("tests/journeys/test_retention.py",),
    ),
    Mutant(
        "what a device has signed opens an account again and again",
        "src/hubbub/core/challenges.py",
        "self._given.pop(challenge, ",
        "self._given.get(challenge, ",
        ("tests/core/test_challenges.py", "tests/web/test_passkeys.py"),
    ),
    Mutant(
        "a provider's answer counts in every browser",
        "src/hubbub/web/openid.py",
        "    if chat.openid is None or not asked:\n",
        "    if chat.openid is None:\n",
        ("tests/web/test_openid.py",),
    ),
    Mutant(
        "an ID token may be the answer to another question",
        "src/hubbub/service/openid.py",
        '"nonce": nonce,',
        '"nonce": None,',
        ("tests/web/test_openid.py",),
    ),
]
