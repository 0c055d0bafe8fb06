"""Makes ``byop/types.py`` from the Rust types: ``python typed_dicts.py`` writes it.

Needs an installed byop, which knows the schemas of its types.
"""

from __future__ import annotations

import json
import keyword
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "python" / "byop" / "types.py"
HEAD = '''"""The data that byop takes and returns: plain dictionaries with these keys, as ``json.loads`` returns them.

Times are milliseconds since 1970. A newer version of byop may add keys, and values to fixed sets of values.
"""

# Generated from the Rust types by tests/typed_dicts.py: change them there.

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
            values = [f"- ``{part['const']}``: {words(part)}" for part in schema.get("oneOf", ()) if "const" in part]
            self.written.append(f"{alias(name, self.hint(schema, name))}\n{docstring(schema, '', values)}")

    def typed_dict(self, name: str, schema: Schema, base: str = "TypedDict") -> str:
        required = set(schema.get("required", ()))
        fields = []
        for key, value in schema["properties"].items():
            hint = self.hint(value, name + camel(key))
            fields.append((key, hint if key in required else f"NotRequired[{hint}]", value))
        # A class cannot have a field named like a keyword: such fields come from a base, and the class documents them.
        odd = [(key, hint) for key, hint, _ in fields if keyword.iskeyword(key)]
        doc = docstring(schema, "    ")
        if odd:
            lines = "".join(f'        "{key}": {hint},\n' for key, hint in odd)
            self.written.append(f'_{name} = TypedDict(\n    "_{name}",\n    {{\n{lines}    }},\n)\n')
            # The last one again, because pdoc looks for it.
            base = f"_{name}, TypedDict"
            texts = [f"``{key}``: {words(schema['properties'][key])}" for key, _ in odd]
            doc = docstring(schema, "    ", texts)
        lines = "".join(
            f"    {key}: {hint}\n{docstring(value, '    ')}"
            for key, hint, value in fields
            if not keyword.iskeyword(key)
        )
        space = "\n" if doc else ""
        self.written.append(f"class {name}({base}):\n{doc}{space}{lines}")
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
                return self.typed_dict(name, schema, f"{base}, TypedDict")
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


#: A piece of code, or a link of Rust's with or without an address.
LINK = re.compile(r"`[^`]+`|\[`?([\w:]+)`?\](?:\([^)]*\))?")


def words(schema: Schema) -> str:
    """The first paragraph of what Rust says, without Rust's links."""
    text = str(schema.get("description", "")).split("\n\n")[0]
    text = LINK.sub(lambda found: f"`{found[1].rpartition('::')[2]}`" if found[1] else found[0], text)
    return " ".join(text.split()).replace("`", "``")


def docstring(schema: Schema, indent: str = "", more: Sequence[str] = ()) -> str:
    """The words as a docstring, of a class, a field or an alias."""
    texts = [text for text in (words(schema), *more) if text]
    if not texts:
        return ""
    if len(texts) == 1 and len(indent) + len(texts[0]) + 6 <= 120:
        return f'{indent}"""{texts[0]}"""\n'
    first, *rest = (
        textwrap.fill(
            text,
            117 if at == 0 else 120,
            break_long_words=False,
            break_on_hyphens=False,
            initial_indent=indent,
            subsequent_indent=indent + ("  " if text.startswith("- ") else ""),
        )
        for at, text in enumerate(texts)
    )
    space = "\n" if rest else ""
    return f'{indent}"""{first.lstrip()}\n{space}' + "".join(f"{text}\n" for text in rest) + f'{indent}"""\n'


def rendered() -> str:
    """The file as the types want it."""
    from byop import _byop

    return Writer(json.loads(_byop.model())).text()


if __name__ == "__main__":
    FILE.write_text(rendered())
