"""A packet as read: layers of fields, each of which knows its own bits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one header.

    `offset` and `length` are in bits; the offset counts from the first bit of the packet. `raw`
    holds every byte that the field touches, so two fields can share one. `value` is what a
    program compares, `shown` what a reader sees, `meaning` one short sentence or nothing.
    `state` says how a checksum is: right, wrong, partial, none or unknown; else it is empty.
    """

    name: str
    label: str
    offset: int
    length: int
    raw: bytes
    value: int | str
    shown: str
    meaning: str = ""
    state: str = ""

    @property
    def first(self) -> int:
        """The first byte of the packet that the field touches."""
        return self.offset // 8

    @property
    def last(self) -> int:
        """The last byte that the field touches (an empty field: the one before its first)."""
        return (self.offset + self.length - 1) // 8


@dataclass(frozen=True, slots=True)
class Layer:
    """One header, or the data or the padding, with the fields that tile it.

    `offset` and `length` are the header's own bytes; `end` is the byte after all that it carries.
    `role` is "outer" or "inner" where a name occurs twice, "quoted" inside an ICMP error.
    """

    name: str
    offset: int
    length: int
    end: int
    fields: tuple[Field, ...]
    role: str = ""

    def get(self, name: str) -> Field | None:
        """The first field of that name."""
        return next((field for field in self.fields if field.name == name), None)

    def __getitem__(self, name: str) -> Field:
        field = self.get(name)
        if field is None:
            raise KeyError(f"{self.name} has no field {name}")
        return field

    @property
    def title(self) -> str:
        """The name as a reader sees it: "IPv4, outer"."""
        return f"{self.name}, {self.role}" if self.role else self.name


@dataclass(frozen=True, slots=True)
class Packet:
    """One record of a capture.

    `number` counts from 1; `time` is in nanoseconds since 1970; `wire` is the length that the
    packet had, `captured` the length that was kept of it (`len(data)`).
    """

    number: int
    time: int
    wire: int
    captured: int
    data: bytes
    layers: tuple[Layer, ...]

    def all(self, name: str) -> tuple[Layer, ...]:
        """The layers of that name, outermost first; those quoted by an ICMP error are left out."""
        return tuple(
            layer for layer in self.layers if layer.name == name and layer.role != "quoted"
        )

    def first(self, name: str) -> Layer | None:
        """The outermost layer of that name."""
        return next(iter(self.all(name)), None)

    def last(self, name: str) -> Layer | None:
        """The innermost layer of that name."""
        return next(reversed(self.all(name)), None)
