"""The kinds of identities that a cluster has: what Kubernetes, CNI and Calico name by chance."""

import hashlib
import re

from macros.settle.declaration import Identity, found

# Kubernetes' rand.String and SafeEncodeString draw from these: no vowel, no digit like a letter.
# https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
# What a page may write after a dash in just these letters.
_WORDS = frozenset({"https", "http2"})
_UUID = "[0-9a-f]{8}%s[0-9a-f]{4}%s[0-9a-f]{4}%s[0-9a-f]{4}%s[0-9a-f]{12}"

NAMESPACES = ("default", "kube-system", "calico-system", "calico-apiserver")
"""Where pods are whose `cali` names are known."""

UID = Identity(
    name="uid",
    what="a UUID: an object's uid, the name of a pod's network namespace (cni-...), a boot's id",
    scope="lab",
    form=lambda _value: "uuid",
    pinned=True,
    patterns=found(
        ("-", rf"(?<![0-9a-f])(?P<v>{_UUID % (('-',) * 4)})(?![0-9a-f])"),
        # In the name of a pod's cgroup.
        ("_", rf"(?:(?<![0-9a-f])|(?<=pod))(?P<v>{_UUID % (('_',) * 4)})(?![0-9a-f])"),
    ),
    same=(
        (
            "cni-9b34234a-e229-c19f-4206-cca24efe9116 (id: 0)",
            "cni-628a42fe-321d-6828-0deb-21f60eb194c8 (id: 0)",
        ),
        (
            (
                "  uid: 23dbbc4e-41c8-499b-8e80-287993b569f8\n"
                "kubepods-besteffort-pod23dbbc4e_41c8_499b_8e80_287993b569f8.slice"
            ),
            (
                "  uid: 3b27ae5c-aca2-4e23-a4ea-aa974de6f5ec\n"
                "kubepods-besteffort-pod3b27ae5c_aca2_4e23_a4ea_aa974de6f5ec.slice"
            ),
        ),
    ),
    differ=(
        (
            (
                "  uid: 23dbbc4e-41c8-499b-8e80-287993b569f8\n"
                "  uid: 23dbbc4e-41c8-499b-8e80-287993b569f8"
            ),
            (
                "  uid: 3b27ae5c-aca2-4e23-a4ea-aa974de6f5ec\n"
                "  uid: 71ff9630-bc5d-40f1-bdb5-cd05cae7c042"
            ),
        ),
        (
            "cni-9b34234a-e229-c19f-4206-cca24efe9116 (id: 0)",
            "cni-628a42fe-321d-6828-0deb-21f60eb194c8 (id: 1)",
        ),
    ),
)


def _generated(value: str) -> str:
    return "" if value in _WORDS else "five letters"


GENERATED = Identity(
    name="generated name",
    what="the five letters that Kubernetes puts behind a name of its own making (a Deployment's"
    " pods, EndpointSlices), and the cali interfaces that are computed from such a pod's name",
    scope="lab",
    form=_generated,
    pinned=True,
    patterns=found(
        ("-", rf"(?<=[0-9a-z-]-)(?P<v>(?!\d{{5}}){_SAFE}{{5}})(?![0-9A-Za-z])"),
        # One name in a thousand has digits only. After other words those are a number.
        ("kube-api-access-", r"kube-api-access-(?P<v>\d{5})(?![0-9A-Za-z])"),
        ("-", rf"(?<=[0-9a-z]-){_SAFE}{{8,10}}-(?P<v>\d{{5}})(?![0-9A-Za-z])"),
        (" IPv", r"^[0-9a-z-]+-(?P<v>\d{5}) +IPv[46] "),
    ),
    same=(
        (
            "hello-r5ct2   IPv4          80      10.42.0.5",
            "hello-p72tj   IPv4          80      10.42.0.5",
        ),
        (
            "hello-r5ct2   IPv4          80      10.42.0.5",
            "hello-68224   IPv4          80      10.42.0.5",
        ),
        (
            '"generateName": "lost-",\n"name": "lost-qnjrx"',
            '"generateName": "lost-",\n"name": "lost-68224"',
        ),
        (
            "hello-5b84569dcd-7w28v   node1   10.42.166.129/32   cali7bc571812d4",
            "hello-5b84569dcd-dmwkr   node1   10.42.166.129/32   calie733650d6b4",
        ),
        ('"name": "kube-api-access-b5xr5"', '"name": "kube-api-access-77656"'),
        ("hello-5b84569dcd-7w28v   node1", "hello-5b84569dcd-29478   node1"),
    ),
    differ=(
        # What comes before is the name of the owner, or computed from the pod's template.
        (
            "hello-5b84569dcd-7w28v   node1   10.42.166.129/32",
            "hello-5b84569dcf-dmwkr   node1   10.42.166.129/32",
        ),
        ("hello-p72tj   IPv4", "hello-0   IPv4"),
        ("tcp-port-44444", "tcp-port-55555"),
        (
            '"generateName": "found-",\n"name": "lost-77777"',
            '"generateName": "found-",\n"name": "lost-68224"',
        ),
        # A pod that somebody named: so is its interface.
        ("client   node0   calia7a3e029a7b", "client   node0   calie733650d6b4"),
        (
            "hello-5b84569dcd-7w28v   node1   10.42.166.129/32   cali7bc571812d4",
            "hello-5b84569dcd-dmwkr   node1   10.42.166.129/32   cali7bc571812d4",
        ),
    ),
)

NUMBERED = re.compile(r'"generateName": "([0-9a-z-]+-)"')
"""An object that says how its name begins: what follows may be digits only."""

POD = re.compile(rf"(?<![0-9a-z.-])([a-z][0-9a-z-]*-)({_SAFE}{{5}})(?![0-9A-Za-z])")
"""A pod's name: all before the five letters, and these."""
CALI = re.compile(r"(?<![0-9A-Za-z])cali([0-9a-f]{11})(?![0-9A-Za-z])")
"""The host's end of a pod's interface under Calico, also within its chains' names (cali-tw-...)."""


def cali(namespace: str, pod: str) -> str:
    """Calico's name for the host's end of a pod's interface.

    libcalico-go, lib/backend/k8s/conversion/workload_endpoint_default.go: `cali` and the first 11
    digits of the SHA-1 of namespace, dot, name.
    """
    return f"cali{hashlib.sha1(f'{namespace}.{pod}'.encode()).hexdigest()[:11]}"  # noqa: S324 a name


_MACHINE = re.compile("[0-9a-f]{32}")

MACHINE = Identity(
    name="machine id",
    what="the id that systemd gave a node",
    scope="lab",
    form=lambda value: "32 digits" if _MACHINE.fullmatch(value) else "",
    pinned=True,
    keys=("machineID", "systemUUID"),
    patterns=found(("achine", r"[mM]achine ?ID\"?: +\"?(?P<v>[0-9a-f]{32})(?![0-9a-f])")),
    same=(
        (
            "    machineID: 3f0c1f0e52a64c5c8df3ed0c6a0d2a4e",
            "    machineID: 90a8d7f1a2bb4d0e8c1d0f5e3b2a1c0d",
        ),
    ),
    differ=(
        (
            (
                "a machineID: 3f0c1f0e52a64c5c8df3ed0c6a0d2a4e\n"
                "b machineID: 90a8d7f1a2bb4d0e8c1d0f5e3b2a1c0d"
            ),
            (
                "a machineID: 3f0c1f0e52a64c5c8df3ed0c6a0d2a4e\n"
                "b machineID: 3f0c1f0e52a64c5c8df3ed0c6a0d2a4e"
            ),
        ),
    ),
)

TRACE = Identity(
    name="trace id",
    what="the id of a packet in the traces of nft and xtables-monitor",
    scope="lab",
    form=lambda _value: "hex",
    patterns=found(
        ("trace id ", r"^trace id (?P<v>[0-9a-f]{8}) "),
        ("PACKET: ", r"^PACKET: \d+ (?P<v>[0-9a-f]{8}) "),
        (" TRACE: ", r"^ TRACE: \d+ (?P<v>[0-9a-f]{8}) "),
    ),
    same=(
        (
            " TRACE: 2 5e88f9be nat:PREROUTING:policy:ACCEPT",
            " TRACE: 2 1a085e3d nat:PREROUTING:policy:ACCEPT",
        ),
        (
            "trace id 3f0c1f0e ip nat PREROUTING verdict continue",
            "trace id a0d2a4e1 ip nat PREROUTING verdict continue",
        ),
    ),
    differ=(
        (
            "trace id 3f0c1f0e ip nat PREROUTING verdict continue",
            "trace id a0d2a4e1 ip nat POSTROUTING verdict continue",
        ),
        (
            "trace id 3f0c1f0e ip nat PREROUTING\ntrace id 3f0c1f0e ip nat POSTROUTING",
            "trace id a0d2a4e1 ip nat PREROUTING\ntrace id 11d2a4e1 ip nat POSTROUTING",
        ),
    ),
)

RULE = Identity(
    name="cali rule",
    what="Calico's hash of a rule in a chain that names pods' interfaces: it covers the chain's"
    " name and the rules before",
    scope="lab",
    form=lambda _value: "16 letters",
    pinned=True,
    patterns=found(
        (
            "cali:",
            r"-A cali-(?:[tf]w-cali\w{11}|(?:from|to)-wl-dispatch\S*) .*\"cali:(?P<v>[\w-]{16})\"",
        ),
    ),
    same=(
        (
            '-A cali-tw-calia7a3e029a7b -m comment --comment "cali:aG2Z0cG3QGQbDJwj" -j DROP',
            '-A cali-tw-calia7a3e029a7b -m comment --comment "cali:7TqgmgNaqZEHmVqx" -j DROP',
        ),
    ),
    differ=(
        (
            '-A cali-tw-calia7a3e029a7b -m comment --comment "cali:aG2Z0cG3QGQbDJwj" -j DROP',
            '-A cali-tw-calia7a3e029a7b -m comment --comment "cali:7TqgmgNaqZEHmVqx" -j ACCEPT',
        ),
        # Elsewhere it is computed from the rule alone.
        (
            '-A cali-FORWARD -m comment --comment "cali:vjrMJCRpqwy5oRoX" -j MARK',
            '-A cali-FORWARD -m comment --comment "cali:A_sPAO0mcxbT9mOV" -j MARK',
        ),
    ),
)

ALL = (UID, GENERATED, MACHINE, TRACE, RULE)
