"""How long curl tried to connect."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="patience",
    what="how long curl tried: at once or not is a fact, and so are whole seconds of its own limit."
    " A refusal that comes while the caller still holds the socket is not heard (tcp_v4_err), the"
    " next one is, a second later: both are at once",
    rank=110,
    mask=lambda value: "at once" if int(value) < 2000 else "later",
    patterns=patterns_of((" ms: ", r"^ *curl: \(7\) .* after (\d+) ms: ")),
)
