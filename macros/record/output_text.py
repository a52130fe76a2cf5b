"""Output as bytes becomes text that can be kept, read and compared."""

import re

# Everything below a space but tab and newline, DEL, and the C1 controls (ECMA-48).
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def decode(output: bytes) -> str:
    r"""UTF-8, with every byte that is none, and every control character, escaped visibly.

    A terminal's escape sequence is shown as `\x1b[...`: it has no meaning on a page, and must
    not take effect in the terminal of whoever reads a diff.
    """
    text = output.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return _CONTROL.sub(lambda control: f"\\x{ord(control[0]):02x}", text)
