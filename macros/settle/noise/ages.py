"""How long ago, and how long still."""

import re

from macros.settle.declaration import Noise, patterns_of

# Kubernetes' duration.HumanDuration: two units at most, no blank between.
_AGO = r"\d+[ydhms](?:\d+[dhms])?"

NOISE = Noise(
    name="age",
    what="how long ago, how long still: ages in words, timers, timeouts of tracked connections",
    rank=20,
    patterns=patterns_of(
        (" ago", r"((?:\d+|About an?|Less than a) (?:second|minute|hour|day|week|month)s? ago)"),
        ("Up ", r"\bUp ((?:\d+|About an?|Less than a) (?:second|minute|hour|day|week|month)s?)"),
        ("_timer", r"_timer +(\d+\.\d\d)\b"),
        ("=", r"^[a-z]+ +\d+ (\d+) (?=[A-Z]|src=)"),
        (" used ", r" used (\d+/\d+/\d+)"),
        ("expires", r"\bexpires (\d+sec)\b"),
        ("_lft", r"_lft (\d+sec)\b"),
        # kubectl's AGE and LAST SEEN: a column of its own, so at least two blanks before it, and
        # what stands there is no value of a name with a colon.
        ("  ", rf"[^:\s] {{2,}}({_AGO})(?= {{2,}}| *$)"),
        ("  ", rf"^({_AGO})(?= {{2,}})"),
        (" ago)", rf" \(({_AGO}) ago\)"),
        (" over ", rf" \(x(\d+) over ({_AGO})\)"),
        # BIRD: what is left of a timer, of how much.
        (" timer:", r" timer: +([\d.]+)/\d+"),
    ),
    keys=re.compile(r".*_timer|expires|used|confirmed|updated"),
)
