"""The rules that a block recorded, in the one form that ways are followed in."""

from macros.ground.commandline import call
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.kinds import registry, rules
from macros.kinds.fields import letters
from macros.ways import iptables, nftables
from macros.ways.ruleset import Rules


def ruleset_of(recording: Recording, table: str = "") -> Rules:
    """The rules of a block, by the tool that printed them; `table` where it printed several.

    GuideError where the block shows no rules.
    """
    asked = call(recording.ran)
    of_nft = isinstance(recording.twin, dict) and "nftables" in recording.twin
    if of_nft or (asked is not None and asked.tool == "nft"):
        terse = asked is not None and ("t" in letters(asked.args) or "--terse" in asked.args)
        return nftables.read(recording.text, recording.twin, table, terse=terse)
    if registry.kind_of(recording.ran) is rules.KIND:
        wanted = table or "nat"
        listed = registry.read(recording.ran, recording.text)
        if listed and wanted not in listed:
            # `iptables -S` does not print which table it lists; the command says it.
            raise GuideError(
                f"block {recording.id} shows no table {wanted}, only {', '.join(listed)}"
            )
        return iptables.read(recording.text, wanted)
    raise GuideError(
        f"block {recording.id} shows no rules: {recording.ran}",
        fix="name a block of iptables-save, iptables -S or nft list table",
    )
