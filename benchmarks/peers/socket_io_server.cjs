// socket.io: each "say" to everybody. node socket_io_server.cjs PORT FOLDER, where FOLDER holds node_modules.
const [port, folder] = process.argv.slice(2)
const { Server } = require(`${folder}/node_modules/socket.io`)
const http = require("node:http")

const server = http.createServer()
const io = new Server(server, { pingInterval: 3_600_000, serveClient: false })
io.on("connection", socket => socket.on("say", text => io.emit("say", text)))
server.listen({ host: "127.0.0.1", port: Number(port), backlog: 2048 })
