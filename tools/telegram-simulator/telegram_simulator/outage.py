"""The network is away: nobody can connect to the bot's port for a while."""

from __future__ import annotations

from .clock import Timer
from .errors import ControlError
from .faults import Fault
from .http_server import HttpServer
from .simulator_core import Core


class Outage:
    """Begins and ends with the fault `connect_refused`. The control API's own port, if there is one, stays open."""

    def __init__(self, core: Core, server: HttpServer, has_control_port: bool):
        self._core, self._server = core, server
        self._has_control_port = has_control_port
        self._fault: Fault | None = None
        self._timer: Timer | None = None

    def begin(self, fault: Fault) -> None:
        """Closes the port; the bot's connections are reset."""
        seconds = fault.options.get("s")
        if self._fault is not None or (seconds is None and not self._has_control_port):
            self._core.faults.clear(fault.id)
            raise ControlError("kind: the port is closed already" if self._fault is not None else
                               "s: without --control-port nobody could end an outage that has no end")
        self._fault = fault
        fault.fired += 1
        self._server.refuse(lambda path: path == "" or path.startswith(("/bot", "/file/")))
        if seconds is not None:
            self._timer = self._core.clock.call_later(seconds, self._end_by_time)

    def forget(self, gone: list[Fault]) -> bool:
        """True if the fault in force is among these: `end` is due."""
        return self._fault is not None and self._fault in gone

    async def end(self) -> None:
        """Opens the port again."""
        if self._timer is not None:
            self._timer.cancel()
        self._fault, self._timer = None, None
        await self._server.accept_again()

    def _end_by_time(self) -> None:
        assert self._fault is not None
        self._core.faults.clear(self._fault.id)
        self._core.spawn(self.end())
