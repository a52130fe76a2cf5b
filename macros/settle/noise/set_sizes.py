"""What sets of addresses take and how long their members stay."""

from macros.settle.declaration import Noise, counted, patterns_of

NOISE = Noise(
    name="set of addresses",
    what="the memory that an ipset takes, and how long a member still stays in one; a member that"
    " stays for good has 0, which is a fact, and so is what new members get",
    rank=170,
    mask=counted,
    patterns=patterns_of(
        ("Size in memory: ", r"^Size in memory: (\d+)$"),
        # A member begins with an address or a MAC.
        (
            " timeout ",
            r"^(?:add \S+ )?(?=[0-9a-f]*[\d:])[0-9a-f.:]+\S*(?: nomatch)? timeout (\d+)(?= |$)",
        ),
    ),
)
