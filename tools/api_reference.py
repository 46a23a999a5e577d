#!/usr/bin/env python3
"""The API's reference for people, made of its OpenAPI document: prints docs/http-api-reference.md.

    tools/api_reference.py [FILE|-]      without FILE: src/orchestrator/openapi.json
    tools/api_reference.py --write       makes docs/http-api-reference.md anew
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/orchestrator/openapi.json"
TARGET = ROOT / "docs/http-api-reference.md"
METHODS = ("get", "put", "post", "delete", "patch", "head")

INTRODUCTION = """# The orchestrator's HTTP API: reference

Made of the OpenAPI document that the orchestrator serves at `/openapi.json`; a test holds this page against it
(`tools/api_reference.py --write` makes it anew), and the document against the running server. The rules that
hold for every call, and what is behind them, are in [The HTTP API](http-api.md). A member or parameter marked
with `*` has to be there.
"""


class Reference:
    """Pure: an OpenAPI document in, Markdown out."""

    def __init__(self, document: dict):
        self.document = document

    def text(self) -> str:
        parts = [INTRODUCTION, "| call | what it does | who |\n| --- | --- | --- |\n" + "".join(self.overview())]
        for tag in self.document["tags"]:
            parts.append(f"## {tag['name'].capitalize()}\n\n{tag['description']}\n")
            parts += [self.operation(*call) for call in self.calls() if call[2]["tags"][0] == tag["name"]]
        parts.append("## Schemas\n")
        parts += [self.schema(name, body) for name, body in self.document["components"]["schemas"].items()]
        return "\n".join(parts)

    # ---- calls -------------------------------------------------------------------------------------------

    def calls(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = dict(item[method])
                    operation["parameters"] = item.get("parameters", []) + operation.get("parameters", [])
                    yield method.upper(), path, operation

    def overview(self):
        for method, path, operation in self.calls():
            heading = operation["summary"].lower().replace(" ", "-")
            heading = "".join(c for c in heading if c.isalnum() or c in "-_")
            yield f"| `{method} {path}` | [{operation['summary']}](#{heading}) | {self.who(operation)} |\n"

    @staticmethod
    def who(operation: dict) -> str:
        names = {name for alternative in operation.get("security", []) for name in alternative}
        if not names:
            return "anybody"
        return " or ".join(sorted({"gateway" if name.startswith("gateway") else "worker" for name in names}))

    def operation(self, method: str, path: str, operation: dict) -> str:
        lines = [f"### {operation['summary']}\n", f"`{method} {path}` · token: {self.who(operation)}\n"]
        if "description" in operation:
            lines.append(operation["description"] + "\n")
        parameters = [self.resolved(parameter) for parameter in operation["parameters"]]
        if parameters:
            rows = "".join(self.parameter(parameter) for parameter in parameters)
            lines.append("| parameter | in | type | meaning |\n| --- | --- | --- | --- |\n" + rows)
        if "requestBody" in operation:
            body = self.resolved(operation["requestBody"])
            optional = "" if body.get("required") else " It may be left out."
            meaning = " ".join(filter(None, [body.get("description", "")]))
            lines.append(f"Body: {self.contents(body)}.{optional} {meaning}".rstrip() + "\n")
        rows = "".join(self.answer(status, self.resolved(answer)) for status, answer in operation["responses"].items())
        lines.append("| answer | meaning | body |\n| --- | --- | --- |\n" + rows)
        return "\n".join(lines)

    def parameter(self, parameter: dict) -> str:
        name = f"`{parameter['name']}`" + ("*" if parameter.get("required") else "")
        schema = parameter["schema"]
        meaning = " ".join(filter(None, [parameter.get("description", ""), self.meaning(schema)]))
        return f"| {name} | {parameter['in']} | {self.type(schema)} | {cell(meaning)} |\n"

    def answer(self, status: str, answer: dict) -> str:
        headers = [name for name in answer.get("headers", {}) if name != "x-request-id"]
        meaning = answer["description"] + "".join(f" Header `{name}`." for name in headers)
        return f"| {status} | {cell(meaning)} | {self.contents(answer)} |\n"

    def contents(self, body: dict) -> str:
        found = []
        for media, content in body.get("content", {}).items():
            schema = content.get("schema", {})
            kind = self.type(schema)
            found.append(kind if media == "application/json" else f"`{media}`" + ("" if kind in ("string", "any") else f": {kind}"))
        return ", or ".join(found)

    # ---- schemas -----------------------------------------------------------------------------------------

    def schema(self, name: str, body: dict) -> str:
        lines = [f"### {name}\n"]
        meaning = " ".join(filter(None, [body.get("description", ""), "" if "properties" in body else self.type(body) + "."]))
        if meaning:
            lines.append(meaning + "\n")
        members, parts = self.members(body)
        if parts:
            lines.append("All of " + ", ".join(parts) + ("; and:" if members else ".") + "\n")
        if members:
            rows = "".join(self.member(member, schema, member in required) for member, schema, required in members)
            lines.append("| member | type | meaning |\n| --- | --- | --- |\n" + rows)
        return "\n".join(lines)

    def members(self, body: dict):
        """Its own members, each with the names that are required beside it, and the schemas that it is made of."""
        found, parts = [], []
        for part in [body, *body.get("allOf", [])]:
            if "$ref" in part:
                parts.append(self.type(part))
            found += [(member, schema, part.get("required", [])) for member, schema in part.get("properties", {}).items()]
        return found, parts

    def member(self, name: str, schema: dict, required: bool) -> str:
        return f"| `{name}`{'*' if required else ''} | {self.type(schema)} | {cell(self.meaning(schema))} |\n"

    def type(self, schema: dict) -> str:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return f"[{name}](#{name.lower()})"
        if "const" in schema:
            return f"`{json.dumps(schema['const'])}`"
        if "enum" in schema:
            return ", ".join(f"`{json.dumps(value) if value is None else value}`" for value in schema["enum"])
        for word, key in ((" or ", "oneOf"), (" or ", "anyOf"), (" and ", "allOf")):
            if key in schema:
                return word.join(self.type(part) for part in schema[key])
        kind = schema.get("type", "any")
        if isinstance(kind, list):
            kind = " or ".join(kind)
        if kind == "array":
            return f"list of {self.type(schema.get('items', {}))}"
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            return f"object of {self.type(schema['additionalProperties'])}"
        return kind

    def meaning(self, schema: dict) -> str:
        """Its description and its limits; of a reference only what stands beside it."""
        words = [schema.get("description", "")]
        unit = {"array": "items", "string": "characters", "object": "members"}.get(str(schema.get("type")), "")
        for least, most in (("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"), ("minimum", "maximum")):
            words.append(bounds(schema.get(least), schema.get(most), unit))
        if "pattern" in schema:
            words.append(f"Pattern `{schema['pattern']}`.")
        if "default" in schema:
            words.append(f"Default `{json.dumps(schema['default'])}`.")
        if isinstance(schema.get("items"), dict) and "$ref" not in schema["items"]:
            inner = self.meaning(schema["items"])
            words.append(f"Each: {inner}" if inner else "")
        return " ".join(filter(None, words))

    def resolved(self, body: dict) -> dict:
        if "$ref" not in body:
            return body
        found = self.document
        for step in body["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return self.resolved(found)


def bounds(least, most, unit: str) -> str:
    """"1..8 000 characters." or nothing."""
    if least in (None, 0) and most is None:
        return ""
    number = lambda value: f"{value:,}".replace(",", " ")  # noqa: E731
    if most is None and least == 1 and unit:
        return "Not empty."
    if most is None:
        said = f"at least {number(least)}"
    elif least in (None, 0):
        said = f"at most {number(most)}"
    else:
        said = f"{number(least)}..{number(most)}"
    return f"{said} {unit}".strip().capitalize() + "."


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> int:
    arguments = sys.argv[1:]
    if len(arguments) > 1 or arguments in (["-h"], ["--help"]):
        print(__doc__.strip(), file=sys.stdout if arguments in (["-h"], ["--help"]) else sys.stderr)
        return 0 if len(arguments) == 1 else 2
    write = arguments == ["--write"]
    source = sys.stdin if arguments == ["-"] else open(arguments[0] if arguments and not write else SOURCE, encoding="utf-8")
    with source:
        text = Reference(json.load(source)).text()
    if write:
        TARGET.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
