// ws: each message to everybody. node ws_server.cjs PORT FOLDER, where FOLDER holds node_modules.
const [port, folder] = process.argv.slice(2)
const { WebSocketServer } = require(`${folder}/node_modules/ws`)

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), backlog: 2048 })
server.on("connection", socket => {
  socket.on("message", message => {
    const text = message.toString()
    for (const client of server.clients) client.send(text)
  })
})
