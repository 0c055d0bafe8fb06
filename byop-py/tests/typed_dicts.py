"""Makes ``byop/types.py`` from the Rust types: ``python typed_dicts.py`` writes it.

Needs an installed byop, which knows the schemas of its types.
"""

from __future__ import annotations

import json
import keyword
import re
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "python" / "byop" / "types.py"
HEAD = '''"""The data of byop, as it comes out of ``json.loads``: plain dictionaries with these keys.

Made from the Rust types by ``tests/typed_dicts.py``: change them there. Times are milliseconds since 1970. A newer byop
may add keys, and values where a fixed set is named.
"""

import sys
from typing import Any, Literal, TypeAlias

if sys.version_info >= (3, 11):
    from typing import NotRequired, TypedDict
else:
    from typing_extensions import NotRequired, TypedDict
'''
PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
}
Schema = dict[str, Any]


class Writer:
    """Writes definitions, each after those that it needs."""

    def __init__(self, model: dict[str, Schema]) -> None:
        self.model = model
        self.written: list[str] = []
        self.begun: set[str] = set()

    def text(self) -> str:
        for name in sorted(self.model):
            self.define(name)
        text, was_class = HEAD, False
        for each in self.written:
            is_class = each.startswith("class ")
            text += ("\n\n" if is_class or was_class else "\n") + each
            was_class = is_class
        return text

    def define(self, name: str) -> None:
        if name in self.begun:
            return
        self.begun.add(name)
        schema = self.model[name]
        if "properties" in schema and "oneOf" not in schema:
            self.typed_dict(name, schema)
        else:
            doc = comment(schema)
            self.written.append(f"{doc}{alias(name, self.hint(schema, name))}\n")

    def typed_dict(self, name: str, schema: Schema, base: str = "TypedDict") -> str:
        required = set(schema.get("required", ()))
        fields = []
        for key, value in schema["properties"].items():
            hint = self.hint(value, name + camel(key))
            fields.append((key, hint if key in required else f"NotRequired[{hint}]", value))
        if any(keyword.iskeyword(key) or not key.isidentifier() for key, _, _ in fields):
            lines = "".join(f'        "{key}": {hint},\n' for key, hint, _ in fields)
            self.written.append(f'{comment(schema)}{name} = TypedDict(\n    "{name}",\n    {{\n{lines}    }},\n)\n')
        else:
            lines = "".join(f"{comment(value, '    ')}    {key}: {hint}\n" for key, hint, value in fields)
            doc = docstring(schema)
            self.written.append(f"class {name}({base}):\n{doc}{lines}")
        return name

    def hint(self, schema: Any, name: str) -> str:
        """The type of a value; what needs a class gets one of this name."""
        if "$ref" in schema and "properties" not in schema:
            target = schema["$ref"].rpartition("/")[2]
            self.define(target)
            return str(target)
        if "const" in schema:
            return f"Literal[{json.dumps(schema['const'])}]"
        if "enum" in schema:
            return literal(schema["enum"])
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self.union(schema[key], name)
        if isinstance(schema.get("type"), list):
            return " | ".join(self.hint({**schema, "type": each}, name) for each in schema["type"])
        if schema.get("type") == "array":
            if "prefixItems" in schema:
                parts = dict.fromkeys(self.hint(each, name) for each in schema["prefixItems"])
                return f"list[{' | '.join(parts)}]"
            return f"list[{self.hint(schema.get('items', {}), name)}]"
        if schema.get("properties"):
            if "$ref" in schema:
                base = schema["$ref"].rpartition("/")[2]
                self.define(base)
                return self.typed_dict(name, schema, base)
            return self.typed_dict(name, schema)
        if isinstance(schema.get("additionalProperties"), dict):
            return f"dict[str, {self.hint(schema['additionalProperties'], name)}]"
        return PLAIN.get(schema.get("type", ""), "Any")

    def union(self, parts: list[Schema], name: str) -> str:
        values = [part["const"] for part in parts if "const" in part]
        values += [value for part in parts for value in part.get("enum", ())]
        hints = [literal(values)] if values else []
        for part in parts:
            if "const" in part or "enum" in part:
                continue
            hints.append(self.hint(part, name + camel(tag(part))))
        return " | ".join(dict.fromkeys(hints))


def tag(part: Schema) -> str:
    """What tells this variant from the others."""
    properties = part.get("properties", {})
    if "const" in properties.get("type", {}):
        return str(properties["type"]["const"])
    return str(next(iter(properties), ""))


def literal(values: list[Any]) -> str:
    text = f"Literal[{', '.join(json.dumps(value) for value in values)}]"
    if len(text) < 90:
        return text
    return "Literal[\n" + "".join(f"    {json.dumps(value)},\n" for value in values) + "]"


def alias(name: str, hint: str) -> str:
    line = f"{name}: TypeAlias = {hint}"
    if len(line) <= 120 or " | " not in hint:
        return line
    if len(hint) + 4 <= 120:
        return f"{name}: TypeAlias = (\n    {hint}\n)"
    parts = hint.split(" | ")
    return f"{name}: TypeAlias = (\n    {parts[0]}\n" + "".join(f"    | {part}\n" for part in parts[1:]) + ")"


def camel(text: str) -> str:
    return "".join(part.capitalize() for part in text.split("_"))


def words(schema: Schema) -> str:
    """The first paragraph of what Rust says, without Rust's links."""
    text = str(schema.get("description", "")).split("\n\n")[0]
    text = re.sub(r"\[`?([^\]`]+)`?\](?:\([^)]*\))?", lambda found: f"`{found[1].rpartition('::')[2]}`", text)
    return " ".join(text.split()).replace("`", "``")


def wrapped(text: str, start: str, width: int = 120) -> str:
    lines, line = [], start
    for word in text.split(" "):
        if len(line) + len(word) + 1 > width:
            lines.append(line)
            line = start
        line += word if line == start else " " + word
    return "\n".join([*lines, line]) + "\n"


def comment(schema: Schema, indent: str = "") -> str:
    text = words(schema)
    return wrapped(text, f"{indent}#: ") if text else ""


def docstring(schema: Schema) -> str:
    text = words(schema)
    if not text:
        return ""
    body = wrapped(text, "    ", 114).removeprefix("    ").rstrip("\n")
    return f'    """{body}"""\n\n' if "\n" not in body else f'    """{body}\n    """\n\n'


def rendered() -> str:
    """The file as the types want it."""
    from byop import _byop

    return Writer(json.loads(_byop.model())).text()


if __name__ == "__main__":
    FILE.write_text(rendered())
