"""Conditions on versions, as `only` and `when` have them."""

import pytest

from macros.ground.conditions import holds
from macros.ground.errors import GuideError

VERSIONS = {"Docker": "28.5.2", "systemd": "262.1", "Kubernetes": "v1.36.3"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", True),
        ("Docker >= 28", True),
        ("Docker >= 28.5.2", True),
        ("Docker >= 28.5.3", False),
        ("Docker >= 29", False),
        ("Docker < 28", False),
        ("Docker < 29", True),
        ("Docker > 28", False),  # 28.5 is 28: as many parts count as the condition names
        ("Docker > 28.4", True),
        ("Docker == 28", True),
        ("Docker == 28.5", True),
        ("Docker != 28", False),
        ("Docker <= 28", True),
        ("Docker >= 3", True),  # numbers, not letters
        ("systemd == 262.1.0", True),
        ("Kubernetes >= v1.36", True),
        ("Kubernetes < 1.37", True),
        ("Docker >= 28 and systemd < 258", False),
        ("Docker >= 28 and systemd >= 258", True),
        ("Calico >= 3.30", True),  # not named by the edition: newer than any
        ("Calico < 3.30", False),
        ("Calico == 3.30", False),
    ],
)
def test_a_condition_holds_for_versions(condition: str, expected: bool) -> None:
    assert holds(condition, VERSIONS) is expected


@pytest.mark.parametrize("condition", ["Docker", "Docker 28", ">= 28", "Docker >= new", "a => 1"])
def test_what_is_no_condition_is_said(condition: str) -> None:
    with pytest.raises(GuideError, match="is not a condition") as caught:
        holds(condition, VERSIONS)
    assert "Docker >= 28" in str(caught.value.fix)
