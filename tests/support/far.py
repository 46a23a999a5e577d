"""Machines far away, for a test: network namespaces behind delayed lines that can be cut.

    if __name__ == "__main__":
        far.enter()              # everything happens in namespaces of this program's own
        unittest.main()

    line = Line(1, target_port, delay=0.02)      # namespace far1; its machine reaches the target at line.host:line.port
    line.cut(); line.mend()                      # the cable: what is sent meanwhile is lost, nobody is told

The kernel's netem is not there in every container, so that the delay is made by a relay at the near end of the
line; the cut is the interface's, and so is what TCP makes of it.
"""

import asyncio
import os
import subprocess
import sys
import threading

_INSIDE = "BUTLER_TEST_FAR"


def enter() -> None:
    """Runs this program again in a network and a mount namespace of its own; returns there. Needs root."""
    if _INSIDE not in os.environ:
        os.execvpe("unshare", ["unshare", "--net", "--mount", "--", sys.executable, "-B", *sys.argv], os.environ | {_INSIDE: "1"})
    _run("ip", "link", "set", "lo", "up")
    os.makedirs("/run/netns", exist_ok=True)
    _run("mount", "-t", "tmpfs", "none", "/run/netns")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


class Line:
    """From a namespace of its own to `target` on this side's loopback; each way takes `delay` seconds."""

    def __init__(self, number: int, target: int, delay: float):
        self.namespace = f"far{number}"
        self.host = f"10.77.{number}.1"
        self._near = f"near{number}"
        self._delay = delay
        self._target = target
        far = f"end{number}"
        _run("ip", "netns", "add", self.namespace)
        _run("ip", "link", "add", self._near, "type", "veth", "peer", "name", far, "netns", self.namespace)
        _run("ip", "address", "add", f"{self.host}/24", "dev", self._near)
        _run("ip", "link", "set", self._near, "up")
        for words in (["link", "set", "lo", "up"], ["link", "set", far, "up"], ["address", "add", f"10.77.{number}.2/24", "dev", far]):
            _run("ip", "-n", self.namespace, *words)
        self._loop = asyncio.new_event_loop()
        self.port = 0
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(60), f"the relay of {self.namespace} does not listen"

    def command(self, *words: str) -> list[str]:
        """A command line that runs the words on the far machine."""
        return ["nsenter", f"--net=/run/netns/{self.namespace}", "--", *words]

    def cut(self) -> None:
        _run("ip", "link", "set", self._near, "down")

    def mend(self) -> None:
        _run("ip", "link", "set", self._near, "up")

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        _run("ip", "link", "delete", self._near)
        _run("ip", "netns", "delete", self.namespace)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._pass_on, self.host, 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            near_reader, near_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._carry(reader, near_writer), self._carry(near_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What was read is written `delay` later, in its order, also the end."""

        def write(piece: bytes) -> None:
            if piece:
                writer.write(piece)
            else:
                writer.close()

        piece = b"-"
        while piece:
            try:
                piece = await reader.read(65_536)
            except OSError:
                piece = b""
            self._loop.call_later(self._delay, write, piece)
