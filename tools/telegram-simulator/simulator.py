#!/usr/bin/env python3
"""Starts a local stand-in for Telegram: Bot API, control API and a chat page on one port."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from telegram_simulator.application import Application
from telegram_simulator.simulator_core import Options


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Reads the command line; argparse answers mistakes and --help."""
    parser = argparse.ArgumentParser(prog="simulator.py", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8081, help="port, 0 = any free one (default: %(default)s)")
    parser.add_argument("--port-file", type=Path, metavar="PATH", help="write the port number here once listening")
    parser.add_argument("--control-port", type=int, metavar="PORT",
                        help="a second port that stays open while a fault closes the first one, 0 = any free one")
    parser.add_argument("--control-port-file", type=Path, metavar="PATH", help="write its number here")
    parser.add_argument("--bot-token", default="700001:local-stand-in", metavar="TOKEN",
                        help="the token the bot has to use (default: %(default)s)")
    parser.add_argument("--bot-username", default="butler_bot", metavar="NAME", help="default: %(default)s")
    parser.add_argument("--owner-id", type=int, default=1001, metavar="ID",
                        help="a person with a started private chat (default: %(default)s)")
    parser.add_argument("--owner-name", default="Ada", metavar="NAME", help="default: %(default)s")
    parser.add_argument("--note", default="", metavar="TEXT", help="shown in the page's header")
    parser.add_argument("--journal", type=Path, metavar="PATH", help="append everything that happens as JSON lines")
    parser.add_argument("--rate-model", choices=("on", "off"), default="on", help="default: %(default)s")
    parser.add_argument("--privacy", choices=("on", "off"), default="on",
                        help="the bot's privacy mode in groups (default: %(default)s)")
    parser.add_argument("--clock", choices=("real", "virtual"), default="real",
                        help="virtual: time passes by clock.advance only (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="for faults by chance (default: %(default)s)")
    parser.add_argument("--first-update-id", type=int, metavar="N",
                        help="for a bot that remembers an earlier run: its updates must not begin anew")
    return parser.parse_args(arguments)


def write_port_file(path: Path, port: int) -> None:
    """Atomic: who sees the file sees the whole number."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(f"{port}\n", "ascii")
    temporary.replace(path)


async def serve(arguments: argparse.Namespace) -> None:
    """Listens until SIGTERM or SIGINT."""
    application = Application(Options(
        bot_token=arguments.bot_token, bot_username=arguments.bot_username, owner_id=arguments.owner_id,
        owner_name=arguments.owner_name, note=arguments.note, journal=arguments.journal,
        rate_model=arguments.rate_model == "on", privacy=arguments.privacy == "on", seed=arguments.seed,
        virtual_clock=arguments.clock == "virtual", first_update_id=arguments.first_update_id))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    port = await application.start(arguments.host, arguments.port, arguments.control_port)
    if arguments.control_port_file and application.control_port is not None:
        write_port_file(arguments.control_port_file, application.control_port)
    if arguments.port_file:
        write_port_file(arguments.port_file, port)
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    print(f"Telegram stand-in: http://{host}:{port}/", flush=True)
    await stopped.wait()
    application.close()


def main() -> int:
    arguments = parse_arguments(sys.argv[1:])
    try:
        asyncio.run(serve(arguments))
    except OSError as error:
        print(f"simulator.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
