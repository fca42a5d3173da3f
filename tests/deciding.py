"""Decision files in a few words, for tests."""

from xml.sax.saxutils import escape, quoteattr

NS = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def cell(kind: str, number: int | str, text: str) -> str:
    return f'<{kind}Entry id="{kind}{number}"><text>{escape(text)}</text></{kind}Entry>'


def row(given: str | list[str], answer: str | list[str], number: int = 1, note: str = "") -> str:
    """One rule: its tests and its answers."""
    given, answer = ([each] if isinstance(each, str) else each for each in (given, answer))
    cells = "".join(cell("input", f"{number}_{n}", text) for n, text in enumerate(given))
    cells += "".join(cell("output", f"{number}_{n}", text) for n, text in enumerate(answer))
    cells += f"<annotationEntry><text>{escape(note)}</text></annotationEntry>" if note else ""
    return f'<rule id="r{number}">{cells}</rule>'


def _text(tag: str, text: str) -> str:
    return f'<{tag} id="{tag}"><text>{escape(text)}</text></{tag}>' if text else ""


def table(
    rows: str,
    policy: str = "UNIQUE",
    expression: str = "a.b",
    name: str = "svar",
    kind: str = "",
    values: str = "",
    allowed: str = "",
    default: str = "",
    aggregation: str = "",
) -> str:
    """A table with one input and one output. kind, values and default: of the output; allowed: the
    values of the input."""
    policy = f"hitPolicy={quoteattr(policy)}" + (aggregation and f' aggregation="{aggregation}"')
    return (
        f'<decisionTable id="t" {policy}><input id="i" label="Spørsmål"><inputExpression id="e">'
        f"<text>{escape(expression)}</text></inputExpression>{_text('inputValues', allowed)}"
        f'</input><output id="o" name="{name}"{kind and f" typeRef={quoteattr(kind)}"}>'
        f"{_text('outputValues', values)}{_text('defaultOutputEntry', default)}</output>"
        f"{rows}</decisionTable>"
    )


def a_decision(inner: str, decision_id: str = "valg", name: str = "Valg") -> str:
    return f'<decision id="{decision_id}" name="{name}">{inner}</decision>'


def a_file(*decisions: str, namespace: str = NS, **attributes: str) -> bytes:
    more = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    inside = "".join(decisions)
    return f'<definitions xmlns="{namespace}" id="d" name="d"{more}>{inside}</definitions>'.encode()


def requiring(*ids: str) -> str:
    """What stands in a decision that builds on these."""
    return "".join(
        f'<informationRequirement><requiredDecision href="#{each}"/></informationRequirement>'
        for each in ids
    )
