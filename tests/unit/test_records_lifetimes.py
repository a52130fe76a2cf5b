"""How long an address is valid: as `ip addr` prints it."""

import pytest

from macros.ground.errors import GuideError
from macros.kinds.registry import read

# `ip addr` in a lab's node, eth0; iproute2 7.0. The lifetime as DHCP would give it.
TEXT = (
    "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UNKNOWN\n"
    "    link/ether 02:00:0a:00:02:0f brd ff:ff:ff:ff:ff:ff\n"
    "    inet 10.0.2.15/24 scope global eth0\n"
    "       valid_lft {} preferred_lft forever\n"
)


def test_a_lifetime_in_seconds_is_read() -> None:
    records = read("ip addr", TEXT.format("3600sec"))
    assert "3600" in repr(records)


def test_a_lifetime_that_is_none_names_its_line() -> None:
    with pytest.raises(GuideError, match="4"):
        read("ip addr", TEXT.format("soon"))
