"""What is said of a lab that did not come up and was left as it was (`--keep`)."""


def reason(error: BaseException) -> str:
    """Why a lab did not come up, in a line."""
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "it was interrupted"
    # Of an error that spans lines, containers' logs and the like, the first says what it is.
    return str(error).partition("\n")[0] or type(error).__name__


def looks(name: str, node: str) -> str:
    """What can be done with it."""
    return (
        f"the lab {name!r} is kept as it is: guide lab ssh --name {name} {node} looks into it,"
        f" guide lab down --name {name} takes it down"
    )
