"""Find the values that a block binds in its answer."""

from macros.ground.errors import GuideError
from macros.ground.model import Block, Recording
from macros.record.secret_values import hidden
from macros.record.troubles import at
from macros.values.lookup import lookup


def extract(block: Block, recording: Recording) -> dict[str, str]:
    """The values that `block` binds, found in its answer. GuideError where one is not there."""
    values = {}
    printed = hidden(recording.text, recording.ran)
    for name, path in block.bind.items():
        try:
            value = lookup(recording, path)
        except GuideError as error:
            raise at(
                block,
                f"bind {name} of block {block.id} matches nothing: {error.message}",
                command=recording.ran,
                fix="correct the path in bind=; the answer began: " + repr(printed[:120]),
            ) from error
        values[name] = str(value)
    return values
