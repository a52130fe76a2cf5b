"""No key and no token gets into a recording; what is not secret stays as it was printed."""

from pathlib import Path

import pytest

from macros.record.secret_values import Secrets, hidden
from macros.store import form

_OWN = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
_PUBLIC = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw="
_PEER = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
_SHARED = "FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE="
_DUMP = (
    f"wg0\t{_OWN}\t{_PUBLIC}\t51820\toff\n"
    f"wg0\t{_PEER}\t{_SHARED}\t192.0.2.2:51820\t10.42.1.0/24\t1796000000\t148\t180\t25\n"
)
_JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("command", "printed", "kept"),
    [
        (
            "wg show all dump",
            _DUMP,
            _DUMP.replace(_OWN, "(hidden)").replace(_SHARED, "(hidden)"),
        ),
        (
            "wg show wg0 dump",
            _DUMP.replace("wg0\t", ""),
            _DUMP.replace("wg0\t", "").replace(_OWN, "(hidden)").replace(_SHARED, "(hidden)"),
        ),
        ("wg genkey", f"{_OWN}\n", "(hidden)\n"),
        ("wg show wg0 private-key", f"{_OWN}\n", "(hidden)\n"),
        ("wg show all private-key", f"wg0\t{_OWN}\n", "wg0\t(hidden)\n"),
        ("wg show wg0 preshared-keys", f"{_PEER}\t{_SHARED}\n", f"{_PEER}\t(hidden)\n"),
        ("wg showconf wg0", f"PrivateKey = {_OWN}\n", "PrivateKey = (hidden)\n"),
        ("WG_HIDE_KEYS=never wg", f"  private key: {_OWN}\n", "  private key: (hidden)\n"),
        (
            "ip xfrm state",
            "\tauth-trunc hmac(sha256) 0x0123456789abcdef0123456789abcdef 128\n",
            "\tauth-trunc hmac(sha256) (hidden) 128\n",
        ),
        (
            "cat key.pem",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\n(hidden)\n-----END RSA PRIVATE KEY-----\n",
        ),
        ("kubectl create token web", f"{_JWT}\n", "(hidden)\n"),
        ("kubeadm token list", "abc123.0123456789abcdef   23h\n", "(hidden)   23h\n"),
        ("wg genkey | tee /k; wg pubkey </k", f"{_OWN}\n{_PUBLIC}\n", f"(hidden)\n{_PUBLIC}\n"),
        (
            "wg show wg0 public-key; wg show wg0 private-key",
            f"{_PUBLIC}\n{_OWN}\n",
            f"{_PUBLIC}\n(hidden)\n",
        ),
        ("openssl rand -hex 16", "0f1e2d3c4b5a69788796a5b4c3d2e1f0\n", "(hidden)\n"),
        (
            "kubectl config view --raw",
            "    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURQ==\n",
            "    client-key-data: (hidden)\n",
        ),
    ],
)
def test_a_secret_is_left_out(command: str, printed: str, kept: str) -> None:
    assert hidden(printed, command) == kept


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("wg show", f"  public key: {_PUBLIC}\n  private key: (hidden)\n"),
        ("wg genkey | wg pubkey", f"{_PUBLIC}\n"),
        ("wg show all public-key", f"wg0\t{_PUBLIC}\n"),
        ("wg show wg0 endpoints", f"{_PEER}\t192.0.2.2:51820\n"),
        ("ip xfrm state", "src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi 0xc0000001 reqid 1\n"),
        ("cat cert.pem", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n"),
        ("kubectl get svc", "web.default.svc.cluster.local\n"),
    ],
)
def test_what_is_no_secret_stays(command: str, printed: str) -> None:
    assert hidden(printed, command) == printed


def test_json_has_none_either() -> None:
    assert Secrets().hide_in({"a": [_JWT, 3, None]}) == {"a": ["(hidden)", 3, None]}


def test_no_recording_of_the_guide_has_one() -> None:
    folder = Path(__file__).parents[2] / "recordings"
    for path in [*folder.rglob("*.txt"), *folder.rglob("*.json")]:
        text = path.read_text(encoding="utf-8")
        assert hidden(text) == text, path
    for path in folder.rglob("*/*/*.txt"):
        block = form.read(path, "")
        assert hidden(block.text, block.ran) == block.text, path
        secrets = Secrets()
        secrets.learn_json(block.twin)
        assert not len(secrets), path
