"""An MCP server that needs a secret, for the tests of servers on the host's side (tests/system/test_mcp_host.py).

As a program it speaks on standard input and output, and starts only with the right NOTES_TOKEN in its environment;
HttpServer speaks HTTP, and answers only who sends the right key."""

import http.server
import json
import os
import sys
import threading

# Split, so that a search for the whole finds it only where it was passed on.
STDIO_TOKEN = "-".join(("token", "of", "the", "notes", "0123456789"))
HTTP_KEY = "-".join(("key", "of", "the", "tickets", "0123456789"))


def _tool(name: str, **arguments: str) -> dict:
    properties = {argument: {"type": kind} for argument, kind in arguments.items()}
    return {"name": name, "description": f"The tool {name}.", "inputSchema": {"type": "object", "properties": properties}}


TOOLS = [_tool("add", a="number", b="number"), _tool("confess"), _tool("erase")]


def answer(message: dict, secret: str, called: list[str]) -> dict | None:
    """What a server with three tools says: one adds, one says the secret, one must not be called."""
    method, params = message["method"], message.get("params", {})
    if "id" not in message:
        return None
    if method == "initialize":
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}, "resources": {}},
                  "serverInfo": {"name": "stand-in", "version": "1"}}
    elif method == "tools/list":
        result = {"tools": TOOLS}
    elif method == "tools/call":
        name, arguments = params["name"], params["arguments"]
        called.append(name)
        text = {"add": lambda: f"the sum is {arguments['a'] + arguments['b']}", "confess": lambda: f"it is {secret}!",
                "erase": lambda: "all is gone"}[name]()
        result = {"content": [{"type": "text", "text": text}]}
    else:
        result = {}
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


class HttpServer:
    """Answers initialize and lists with JSON, calls with a stream of events. Gives sessions, and asks for them."""

    def __init__(self):
        called = self.called = []
        seen = self.seen = []  # the fields of each request

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                seen.append(dict(self.headers.items()))
                message = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.headers.get("authorization") != f"Bearer {HTTP_KEY}":
                    return self._send(401, "text/plain", f"no: {self.headers.get('authorization')}")
                if message["method"] != "initialize" and self.headers.get("mcp-session-id") != "session-1":
                    return self._send(400, "text/plain", "no session")
                reply = answer(message, HTTP_KEY, called)
                if reply is None:
                    return self._send(202, "text/plain", "")
                if message["method"] != "tools/call":
                    return self._send(200, "application/json", json.dumps(reply))
                progress = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": HTTP_KEY}}
                events = "".join(f"event: message\ndata: {json.dumps(each)}\n\n" for each in (progress, reply))
                return self._send(200, "text/event-stream", events)

            def do_GET(self):
                self._send(405, "text/plain", "no stream of events that nobody has asked for")

            def do_DELETE(self):
                seen.append(dict(self.headers.items()))
                self._send(200, "text/plain", "")

            def _send(self, status: int, kind: str, text: str):
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(text.encode())))
                self.send_header("mcp-session-id", "session-1")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # clients go without a word
        self.url = f"http://127.0.0.1:{self.server.server_port}/mcp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def main() -> None:
    token = os.environ.get("NOTES_TOKEN")
    if token != STDIO_TOKEN:
        sys.exit("it starts with its token only")
    with open("environment.json", "w") as file:
        json.dump(dict(os.environ), file)
    for line in sys.stdin:
        reply = answer(json.loads(line), token, [])
        if reply is not None:
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
