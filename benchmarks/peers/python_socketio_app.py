"""python-socketio: each "say" to everybody."""

import socketio

server = socketio.AsyncServer(async_mode="asgi", ping_interval=3600)
app = socketio.ASGIApp(server)


@server.on("say")
async def say(sid: str, text: str) -> None:
    await server.emit("say", text)
