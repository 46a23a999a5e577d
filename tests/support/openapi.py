"""An OpenAPI 3.1 document, and what it says of answers.

The validator knows the part of JSON Schema that the document uses, and refuses the rest. It is stricter in one
thing: a member that the document does not name is an error, so that nothing is answered undocumented.
"""

import re
from dataclasses import dataclass

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_ANNOTATIONS = {"description", "title", "default", "examples"}
_TYPES = {"string": str, "object": dict, "array": list, "boolean": bool, "null": type(None)}
_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}


@dataclass
class Operation:
    method: str
    path: str
    body: dict

    @property
    def name(self) -> str:
        return self.body["operationId"]


class Document:
    def __init__(self, content: dict):
        self.content = content
        self.operations = [Operation(method.upper(), path, item[method]) for path, item in content["paths"].items() for method in METHODS if method in item]

    def resolve(self, part: dict) -> dict:
        while "$ref" in part:
            found = self.content
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            part = found
        return part

    def response(self, operation: Operation, status: int) -> dict | None:
        """What is documented for this status, by its own name or as the default."""
        responses = operation.body["responses"]
        part = responses.get(str(status), responses.get("default"))
        return None if part is None else self.resolve(part)

    # ---- validation ----------------------------------------------------------------------------------

    def problems(self, schema: dict, value, place: str = "", named: set[str] | None = None) -> list[str]:
        """What is wrong with the value. `named`: members that another part of the same schema names."""
        found: list[str] = []
        schema = {**self.resolve(schema), **{key: word for key, word in schema.items() if key != "$ref"}}
        for keyword, argument in schema.items():
            if keyword in _ANNOTATIONS or keyword in ("required", "properties", "additionalProperties"):
                continue
            found += getattr(self, "_" + keyword)(argument, value, place, schema)
        if isinstance(value, dict):
            found += self._members(schema, value, place, named or set())
        return found

    def _members(self, schema: dict, value: dict, place: str, named: set[str]) -> list[str]:
        found = [f"{place}/{name}: is required" for name in schema.get("required", []) if name not in value]
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", "properties" not in schema)
        known = named | self._names(schema)
        for name, member in value.items():
            if name in properties:
                found += self.problems(properties[name], member, f"{place}/{name}")
            elif isinstance(others, dict):
                found += self.problems(others, member, f"{place}/{name}")
            elif not others and name not in known:
                found.append(f"{place}/{name}: is not documented")
        return found

    def _names(self, schema: dict) -> set[str]:
        """The members that a schema names, with those of its parts."""
        schema = self.resolve(schema)
        return set(schema.get("properties", {})).union(*(self._names(part) for part in schema.get("allOf", [])))

    def _type(self, wanted, value, place, schema) -> list[str]:
        names = [wanted] if isinstance(wanted, str) else wanted
        return [] if any(_is(name, value) for name in names) else [f"{place}: {value!r:.60} is no {wanted}"]

    def _enum(self, choices, value, place, schema) -> list[str]:
        return [] if value in choices else [f"{place}: {value!r:.60} is none of {choices}"]

    def _const(self, wanted, value, place, schema) -> list[str]:
        return self._enum([wanted], value, place, schema)

    def _pattern(self, pattern, value, place, schema) -> list[str]:
        return [] if not isinstance(value, str) or re.search(pattern, value) else [f"{place}: {value!r:.60} does not match {pattern}"]

    def _format(self, name, value, place, schema) -> list[str]:
        return [] if not isinstance(value, str) or _FORMATS[name].fullmatch(value) else [f"{place}: {value!r:.60} is no {name}"]

    def _minimum(self, least, value, place, schema) -> list[str]:
        return [f"{place}: {value} is below {least}"] if isinstance(value, (int, float)) and value < least else []

    def _maximum(self, most, value, place, schema) -> list[str]:
        return [f"{place}: {value} is above {most}"] if isinstance(value, (int, float)) and value > most else []

    def _minLength(self, least, value, place, schema) -> list[str]:
        return [f"{place}: is too short"] if isinstance(value, str) and len(value) < least else []

    def _maxLength(self, most, value, place, schema) -> list[str]:
        return [f"{place}: is too long"] if isinstance(value, str) and len(value) > most else []

    def _maxItems(self, most, value, place, schema) -> list[str]:
        return [f"{place}: has too many items"] if isinstance(value, list) and len(value) > most else []

    def _maxProperties(self, most, value, place, schema) -> list[str]:
        return [f"{place}: has too many members"] if isinstance(value, dict) and len(value) > most else []

    def _items(self, items, value, place, schema) -> list[str]:
        if not isinstance(value, list):
            return []
        return [problem for index, item in enumerate(value) for problem in self.problems(items, item, f"{place}/{index}")]

    def _allOf(self, parts, value, place, schema) -> list[str]:
        names = self._names(schema)
        return [problem for part in parts for problem in self.problems(part, value, place, names)]

    def _oneOf(self, choices, value, place, schema) -> list[str]:
        outcomes = [self.problems(choice, value, place) for choice in choices]
        right = sum(not outcome for outcome in outcomes)
        return [] if right == 1 else [f"{place}: fits {right} of the choices: {outcomes}"]


def _is(name: str, value) -> bool:
    if name in ("integer", "number"):
        return not isinstance(value, bool) and isinstance(value, int if name == "integer" else (int, float))
    return isinstance(value, _TYPES[name])
