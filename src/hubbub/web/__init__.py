"""The edges: WebSocket, HTTP, and the page."""
