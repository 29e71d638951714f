"""The chat protocol, version 1: every type that crosses the wire.

One WebSocket serves all rooms of a person. Each frame is one JSON object with a `type`. The client's first frame is
`hello`; the server answers `welcome`, then whatever the client missed, then live events. Afterwards the client sends
commands, each with an `id` of its choice, and gets one `result` or one `error` with that `id` for each.

* *Durable events* have `room` and `seq`. In one room they arrive in the order of `seq`, without a gap, until a
  `reset` says from which `seq` on the stream continues.
* *Signals* have no `seq`. They are news of the moment and may be lost.

`docs/protocol.md` and `docs/protocol.schema.json` are generated from these modules (`scripts/generate-docs`).
"""

from hubbub.protocol.answers import *
from hubbub.protocol.commands import *
from hubbub.protocol.envelope import *
from hubbub.protocol.events import *
from hubbub.protocol.gathering import *
from hubbub.protocol.order import *
from hubbub.protocol.people import *
from hubbub.protocol.signals import *
from hubbub.protocol.talking import *
from hubbub.protocol.values import *
