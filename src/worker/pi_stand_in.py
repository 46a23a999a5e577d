#!/usr/bin/env python3
"""Stands in for `pi --mode rpc` in the worker's tests: speaks its records, and misbehaves on request.

What it does is in the prompt's first word. Its history is a file in the session folder, so that a test sees
whether a session goes on; everything it is told is appended to `commands.log` beside it.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


SESSION = Path(option("--session-dir"))
LOG = SESSION / "commands.log"
answers = {}
arrived = threading.Condition()
aborted = threading.Event()
out_lock = threading.Lock()


def say(record):
    text = record if isinstance(record, str) else json.dumps(record)
    with out_lock:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass") + b"\n")
        sys.stdout.buffer.flush()


def delta(text):
    say({"type": "message_update", "assistantMessageEvent": {"type": "text_delta", "contentIndex": 0, "delta": text}})


def message(text, reason="stop", error=None):
    usage = {"input": 10, "output": 5, "cacheRead": 1, "cacheWrite": 2, "cost": {"total": 0.25}}
    body = {"role": "assistant", "content": [{"type": "text", "text": text}] if text else [], "stopReason": reason, "usage": usage}
    if error:
        body["errorMessage"] = error
    say({"type": "message_end", "message": body})


def settled():
    say({"type": "agent_settled", "aborted": aborted.is_set()} if os.environ.get("STAND_IN") == "1.5" else {"type": "agent_settled"})


def ask(title, text, method="confirm"):
    """What a dialog is answered, whole."""
    ask.count = getattr(ask, "count", 0) + 1
    dialog = f"dialog-{ask.count}"
    shown = {"placeholder": text} if method == "input" else {"message": text}
    say({"type": "extension_ui_request", "id": dialog, "method": method, "title": title} | shown)
    with arrived:
        arrived.wait_for(lambda: dialog in answers or aborted.is_set())
        return answers.get(dialog, {})


def gate(name, arguments):
    """As tool_gate.ts: why the call is blocked, or None when it may start."""
    say({"type": "tool_execution_start", "toolCallId": "call_1", "toolName": name, "args": arguments})
    call = {"toolCallId": "call_1", "toolName": name, "input": arguments}
    try:
        answer = json.loads(ask("butler.tool_call", json.dumps(call), "input")["value"])
    except (KeyError, ValueError):
        return "no answer"
    return None if answer.get("allow") is True and answer["toolCallId"] == "call_1" else answer.get("reason", "no reason")


def tool(command):
    blocked = gate("bash", {"command": command})
    if blocked is not None:
        end_tool(blocked, True)
        tool.blocked = blocked
        return False
    child = subprocess.Popen(["/bin/sh", "-c", command], start_new_session=True)
    while child.poll() is None:
        if aborted.wait(0.01):
            os.killpg(child.pid, signal.SIGKILL)
    end_tool("done", child.returncode != 0)
    return True


def end_tool(output, is_error):
    result = {"content": [{"type": "text", "text": output}], "structuredContent": {"output": output}}
    say({"type": "tool_execution_end", "toolCallId": "call_1", "toolName": "bash", "result": result, "isError": is_error})


def answer_plainly(text):
    for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
        delta(piece)
    message(text)


def turn(text):
    words = text.rpartition("\nThe request was: ")[2].split("]\n\n", 1)[-1].split()
    what, rest = words[0], " ".join(words[1:])
    say({"type": "agent_start"})
    say({"type": "turn_start"})
    if what == "say":
        answer_plainly(rest)
    elif what == "history":
        answer_plainly((SESSION / "history").read_text())
    elif what == "echo":
        answer_plainly(text)
    elif what == "environment":
        answer_plainly("\n".join(sorted(f"{name}={value}" for name, value in os.environ.items())))
    elif what == "arguments":
        answer_plainly(json.dumps(sys.argv[1:]))
    elif what == "system":
        answer_plainly(Path(option("--append-system-prompt")).read_text())
    elif what == "pid":
        answer_plainly(str(os.getpid()))
    elif what == "until":  # a file is there: then the answer
        delta("One moment. ")
        while not aborted.is_set() and not Path(words[1]).exists():
            aborted.wait(0.01)
        answer_plainly("Answer: " + " ".join(words[2:]))
    elif what == "tool":
        message("", "toolUse")
        ran = tool(rest)
        message("tool ran" if ran else "tool was blocked: " + tool.blocked) if not aborted.is_set() else message("", "error", "This operation was aborted")
    elif what == "act":
        message("", "toolUse")
        message("Answer: " + words[1] if tool(" ".join(words[2:])) else "not allowed: " + tool.blocked)
    elif what == "again":
        ran = [tool(rest) for _ in range(2)]
        message(f"ran {ran}")
    elif what == "ungated":
        say({"type": "tool_execution_start", "toolCallId": "call_1", "toolName": "bash", "args": {"command": rest}})
        end_tool("ran all the same", False)
        answer_plainly("nobody asked")
    elif what == "unknown-tool":
        say({"type": "tool_execution_start", "toolCallId": "call_1", "toolName": "no_such", "args": {}})
        end_tool("Tool no_such not found", True)
        answer_plainly("there is no such tool")
    elif what == "remember":
        Path("MEMORY.md").write_text(rest)
        answer_plainly("noted")
    elif what == "ask":
        answer_plainly(json.dumps(ask("Sure?", "really?", rest), sort_keys=True))
    elif what == "fail":
        message("", "error", rest)
    elif what == "retry":
        delta("half ")
        message("", "error", "503: busy")
        say({"type": "agent_end", "messages": [], "willRetry": True})
        say({"type": "auto_retry_start", "attempt": 1, "maxAttempts": 3, "delayMs": 1, "errorMessage": "503: busy"})
        say({"type": "agent_start"})
        say({"type": "turn_start"})
        answer_plainly("whole")
    elif what == "surrogates":
        say('{"type":"message_update","assistantMessageEvent":{"type":"text_delta","delta":"a\\ud83d"}}')
        say('{"type":"message_update","assistantMessageEvent":{"type":"text_delta","delta":"\\ude00z"}}')
        message("a\U0001F600z")
    elif what == "large":
        gate("bash", {})
        end_tool("x" * 1_250_000, False)
        answer_plainly("large record sent")
    elif what == "garbage":
        say("this is not JSON")
        say("null")
        say('{"type":"message_upd')
        sys.stdout.buffer.write(b'{"type":"message_update","assistantMessageEvent":{"type":"text_delta","delta":"\xff"}}\n')
        answer_plainly("after garbage")
    elif what == "babble":
        while True:
            say({"type": "message_update", "assistantMessageEvent": {"type": "thinking_delta", "delta": "blah " * 200}})
    elif what == "flood":
        for _ in range(80):
            sys.stdout.buffer.write(b"x" * 1_000_000)
            sys.stderr.write("y" * 100_000)
        say("")
        answer_plainly("after the flood")
    elif what == "tools":
        for number in range(11_000):
            say({"type": "tool_execution_start", "toolCallId": f"call_{number}", "toolName": "bash", "args": {}})
        hang.wait()
    elif what == "settle-twice":
        answer_plainly(rest)
        settled()
    elif what == "crash":
        delta("before the crash")
        sys.stderr.write("TypeError: something broke\n")
        sys.stderr.flush()
        os._exit(3)
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "hang":
        delta("thinking it over")
        hang.wait()
    elif what == "stubborn":
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        delta("no")
        hang.wait()
    elif what == "wait":
        delta("waiting")
        aborted.wait()
        message("wai", "aborted", "Request was aborted")
    elif what == "steered":
        delta("waiting")
        with arrived:
            arrived.wait_for(lambda: "steer" in answers or aborted.is_set())
        answer_plainly("steered: " + answers["steer"]["message"])
    with (SESSION / "history").open("a") as history:
        history.write(what + "\n")
    say({"type": "agent_end", "messages": [], "willRetry": False})
    settled()


def take_turn(text):
    with one_turn:
        turn(text)


one_turn = threading.Lock()
hang = threading.Event()
stubborn = threading.Event()


def start():
    mode = os.environ.get("STAND_IN_START", "")
    if mode == "exit":
        sys.stderr.write('Error: Unknown provider "mock"\n')
        sys.exit(1)
    if mode == "hang":
        threading.Event().wait()
    once = SESSION / "crash-once"
    if once.exists():
        once.unlink()
        sys.stderr.write("crashed at the start\n")
        sys.exit(2)


def main():
    start()
    if os.environ.get("STAND_IN_GATE") != "missing":
        say({"type": "extension_ui_request", "id": "s1", "method": "setStatus", "statusKey": "butler.tool_gate",
             "statusText": os.environ.get("STAND_IN_GATE", "1")})
    for line in sys.stdin.buffer:
        command = json.loads(line)
        with LOG.open("a") as log:
            log.write(json.dumps(command) + "\n")
        kind, number = command["type"], command.get("id")
        response = {"id": number, "type": "response", "command": kind, "success": True}
        if kind == "prompt":
            if command["message"].startswith("refuse"):
                say(response | {"success": False, "error": "No API key found for mock"})
                continue
            aborted.clear()
            if command["message"] == "stubborn":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                stubborn.set()
            say(response)
            threading.Thread(target=take_turn, args=(command["message"],), daemon=True).start()
        elif kind == "extension_ui_response":
            with arrived:
                answers[number] = command
                arrived.notify_all()
        else:
            if kind == "get_state":
                history = SESSION / "history"
                response |= {"data": {"messageCount": len(history.read_text().splitlines()) if history.exists() else 0}}
            if kind in ("steer", "follow_up"):
                with arrived:
                    answers["steer"] = command
                    arrived.notify_all()
            if kind == "abort":
                aborted.set()
                with arrived:
                    arrived.notify_all()
            say(response)
    if stubborn.is_set():
        hang.wait()
    os._exit(0)


main()
