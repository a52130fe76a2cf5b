"""The bits of a header, handed out in order as fields, so that each belongs to exactly one.

A header that ends too early leaves a field "cut".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import NoReturn

from macros.packets.packet import Field, Layer

Text = str | Callable[[int], str]


class CutError(Exception):
    """The header ended before the field that was asked for."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a header is read in: the packet, where the header's payload ends, the layers before."""

    data: bytes
    wire: int
    end: int
    before: tuple[Layer, ...]
    quoted: bool

    @property
    def under(self) -> Layer | None:
        """The header around this one."""
        return self.before[-1] if self.before else None


class Bits:
    """The bits of one header, handed out in order as fields."""

    def __init__(self, around: Around, offset: int, length: int) -> None:
        self.around = around
        self.offset = offset
        self.stop = offset + length
        self.bit = offset * 8
        self.fields: list[Field] = []

    @property
    def byte(self) -> int:
        """The byte of the packet that the next field begins in."""
        return self.bit // 8

    @property
    def left(self) -> int:
        """Whole bytes not yet handed out."""
        return self.stop - (self.bit + 7) // 8

    def _cut(self) -> NoReturn:
        raise CutError

    def _add(
        self, name: str, label: str, bits: int, value: int | str, shown: str, meaning: str
    ) -> None:
        raw = self.around.data[self.byte : (self.bit + bits + 7) // 8]
        self.fields.append(Field(name, label, self.bit, bits, raw, value, shown, meaning))
        self.bit += bits

    def means(self, meaning: str, state: str = "") -> None:
        """What the field handed out last says."""
        self.fields[-1] = replace(self.fields[-1], meaning=meaning, state=state)

    def number(
        self, name: str, label: str, bits: int, shown: Text = "{}", meaning: Text = ""
    ) -> int:
        """The next `bits` as a number; `shown` and `meaning` are texts or functions of it."""
        if self.bit + bits > self.stop * 8:
            self._cut()
        first, last = self.byte, (self.bit + bits - 1) // 8
        whole = int.from_bytes(self.around.data[first : last + 1], "big")
        value = whole >> ((last + 1) * 8 - self.bit - bits) & ((1 << bits) - 1)
        text = shown(value) if callable(shown) else shown.format(value)
        means = meaning(value) if callable(meaning) else meaning
        self._add(name, label, bits, value, text, means)
        return value

    def little(self, name: str, label: str, count: int, meaning: str) -> int:
        """The next `count` bytes as a number whose first byte is its least."""
        if self.left < count:
            self._cut()
        value = int.from_bytes(self.around.data[self.byte : self.byte + count], "little")
        self._add(name, label, count * 8, value, str(value), meaning)
        return value

    def bytes(
        self,
        name: str,
        label: str,
        count: int,
        shown: Callable[[bytes], str] = lambda raw: raw.hex(" "),
        meaning: str | Callable[[str], str] = "",
    ) -> bytes:
        """The next `count` bytes; the value is the text that is shown."""
        if self.left < count:
            self._cut()
        raw = self.around.data[self.byte : self.byte + count]
        text = shown(raw)
        means = meaning(text) if callable(meaning) else meaning
        self._add(name, label, count * 8, text, text, means)
        return raw

    def rest(self, name: str, label: str, meaning: str) -> None:
        """What is left of the header as one field, if anything is."""
        bits = self.stop * 8 - self.bit
        if bits > 0:
            raw = self.around.data[self.byte : self.stop]
            self._add(name, label, bits, raw.hex(" "), raw.hex(" "), meaning)


def mac(raw: bytes) -> str:
    """02:42:ac:11:00:02."""
    return raw.hex(":")


def ipv4_text(raw: bytes) -> str:
    """172.17.0.2."""
    return str(IPv4Address(raw))


def ipv6_text(raw: bytes) -> str:
    """fe80::1."""
    return str(IPv6Address(raw))


def named(names_of: dict[int, str], form: str = "{}") -> Callable[[int], str]:
    """Shows a number with its name: "17 UDP"."""
    return lambda value: f"{form.format(value)} {names_of.get(value, '')}".rstrip()


def counted(number: int, noun: str) -> str:
    """1 byte, 2 bytes."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def header(
    reader: Callable[[Bits], None], around: Around, offset: int, length: int
) -> tuple[Field, ...]:
    """The fields that `reader` finds in a header at `offset`; they tile its `length` bytes."""
    bits = Bits(around, offset, length)
    try:
        reader(bits)
    except CutError:
        bits.rest("cut", "cut", "the header ends here, before its next field does")
    bits.rest("rest", "rest", "belongs to no field that is known here")
    return tuple(bits.fields)
