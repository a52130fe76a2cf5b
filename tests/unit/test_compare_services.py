"""kube-proxy's rules as recorded on a cluster: where their order means nothing, and where it does."""

from macros.compare import entries
from macros.kinds import rules
from macros.store import form
from tests.unit.settle_support import DATA

SAVED = form.read(DATA / "kubernetes" / "a" / "rules.txt", "")


def changes(old: str, new: str) -> list[str]:
    was, now = (rules.entries(rules.read(text)) for text in (old, new))
    return [change.what for change in entries.compare(rules.KIND, was, now)]


def swapped(text: str, one: str, other: str) -> str:
    """The first lines that contain `one` and `other` change places."""
    lines = text.split("\n")
    first = next(index for index, line in enumerate(lines) if one in line)
    second = next(index for index, line in enumerate(lines) if other in line)
    lines[first], lines[second] = lines[second], lines[first]
    return "\n".join(lines)


def test_rules_of_different_services_come_in_any_order() -> None:
    new = swapped(
        SAVED.text, "-A KUBE-SERVICES -d 10.43.0.1/32", "-A KUBE-SERVICES -d 10.43.0.80/32"
    )
    assert new != SAVED.text
    assert changes(SAVED.text, new) == []


def test_the_rule_for_node_ports_must_be_the_last() -> None:
    new = swapped(
        SAVED.text, "-A KUBE-SERVICES -d 10.43.0.80/32", "NOTE: this must be the last rule"
    )
    assert any("moved in KUBE-SERVICES" in what for what in changes(SAVED.text, new))


def test_a_service_that_is_new_is_said() -> None:
    line = next(
        line for line in SAVED.text.split("\n") if line.startswith("-A KUBE-SERVICES -d 10.43.0.80")
    )
    more = line.replace("10.43.0.80", "10.43.0.99")
    described = changes(SAVED.text, SAVED.text.replace(line, f"{more}\n{line}"))
    assert [what.split(":")[0] for what in described] == [
        "rule added to KUBE-SERVICES (nat) at place 4"
    ]


def test_replicas_of_one_service_in_another_order_are_said() -> None:
    new = swapped(SAVED.text, "--probability 0.33333333349", "--probability 0.50000000000")
    assert any("moved in KUBE-SVC-" in what for what in changes(SAVED.text, new))
