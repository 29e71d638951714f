"""Evidence and judgement: clients write down what they saw, a checker decides afterwards what was promised and broken.

`history` is the writing, `log` the truth to compare with, `checker` the judge. A run on several nodes needs no more:
each client says in its histories what it saw, whichever node it saw it from.
"""

from hubbub.testing.evidence.checker import Broken, Verdict, judge
from hubbub.testing.evidence.history import History, read_history
from hubbub.testing.evidence.log import RoomLog

__all__ = ["Broken", "History", "RoomLog", "Verdict", "judge", "read_history"]
