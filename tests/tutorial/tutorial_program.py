"""The chat that people write first: one page, one endpoint, one manager. Only its manager is imported."""

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse

from hubbub import ConnectionManager

app = FastAPI()
manager = ConnectionManager()

PAGE = """<!DOCTYPE html>
<html>
<head><title>Chat</title></head>
<body>
<h1>WebSocket Chat</h1>
<h2>Your ID: <span id="ws-id"></span></h2>
<form id="composer">
  <input type="text" id="messageText" autocomplete="off">
  <button>Send</button>
</form>
<ul id="messages"></ul>
<script>
  const number = Date.now();
  document.getElementById("ws-id").textContent = number;
  const socket = new WebSocket(`ws://${location.host}/ws/${number}`);
  socket.addEventListener("message", ({ data }) => {
    const line = document.createElement("li");
    line.append(document.createTextNode(data));
    document.getElementById("messages").append(line);
  });
  document.getElementById("composer").addEventListener("submit", (event) => {
    const box = document.getElementById("messageText");
    socket.send(box.value);
    box.value = "";
    event.preventDefault();
  });
</script>
</body>
</html>
"""


@app.get("/")
async def page() -> HTMLResponse:
    return HTMLResponse(PAGE)


@app.websocket("/ws/{client_id}")
async def talk(websocket: WebSocket, client_id: int) -> None:
    await manager.connect(websocket)
    try:
        while True:
            text = await websocket.receive_text()
            await manager.send_personal_message(f"You wrote: {text}", websocket)
            await manager.broadcast(f"Client #{client_id} says: {text}")
    except WebSocketDisconnect:
        manager.disconnect(websocket)
        await manager.broadcast(f"Client #{client_id} left the chat")
