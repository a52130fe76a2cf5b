"""How a MAC came to be, said alike by settling and by comparing; and what is computed from one."""

from pathlib import Path

import pytest

from macros.compare import editions
from macros.ground import mac as macs
from tests.unit.settle_support import recording, settle_text, write

FORMS = {
    "86:e6:61:aa:b2:10": macs.Form("random", chance=True),
    "01:00:5e:00:00:01": macs.Form("group"),
    "00:16:3e:12:34:56": macs.Form("fixed by its maker"),
    "ee:ee:ee:ee:ee:ee": macs.Form("ee:ee:ee:ee:ee:ee"),
    # Docker until 27: a container, whose address need not be shown, and a bridge.
    "02:42:ac:11:00:02": macs.Form("02:42 + address"),
    "02:42:ac:1f:00:09": macs.Form("02:42 + address"),
    "02:42:e9:1b:0c:55": macs.Form("02:42 + random", chance=True),
    "02:42:0a:1b:0c:55": macs.Form("02:42 + random", chance=True),
    # CNI's bridge plugin, kubenet, OVN.
    "0a:58:0a:f4:03:01": macs.Form("0a:58 + address"),
    "0a:58:64:40:00:02": macs.Form("0a:58 + address"),
    "0a:58:cb:00:71:09": macs.Form("0a:58 + address"),
    "0a:58:cb:00:71:0a": macs.Form("0a:58 + address"),
    # slirp's, for 10.0.2.2; one by chance begins so as well.
    "52:55:0a:00:02:02": macs.Form("52:55 + address"),
    "52:55:18:40:9c:fc": macs.Form("random", chance=True),
    # Any prefix before an address that is shown.
    "06:00:0a:01:00:01": macs.Form("06:00 + address"),
    "aa:bb:0a:01:00:01": macs.Form("aa:bb + address"),
    "aa:bb:0a:01:00:02": macs.Form("random", chance=True),
    # The lab's, its pages', QEMU's; by chance one begins with two of QEMU's three bytes.
    "02:00:c0:a8:38:10": macs.Form("02:00 + address"),
    "06:00:0a:01:00:02": macs.Form("06:00 + address"),
    "02:00:00:00:01:02": macs.Form("set by hand"),
    # A pod's, as a kernel drew it on a lab.
    "06:00:94:21:48:10": macs.Form("random", chance=True),
    "52:54:00:12:34:56": macs.Form("set by hand"),
    "52:54:99:12:34:56": macs.Form("random", chance=True),
}
TEXTS = ["inet 172.17.0.2/16", "inet 10.1.0.1/24, inet 203.0.113.9/24"]
ADDRESSES = macs.tails(TEXTS, FORMS)


@pytest.mark.parametrize(("mac", "form"), FORMS.items())
def test_a_macs_form_follows_from_what_it_is_computed_from(mac: str, form: macs.Form) -> None:
    assert macs.form(mac, ADDRESSES) == form


@pytest.mark.parametrize("mac", FORMS)
def test_settling_and_comparing_say_the_same_of_a_mac(tmp_path: Path, mac: str) -> None:
    """What settling renames is a MAC by chance to comparing too, and the reverse."""
    text = (
        "2: eth0: <UP> mtu 1500\n    link/ether {}\n"
        "    inet 172.17.0.2/16 scope global eth0\n    inet 10.1.0.1/24 scope global eth0\n"
        "    inet 203.0.113.9/24 scope global eth0\n"
    )
    other = "86:e6:61:aa:b2:11" if not mac.startswith("02:42") else "02:42:e9:1b:0c:56"
    old, new = text.format(mac), text.format(other)
    hidden = settle_text(tmp_path, old, new, "ip addr") == old
    pages = [
        editions.page(write(tmp_path / side / "page", [recording("a", text, "ip addr")]))
        for side, text in (("before", old), ("after", new))
    ]
    told = [change.what for change in editions.pages(*pages)]
    assert hidden == macs.form(mac, ADDRESSES).chance
    if not hidden:
        change = f"MAC of eth0: from {FORMS[mac].words} to {macs.form(other, ADDRESSES).words}"
        assert told == [change]


def test_ovns_macs_for_ipv6_are_computed_too() -> None:
    # IPAddrToHWAddr("fd00::5"): SHA-256 of the text, or of the bytes; before, parts of the address.
    for tail in ("67:cc:13:6b", "96:aa:09:cb", "fd:00:00:05"):
        assert macs.form(f"0a:58:{tail}") == macs.Form("0a:58 + address")


@pytest.mark.parametrize("mac", ["86:06:61:aa:02:10", "02:00:00:00:00:01", "16:fd:11:00:00:00"])
def test_what_is_computed_from_a_mac_leads_back_to_it(mac: str) -> None:
    assert macs.of_link_local(macs.link_local(mac)) == mac
    assert macs.tail_of_group(macs.solicited(mac)) == mac[9:]
    assert macs.tail_of_group(macs.multicast(mac)) == mac[9:]
    assert macs.long(macs.short(mac)) == mac


def test_no_mac_is_read_out_of_another_address() -> None:
    assert macs.of_link_local("fe80::1") == ""
    assert macs.of_link_local("2001:db8::84e6:61ff:feaa:b210") == ""
    assert macs.of_link_local("no address") == ""


def test_where_macs_and_addresses_are_many_four_bytes_agree_by_chance() -> None:
    """A second MAC with the same two bytes in front tells what computes them."""
    macs_of_many = {
        f"3e:12:99:{index >> 16:02x}:{index >> 8 & 255:02x}:{index & 255:02x}"
        for index in range(9000)
    }
    text = " ".join(f"10.1.{index >> 8}.{index & 255}" for index in range(1000))
    agrees, second = "7a:55:0a:01:00:05", "7a:55:0a:01:00:06"
    assert macs.tails([text], [agrees]) == {"0a:01:00:05"}
    assert macs.tails([text], {*macs_of_many, agrees}) == frozenset()
    assert macs.tails([text], {*macs_of_many, agrees, second}) == {"0a:01:00:05", "0a:01:00:06"}
