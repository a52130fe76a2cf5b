"""Which kinds of labs there are, and which of them a lab is of."""

from macros.lab.lab import Lab


def find(name: str = "guide", *, kept: bool = False) -> Lab:
    """The lab of that name. GuideError when it is not up, or no longer whole.

    `kept`: one that failed, and was left as it was for a look, will do.
    """
    from macros.lab import uml, vagrant  # noqa: PLC0415  they bring sh: only where a lab is used

    if vagrant.is_vagrant(name):
        return vagrant.find(name, kept=kept)
    return uml.find(name, kept=kept)
