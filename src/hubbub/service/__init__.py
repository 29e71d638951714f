"""The verbs of the chat: each is policy, then store; the same for WebSocket, HTTP, command line and embedding.

`Service.perform` is the only door: it takes a person and a command, and gives the command's answer.
"""

from hubbub.service.service import VERBS, Service, Verb

__all__ = ["VERBS", "Service", "Verb"]
