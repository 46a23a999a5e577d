"""A connection's middle, in the test's hand: it passes bytes on, keeps back what a test names, and cuts.

    relay = Relay(orchestrator.port)                  # clients connect to relay.port
    hold = relay.hold(b"the words", answers=True)     # the first answer with these words stays here …
    hold.wait()
    hold.release()                                    # … and goes on, if both sides are still there
    relay.cut(); relay.mend()                         # every connection ends, nobody gets one; as before
    Relay(first.port, second.port).url                # of two servers: an address for each, as ORCH_BASE_URL has them
"""

import socket
import threading

from .wait import PATIENCE


class Hold:
    """Keeps back the first piece that contains `words`, and what follows it in that direction of that connection."""

    def __init__(self, words: bytes, answers: bool):
        self.words = words
        self.answers = answers
        self.caught = threading.Event()
        self._released = threading.Event()

    def wait(self, timeout: float = PATIENCE) -> None:
        assert self.caught.wait(timeout), f"nothing with {self.words!r} came by in {timeout:g} s"

    def release(self) -> None:
        self._released.set()

    def stop_here(self) -> None:
        self.caught.set()
        self._released.wait()


class Relay:
    """Listens on a port of loopback for each target and passes each connection on to it."""

    def __init__(self, *targets: int):
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in targets]
        ports = [listener.getsockname()[1] for listener in self._listeners]
        self.port = ports[0]
        self.url = ",".join(f"http://127.0.0.1:{port}" for port in ports)
        self._holds: list[Hold] = []  # that wait for their words
        self._made: list[Hold] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_cut = False
        for listener, target in zip(self._listeners, targets, strict=True):
            threading.Thread(target=self._accept, args=(listener, target), daemon=True).start()

    def hold(self, words: bytes, answers: bool = False) -> Hold:
        """`answers`: what comes back from the server; else what goes to it."""
        made = Hold(words, answers)
        with self._lock:
            self._holds.append(made)
            self._made.append(made)
        return made

    def cut(self) -> None:
        """Ends every connection at once, and turns away whoever comes, until mend()."""
        with self._lock:
            self._is_cut = True
            ended, self._open = self._open, set()
        for one in ended:
            _end(one)

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        self.cut()
        for hold in self._made:
            hold.release()

    def _accept(self, listener: socket.socket, target: int) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(client, target), daemon=True).start()

    def _serve(self, client: socket.socket, target: int) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", target))
        except OSError:
            client.close()
            return
        with self._lock:
            wanted = not self._is_cut
            if wanted:
                self._open |= {client, server}
        if not wanted:
            client.close()
            server.close()
            return
        back = threading.Thread(target=self._pass, args=(server, client, True), daemon=True)
        back.start()
        self._pass(client, server, False)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        before = b""  # the words may come in two pieces
        try:
            while data := source.recv(65_536):
                if hold := self._holding(before, data, answers):
                    hold.stop_here()
                before = (before + data)[-256:]
                sink.sendall(data)
        except OSError:
            pass  # one of the two has gone
        _end(source)
        _end(sink)

    def _holding(self, before: bytes, data: bytes, answers: bool) -> Hold | None:
        def ends_here(words: bytes) -> bool:
            return words in before[len(before) - min(len(before), len(words) - 1):] + data

        with self._lock:
            found = next((hold for hold in self._holds if hold.answers == answers and ends_here(hold.words)), None)
            if found:
                self._holds.remove(found)
            return found


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has gone
