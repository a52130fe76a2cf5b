"""Which kinds of labs there are, and which of them a lab is of."""

from macros.lab.lab import Lab


def find(name: str = "guide") -> Lab:
    """The lab of that name. GuideError when it is not up, or no longer whole."""
    from macros.lab import uml, vagrant  # noqa: PLC0415  they bring sh: only where a lab is used

    return vagrant.find(name) if vagrant.is_vagrant(name) else uml.find(name)
