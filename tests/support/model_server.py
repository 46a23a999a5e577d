"""The model behind pi, scripted: aimock on loopback, speaking the OpenAI chat protocol.

A script is a list of fixtures, the first match wins; a request that matches none gets 404, which pi does
not try again. The helpers below make the usual ones; whatever else
aimock understands can be given as a plain dict.
"""

import json
import os
from pathlib import Path

from . import net
from .paths import NODE, TEST_NODE, require
from .process import Process

API_KEY = "mock-provider-key-0123456789"


def say(text: str, when: str | None = None, **match_and_options) -> dict:
    """The model answers `text`. `when`: only if the last user message contains it."""
    return _fixture({"content": text}, when, match_and_options)


def call(tool: str, arguments: dict, when: str | None = None, call_id: str = "call_1", **match_and_options) -> dict:
    """The model calls a tool, as the first thing after a user message that contains `when`."""
    match_and_options.setdefault("hasToolResult", False)
    return _fixture({"toolCalls": [{"id": call_id, "name": tool, "arguments": arguments}]}, when, match_and_options)


def call_then_say(tool: str, arguments: dict, text: str, when: str | None = None, call_id: str = "call_1") -> list[dict]:
    """The model calls a tool and, once it has the result, answers `text`."""
    return [call(tool, arguments, when, call_id), say(text, when, hasToolResult=True)]


def refuse(status: int, message: str, when: str | None = None, **match_and_options) -> dict:
    """The provider answers with an HTTP error. pi tries it again (after 2, 4, 8 s) when its text looks
    passing: 429, 5xx, "server error", "overloaded", "timeout" and the like, wherever they stand in it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"error": {"message": message, "type": kind}, "status": status}
    return _fixture(error, when, match_and_options)


def slow(fixture: dict, tokens_per_second: float, first_after_ms: int = 0) -> dict:
    """The same, streamed slowly: so that a test can act in the middle of it."""
    return fixture | {"streamingProfile": {"ttft": first_after_ms, "tps": tokens_per_second}, "chunkSize": 4}


_MATCH_KEYS = {"hasToolResult", "sequenceIndex", "systemMessage", "toolCallId", "toolResultContains", "toolName", "model"}


def _fixture(response: dict, when: str | None, match_and_options: dict) -> dict:
    match = {key: value for key, value in match_and_options.items() if key in _MATCH_KEYS}
    options = {key: value for key, value in match_and_options.items() if key not in _MATCH_KEYS}
    if when is not None:
        match["userMessage"] = when
    return {"match": match, "response": response, **options}


class ModelServer:
    """One aimock. `with ModelServer(scratch_dir) as model: model.script(say("hello"))`."""

    def __init__(self, scratch: Path):
        entry = require(TEST_NODE / "node_modules/@copilotkit/aimock/dist/cli.js", "tools/setup/test-node.sh")
        require(NODE, "tools/setup/runtime.sh")
        empty = scratch / "model-script"
        empty.mkdir(exist_ok=True)
        self.process = Process(
            "model server",
            [NODE, entry, "--port", "0", "--host", "127.0.0.1", "--fixtures", empty, "--log-level", "info"],
            {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
        try:
            line = self.process.wait_for_line(r"listening on http://")
        except AssertionError:
            self.process.destroy()
            raise
        self.url = line[line.index("http://") :].strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self) -> None:
        self.process.destroy()

    def script(self, *fixtures: dict | list[dict]) -> None:
        """Adds fixtures behind those already there. Lists are flattened."""
        flat = [item for entry in fixtures for item in (entry if isinstance(entry, list) else [entry])]
        self._control("POST", "fixtures", {"fixtures": flat})

    def reset(self) -> None:
        """Forgets the script, its counters and the journal."""
        self._control("POST", "reset", {})

    def journal(self) -> list[dict]:
        """Every request so far, oldest first: {"method", "path", "headers", "body", "response", …}."""
        return self._control("GET", "journal")

    def requests(self) -> list[dict]:
        """The bodies of the chat requests so far: {"model", "messages", "tools", …}."""
        return [entry["body"] for entry in self.journal() if entry["path"].endswith("/chat/completions")]

    def _control(self, method: str, path: str, body=None):
        reply = net.request(method, f"{self.url}/__aimock/{path}", body)
        if reply.status != 200:
            raise AssertionError(f"aimock refused {method} {path}: {reply.text}")
        return reply.json

    def configure_pi(self, agent_dir: Path, max_retries: int | None = None) -> None:
        """Makes pi use this server; the process that runs pi needs MOCK_API_KEY. `max_retries`: of a failed model request."""
        write_agent_settings(agent_dir, self.url, max_retries)

    def environment(self) -> dict[str, str]:
        """What the worker needs to have configured beside models.json."""
        return {"PI_PROVIDER": "mock", "PI_MODEL": "mock-1", "MOCK_API_KEY": API_KEY, "PI_EXEC_MODE": "rpc"}


def write_agent_settings(agent_dir: Path, url: str, max_retries: int | None = None) -> None:
    """The models.json (provider `mock`, model `mock-1`) and settings.json that make pi use the model server at `url`."""
    agent_dir.mkdir(parents=True, exist_ok=True)
    model = {
        "id": "mock-1",
        "name": "Mock One",
        "reasoning": False,
        "input": ["text", "image"],
        "cost": {"input": 1, "output": 2, "cacheRead": 0.1, "cacheWrite": 1.25},
        "contextWindow": 32000,
        "maxTokens": 4096,
    }
    provider = {
        "baseUrl": f"{url}/v1",
        "api": "openai-completions",
        "apiKey": "$MOCK_API_KEY",
        "models": [model],
    }
    (agent_dir / "models.json").write_text(json.dumps({"providers": {"mock": provider}}, indent=2))
    if max_retries is not None:
        (agent_dir / "settings.json").write_text(json.dumps({"retry": {"maxRetries": max_retries}}))
    for path in (agent_dir, *agent_dir.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)


def agent_user() -> tuple[str, ...]:
    """The prefix that runs a command as the agent's user: nothing unless root."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", "--reuid=butler", "--regid=butler", "--init-groups", "--")
