"""An address with its port, as tools write it: brackets around IPv6 (RFC 3986, section 3.2.2)."""


def bracketed(address: str) -> str:
    """10.42.0.3, or [fd42::3]."""
    return f"[{address}]" if ":" in address else address


def endpoint(address: str, port: object) -> str:
    """10.42.0.3:80, or [fd42::3]:80."""
    return f"{bracketed(address)}:{port}"


def host(end: str) -> str:
    """The address of an endpoint; also of one without a port, and without brackets."""
    if end.startswith("["):
        return end[1:].partition("]")[0]
    return end.rpartition(":")[0] if end.count(":") == 1 else end
