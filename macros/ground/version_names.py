"""The names by which labs say what runs on their nodes: what a page may call a version of."""

NAMES = (
    *("Debian", "Linux", "Docker", "containerd", "runc", "iproute2", "iptables", "nftables"),
    *("conntrack", "tcpdump", "tshark", "systemd", "curl"),
    *("Kubernetes", "flannel", "CoreDNS", "etcd", "CNI plugins", "Calico", "k3s"),
)
"""Those of every node, and those of clusters; an edition has the versions of what it ran."""
