"""Which tool a command runs, and whose interface names it prints."""

import pytest

from macros.ground import shell
from macros.ground.commandline import call, namespaces, within

WITHIN = {
    # Named namespaces, by ip's own options and by those of the tools beside it.
    "ip netns exec red ip addr": "red",
    "ip -d netns exec red bridge fdb": "red",
    "ip net e red ip addr": "red",
    "ip -n red addr": "red",
    "ip -br -n red link": "red",
    "ip -netns red addr": "red",
    "ip -net red addr": "red",
    "ip -f inet -netns red addr": "red",
    "bridge -n red fdb": "red",
    "tc -netns red qdisc": "red",
    "ss -tlnN red": "red",
    "ss --net=red -t": "red",
    "ip -all netns exec ip addr": "every namespace",
    # The node's own.
    "ip addr": "",
    "ip route get 172.17.0.2": "",
    "ip link set eth0 netns red": "",
    "nsenter -t 1 -n ip addr": "",
    "nsenter -t 438 -m ip addr": "",
    "kubectl get pods -o wide": "",
    "kubectl -n kube-system delete pod exec": "",
    "docker inspect exec": "",
    "docker run --rm --network host netshoot ip addr": "",
    "": "",
    "ip link show 'open": "",
    # By a process or a file.
    "nsenter --net=/run/netns/red ip addr": "red",
    "nsenter -n/var/run/netns/red -- ip addr": "red",
    "nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n ip addr": "web",
    "nsenter -t $(docker inspect web -f '{{.State.Pid}}') -n ip addr": "web",
    "nsenter --target $PID --net ip addr": "pid $PID",
    "nsenter -t1206 -n ip addr": "pid 1206",
    "nsenter -a -t 1206 ip addr": "pid 1206",
    "nsenter --net=/proc/1206/ns/net ip addr": "pid 1206",
    # Containers.
    "docker exec web ip addr": "web",
    "docker exec -it web sh": "web",
    "docker exec -u root web ip addr": "web",
    "docker exec --user=root -w / -e A=b web ip addr": "web",
    "docker container exec web ip addr": "web",
    "docker -H unix:///run/docker.sock exec -uroot web ip addr": "web",
    "docker compose -f a.yml exec -T db ip addr": "db",
    "docker run --rm --net container:web netshoot ip addr": "web",
    "docker run -it --name box netshoot ip addr": "box",
    "podman exec -l web ip addr": "web",
    "crictl exec -it 2f1a ip addr": "2f1a",
    "docker exec web ip netns exec red ip addr": "web/red",
    # Pods.
    "kubectl exec pair -c tools -- ip addr": "pair",
    "kubectl exec -it tools -- ip addr": "tools",
    "kubectl exec -it tools -c x -- ip -n red addr": "tools/red",
    "kubectl exec -ic x pod/tools -- ip addr": "tools",
    "kubectl exec deploy/web -- ip addr": "deploy/web",
    "kubectl --context=lab exec --stdin tools -- ip addr": "tools",
    "kubectl -n kube-system exec dns -- ip addr": "kube-system/dns",
    "kubectl exec --namespace kube-system dns -- ip addr": "kube-system/dns",
    "kubectl exec tools ip addr": "tools",
    "k3s kubectl exec tools -- ip addr": "tools",
    "kubectl debug -it web --image=netshoot -- ip addr": "web",
    # What runs a command as another user, for a while, with other variables.
    "sudo ip netns exec red ip addr": "red",
    "sudo -u root -- ip -n red addr": "red",
    "sudo -E LANG=C docker exec -u root web ip addr": "web",
    "LANG=C ip -n red addr": "red",
    "env -u LANG LC_ALL=C ip -n red addr": "red",
    "timeout -k 1 5 kubectl exec tools -- ping -c 1 10.0.0.1": "tools",
    "nice -n 10 time -p ip -n red addr": "red",
    "sudo nsenter --net=/run/netns/red ip addr": "red",
    "ssh -p 22 node1 ip addr": "ssh node1",
    # A shell's own words.
    "docker exec web sh -c 'ip addr | grep eth'": "web",
    "bash -ec 'ip -n red addr'": "red",
    "if true; then ip -n red addr; fi": "red",
    "for i in 1 2; do ip netns exec red ping -c 1 10.0.0.$i; done": "red",
    "for ns in red blue; do ip -n $ns addr; done": "$ns",
    "( ip -n red addr )": "red",
    # Pipes: who only passes on what it is given prints nothing of its own.
    "ip -n red addr | grep inet | head -1": "red",
    "kubectl exec tools -- curl -s http://10.43.0.80/ | sort | uniq -c": "tools",
    "echo -n 'Hello, |red!' | ip netns exec red nc -u 10.1.1.3 9000": "red",
    "ip addr | docker exec -i web cat": "",
    "ip -n red addr 2>&1 | tee /tmp/out": "red",
    # Several commands: what prints nothing, or into a file, is none of them.
    "ip netns add red; ip -n red addr": "red",
    "sleep 1 && ip -n red addr || true": "red",
    "docker exec web ping -c 1 10.0.0.1 >/dev/null\niptables -S": "",
    "docker exec web ping -c 1 10.0.0.1 &>/dev/null\nip addr": "",
    "docker exec web ping -c 1 10.0.0.1 2>/dev/null": "web",
    "ip -n red addr\nip -n blue addr": "red + blue",
    "ip addr\nip -n red addr\nip addr": "the node's own + red",
    "cat <<'END' >/dev/null\nip -n red addr\nEND\nip -n blue addr": "blue",
    "ip -n red addr # and not ip -n blue addr": "red",
    "ip -n $(ip netns | head -1) addr": "$(ip netns | head -1)",
    # Used in a way that is not known here: nobody's but its own.
    "docker exec --new-option web ip addr": "? docker exec --new-option web ip addr",
    "kubectl exec --new x -- ip addr": "? kubectl exec --new x -- ip addr",
}


@pytest.mark.parametrize(("command", "name"), WITHIN.items())
def test_a_command_says_whose_names_it_prints(command: str, name: str) -> None:
    assert within(command) == name


@pytest.mark.parametrize(
    ("command", "tool", "contained"),
    [
        ("ip addr", "ip", False),
        ("sudo -u root /usr/sbin/ip addr", "ip", False),
        ("env -i ip addr", "ip", False),
        ("LANG=C ip addr", "ip", False),
        ("timeout 5 ip addr", "ip", False),
        ("nsenter --net=/run/netns/red ip addr", "ip", False),
        ("nsenter -t 1206 -n -m ip addr", "ip", True),
        ("docker exec -u root web ip addr", "ip", True),
        ("docker exec -uroot -it web ip addr", "ip", True),
        ("kubectl exec -it tools -c x -- ip addr", "ip", True),
        ("kubectl -n kube-system exec dns -c x -- ip addr", "ip", True),
        ("kubectl get pods", "kubectl", False),
        ("docker ps", "docker", False),
        ("sudo iptables -t nat -S", "iptables", False),
        ("ss -tln", "ss", False),
    ],
)
def test_the_tool_behind_what_runs_it(command: str, tool: str, contained: bool) -> None:
    read = call(command)
    assert read is not None
    assert (read.tool, read.contained) == (tool, contained)
    assert command[read.words[0].start : read.words[0].end].endswith(tool)


@pytest.mark.parametrize(
    "command",
    [
        "ip addr | cat",
        "ip addr; ip link",
        "ip addr >out",
        "sudo --new-option x ip addr",
        "docker exec --new-option web ip addr",
        "nsenter -N 3 ip addr",
        "kubectl exec --new-option tools -- ip addr",
        "sudo",
        "LANG=C",
        "ip link show <(echo eth0)",
    ],
)
def test_what_is_not_certain_has_no_tool(command: str) -> None:
    assert call(command) is None


def test_each_part_of_a_command_has_its_own_names() -> None:
    command = (
        "ip link set veth0 up\nip -n red link set eth0 up && docker exec web ip link show eth0"
    )
    parts = [(command[start:end], name) for start, end, name in namespaces(command)]
    assert parts == [
        ("ip link set veth0 up", ""),
        ("ip -n red link set eth0 up", "red"),
        ("docker exec web ip link show eth0", "web"),
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("a 'b | c' \"d; $(e | f)\" | g", [["a", "b | c", "d; $(e | f)"], ["g"]]),
        (r"""a\ b 'c'"d \"$e\""\'f""", [["a b", 'cd "$e"\'f']]),
        ("a `b | c` d", [["a", "`b | c`", "d"]]),
        ("a ${b:-c d} e", [["a", "${b:-c d}", "e"]]),
        ("a \\\n b", [["a", "b"]]),
        ("a <(b | c) d", [["a", "<(b | c)", "d"]]),
        ("a 2>&1 b", [["a", "b"]]),
    ],
)
def test_words_are_those_of_a_shell(command: str, expected: list[list[str]]) -> None:
    (pipeline,) = shell.pipelines(command)
    assert [[word.text for word in simple.words] for simple in pipeline] == expected


def test_the_patterns_of_a_case_are_no_commands() -> None:
    command = """for x in a b; do
  case $x in
    gre | sit) make $x ;;
    (esac-like) case $y in z) one;; esac; two ;;
    *) grep case <in
  esac
done
after esac"""
    first = [pipeline[0].words[0].text for pipeline in shell.pipelines(command)]
    assert first == ["make", "one", "two", "grep", "after"]
    assert [word.text for word in shell.pipelines(command)[3][0].words] == ["grep", "case"]


def test_a_quote_that_does_not_end_is_said() -> None:
    with pytest.raises(shell.UnreadableError):
        shell.pipelines("ip link 'open")
