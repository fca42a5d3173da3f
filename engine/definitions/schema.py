"""Reads a form-js file into fields, and finds everything that is wrong with it at once.

A form comes from a person with a form editor, so nothing in it is trusted: sizes are bounded, only
known component types are taken, and expressions are looked at before anybody meets them.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from engine.definitions import values
from engine.definitions.fields import PEOPLE, Component, Field, Group, Kind, Option, Text
from engine.definitions.findings import Finding
from engine.refusals import Reason

Check = Callable[[str], Any]
"""Says what is wrong with an expression, or None; `engine.definitions.feel.check`."""

BYTES = 512 * 1024
DEPTH = 24
COMPONENTS = 300
OPTIONS = 200
SOURCES = ("elever", "ansatte", "foresatte")
MARKS = ("elev", "alvorlig", "mottatt", "stilling", "skjermet_ansatt", "skjermet_ledelse")
GIVEN_ROLES = ("saksansvarlig", "undersoker", "tilrettelegger", "ansvarlig")
# What a choice that gives a case role may offer: whoever holds the chosen role at the school.
HELD_ROLES = frozenset(
    ["rektor", "ledelse", "faglaerer", "miljoarbeider", "aks", "sosialveileder", "helsesykepleier"]
)

_TEXTS = Path(__file__).with_name("schema.toml")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_FEEL_NAMES = """rad element naa i_dag historikk person true false null if then else for in return
some every satisfies and or not between instance of function date time duration item"""
_PAGE_NAMES = "csrf_token send lagre oppdater legg_til fjern"
_TAKEN = frozenset(f"{_FEEL_NAMES} {_PAGE_NAMES}".split())
_KINDS = {
    "textfield": Kind.TEXT,
    "textarea": Kind.LONGTEXT,
    "number": Kind.NUMBER,
    "checkbox": Kind.YES,
    "radio": Kind.CHOICE,
    "select": Kind.CHOICE,
    "checklist": Kind.CHOICES,
    "dynamiclist": Kind.LIST,
}
_MANY = {Kind.CHOICE: Kind.CHOICES, Kind.PERSON: Kind.PERSONS}
_RULES = ("required", "min", "max", "minLength", "maxLength", "validationType")


class Schema:
    """A form's file, read. `id` and `components` may be used only when `findings` is empty."""

    def __init__(self, data: bytes, check: Check | None = None):
        self.findings: list[Finding] = []
        self.id, self.components = "", ()
        self._check, self._count = check, 0
        tree = self._load(data)
        if tree is not None:
            self.id = tree["id"]
            self.components = self._components(tree.get("components"), set(), in_list=False)

    def _load(self, data: bytes) -> dict | None:
        if len(data) > BYTES:
            return self._unreadable(f"det er større enn {BYTES // 1024} kB", "it is too big")
        try:
            tree = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return self._unreadable("det er ikke gyldig JSON", "it is not valid JSON")
        if _is_deeper(tree, DEPTH):
            return self._unreadable("det har for mange nivåer", "it nests too deeply")
        if not _is_writable(tree):
            return self._unreadable("det har tegn som ikke kan vises", "it has broken characters")
        if not isinstance(tree, dict) or tree.get("type") != "default":
            return self._unreadable("det er ikke et skjema fra form-js", "it is no form-js form")
        if not isinstance(tree.get("id"), str) or not _NAME.fullmatch(tree["id"]):
            return self._unreadable("det mangler en id av bokstaver og tall", "its id is no name")
        return tree

    def _unreadable(self, why: str, why_en: str) -> None:
        self._find("fil", None, None, why=why, why_en=why_en)

    def _find(self, rule: str, element: str | None, name: str | None, **words) -> None:
        texts = {key: text.format(name=name, **words) for key, text in _texts()[rule].items()}
        self.findings.append(Finding(f"skjema.{rule}", "error", element, name, **texts))

    def _components(self, raw: Any, keys: set[str], in_list: bool) -> tuple[Component, ...]:
        return tuple(
            component
            for each in (raw if isinstance(raw, list) else [])
            if (component := self._component(_Node(each), keys, in_list)) is not None
        )

    def _component(self, node: _Node, keys: set[str], in_list: bool) -> Component | None:
        self._count += 1
        if self._count > COMPONENTS:
            if self._count == COMPONENTS + 1:
                self._find("stoerrelse", None, None, limit=COMPONENTS)
            return None
        hide = self._expression(node, node.part("conditional").get("hide"), "conditional.hide")
        name = node.text("id")[:80] or f"del{self._count}"
        if node.type == "text":
            return Text(name, node.text("text"), hide)
        if node.type == "group":
            inner = self._components(node.get("components"), keys, in_list)
            if node.get("path"):
                self._find("nokkel", name, node.name, what=str(node.get("path"))[:80])
            return Group(name, node.text("label"), node.text("description"), hide, inner)
        return self._field(node, name, hide, keys, in_list)

    def _field(self, node: _Node, name: str, hide, keys: set[str], in_list: bool) -> Field | None:
        kind = self._kind(node)
        if kind is None:
            self._find("komponent", name, node.name, what=node.type[:40])
            return None
        key = node.text("path" if kind is Kind.LIST else "key")
        self._check_key(node, name, key, keys)
        label = node.text("label") or node.text("dateLabel")
        if not label or label.startswith("="):
            self._find("ledetekst", name, node.name)
        field = Field(
            id=name,
            key=key,
            kind=kind,
            label=label,
            help=node.text("description"),
            hide=hide,
            default=node.get("defaultValue"),
            standard=self._expression(node, node.own("standard"), "standard"),
            missing=node.own("mangler"),
            lovkrav=node.own("lovkrav"),
            why=node.own("hvorfor"),
            scale=node.own("visning") == "skala",
            dropdown=node.type == "select",
            half=node.is_half,
            **self._rules(node, name, kind),
            **self._options(node, name, kind),
            **self._krav(node, name),
            **self._people(node, name, kind),
            **self._list(node, name, kind, label, in_list),
        )
        self._check_default(node, field)
        return field

    def _kind(self, node: _Node) -> Kind | None:
        if node.type == "datetime":
            return {"date": Kind.DATE, "datetime": Kind.DATETIME}.get(node.text("subtype"))
        kind = _KINDS.get(node.type)
        if kind in (Kind.CHOICE, Kind.CHOICES) and node.get("valuesKey"):
            kind = Kind.PERSON if kind is Kind.CHOICE else Kind.PERSONS
        return _MANY.get(kind, kind) if node.own("flere") == "ja" else kind

    def _check_key(self, node: _Node, name: str, key: str, keys: set[str]) -> None:
        if not _NAME.fullmatch(key) or key in _TAKEN:
            self._find("nokkel", name, node.name, what=key[:80])
        elif key in keys:
            self._find("nokkel_brukt", name, node.name, what=key)
        keys.add(key)

    def _check_default(self, node: _Node, field: Field) -> None:
        if field.kind in (Kind.LIST, *PEOPLE) or values.is_empty(field.default):
            return
        try:
            values.read(field, field.default, None)
        except values.Unreadable:
            self._find("regel", field.id, node.name, what="defaultValue")

    def _rules(self, node: _Node, name: str, kind: Kind) -> dict:
        rules = node.part("validate")
        known = {key: rules.get(key) for key in ("min", "max", "minLength", "maxLength")}
        low, high, short, long = (_number(value) for value in known.values())
        for rule, value in rules.items():
            typed = rule == "validationType" and value not in ("", "custom", None)
            wrong = rule in known and not values.is_empty(value) and _number(value) is None
            if rule not in _RULES or typed or wrong:
                self._find("regel", name, node.name, what=rule[:40])
        for attribute in ("disabled", "readonly"):
            if node.get(attribute):
                self._find("regel", name, node.name, what=attribute)
        scale = kind is Kind.NUMBER and node.own("visning") == "skala"
        if low is not None and high is not None and not low <= high:
            self._find("regel", name, node.name, what="min")
        if scale and (low is None or high is None or not 0 < high - low <= 20):
            self._find("regel", name, node.name, what="skala")
        return {
            "required": rules.get("required") is True,
            "minimum": low,
            "maximum": high,
            "whole": scale or node.get("decimalDigits") == 0,
            "min_length": int(short or 0),
            "max_length": min(int(long or Field.max_length), Field.max_length),
        }

    def _options(self, node: _Node, name: str, kind: Kind) -> dict:
        if kind in PEOPLE:
            if node.get("valuesKey") not in SOURCES:
                self._find("valg", name, node.name)
            return {"source": node.get("valuesKey")}
        if kind not in (Kind.CHOICE, Kind.CHOICES):
            return {}
        raw = node.get("values")
        options = [Option(*pair) for pair in map(_option, raw if isinstance(raw, list) else [])]
        given = [str(option.value) for option in options]
        if not 0 < len(options) <= OPTIONS or len(set(given)) < len(given) or "" in given:
            self._find("valg", name, node.name)
        return {"options": tuple(options)}

    def _krav(self, node: _Node, name: str) -> dict:
        krav = self._expression(node, node.own("krav"), "krav")
        if krav is None:
            return {}
        code = node.own("kravkode") or Reason.UGYLDIG_SVAR
        if code not in set(Reason) or not node.own("kravtekst"):
            self._find("krav", name, node.name, codes=", ".join(Reason))
            return {}
        return {"krav": krav, "krav_code": Reason(code), "krav_text": node.own("kravtekst")}

    def _people(self, node: _Node, name: str, kind: Kind) -> dict:
        staff = kind in PEOPLE and node.get("valuesKey") == "ansatte"
        for what, allowed in (("habil", ("ja",)), ("part", ("nevnt", "mistenkt"))):
            if node.own(what) and (not staff or node.own(what) not in allowed):
                self._find("egenskap", name, node.name, what=what)
        marks = node.own("merker") or None
        if marks and marks not in MARKS:
            self._find("egenskap", name, node.name, what="merker")
        held = (
            kind is Kind.CHOICE
            and {
                str(each.get("value"))
                for each in node.get("values") or ()
                if isinstance(each, dict)
            }
            <= HELD_ROLES
        )
        roles = {what: node.own(what) or None for what in ("gir_rolle", "gir_rolle_i_elevens_sak")}
        for what, role in roles.items():
            chosen = (kind is Kind.PERSON and staff) or (what == "gir_rolle" and held)
            if role and not (chosen and role in GIVEN_ROLES):
                self._find("egenskap", name, node.name, what=what)
        return {
            "habil": node.own("habil") == "ja",
            "part": node.own("part") or None,
            "gives_role": roles["gir_rolle"],
            "gives_role_in_pupils_case": roles["gir_rolle_i_elevens_sak"],
            "marks": marks,
        }

    def _list(self, node: _Node, name: str, kind: Kind, label: str, in_list: bool) -> dict:
        if kind is not Kind.LIST:
            return {}
        inner = self._components(node.get("components"), set(), in_list=True)
        if in_list or not inner:
            self._find("liste", name, node.name)
        first = _number(node.get("defaultRepetitions"))
        if first is None:
            first = 1 if node.part("validate").get("required") is True else 0
        return {
            "components": inner,
            "rows": self._expression(node, node.own("rader"), "rader"),
            "row_title": self._expression(node, node.own("radtittel"), "radtittel"),
            "row_name": node.own("rad_navn") or _row_name(label),
            "first_rows": int(min(max(first, 0), 10)),
        }

    def _expression(self, node: _Node, text: Any, what: str) -> str | None:
        if not isinstance(text, str) or not text.strip():
            return None
        expression = text.strip().removeprefix("=").strip()
        wrong = self._check(expression) if self._check else None
        if wrong:
            self._find("uttrykk", node.text("id")[:80], node.name, what=what, why=str(wrong))
        return expression


class _Node:
    """One component of the file, read without trust in the shape of anything."""

    def __init__(self, raw: Any):
        self._raw = raw if isinstance(raw, dict) else {}
        self.type = self.text("type")
        known = (self.text(key) for key in ("label", "dateLabel", "key", "path", "id", "type"))
        self.name = next(filter(None, known), "?")[:80]

    def get(self, key: str) -> Any:
        return self._raw.get(key)

    def text(self, key: str) -> str:
        value = self._raw.get(key)
        return value.strip() if isinstance(value, str) else ""

    def part(self, key: str) -> dict:
        value = self._raw.get(key)
        return value if isinstance(value, dict) else {}

    def own(self, key: str) -> str:
        """One of our own properties, as text."""
        value = self.part("properties").get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return value.strip() if isinstance(value, str) else ""

    @property
    def is_half(self) -> bool:
        columns = _number(self.part("layout").get("columns"))
        return columns is not None and columns <= 8


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(_TEXTS.read_text("utf-8"))


def _no_constant(name: str):
    raise ValueError(name)


def _is_deeper(tree: Any, limit: int) -> bool:
    """Whether anything in `tree` stands more than `limit` levels down; without recursion."""
    level = [tree]
    for _ in range(limit):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)


def _is_writable(tree: Any) -> bool:
    """Whether no text in it has half a character (a lone surrogate), which no page can hold."""
    try:
        json.dumps(tree, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _row_name(label: str) -> str:
    """What a row is called when nobody has said: the list's label, unless it is a question."""
    return "en rad" if label.endswith("?") else label[:1].lower() + label[1:]


def _number(value: Any) -> int | float | None:
    """A rule's number; the editor writes some as text."""
    field = Field(id="", key="", kind=Kind.NUMBER, label="")
    try:
        return values.read(field, value, None)
    except values.Unreadable:
        return None


def _option(raw: Any) -> tuple[str | int, str]:
    node = raw if isinstance(raw, dict) else {}
    value, label = node.get("value"), node.get("label")
    value = value if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return value, label if isinstance(label, str) and label else str(value)
