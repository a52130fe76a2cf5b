"""Why pods are not ready, for whoever has to find out: what the API knows, and what they logged."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from macros.lab.kubernetes.api import Api

Pod = Mapping[str, Any]

_LINES = 8
"""The last lines of a log that are shown, and characters of each."""
_WIDTH = 240


def described(api: Api, pods: Iterable[Pod]) -> str:
    """A line for each container that is not ready, what was complained of, and its last words."""
    return "\n".join(line for pod in pods for line in _lines(api, pod))


def waiting(pod: Pod) -> list[Mapping[str, Any]]:
    """The status of each container of a pod that is not ready and waits for no other one."""
    status = pod.get("status", {})
    for container in status.get("initContainerStatuses", ()):
        if not container.get("ready"):
            return [container]  # what comes after it waits for it
    return [
        container for container in status.get("containerStatuses", ()) if not container.get("ready")
    ]


def state(container: Mapping[str, Any]) -> str:
    """What a container does, in words: "runs", "CrashLoopBackOff: back-off 10s restarting…"."""
    now, before = container.get("state", {}), container.get("lastState", {})
    words = []
    if waits := now.get("waiting"):
        words = [waits.get("reason", "waits"), waits.get("message", "")]
    elif ended := now.get("terminated"):
        words = [f"ended with exit code {ended.get('exitCode')}"]
    else:
        words = ["runs" if "running" in now else "did not start"]
    if ended := before.get("terminated"):
        words.append(f"it ended with exit code {ended.get('exitCode')}")
    return "; ".join(filter(None, words))


def _lines(api: Api, pod: Pod) -> Iterator[str]:
    about = pod["metadata"]
    where = f"{about['name']} on {pod['spec'].get('nodeName', 'no node')}"
    containers = waiting(pod)
    status = pod.get("status", {})
    if not containers and not status.get("containerStatuses"):
        for condition in status.get("conditions", ()):
            if condition["status"] != "True" and condition.get("message"):
                yield f"    {where}: {condition['message']}"
                return
        yield f"    {where}: {status.get('phase', 'Pending')}, and no container was started"
    for container in containers:
        yield f"    {where}, container {container['name']}: {state(container)}"
        yield from (f"        {line[:_WIDTH]}" for line in _log(api, pod, container["name"]))
    if containers and (complaint := _complaint(api, pod)):
        yield f"    {where}: {complaint}"


def _log(api: Api, pod: Pod, container: str) -> list[str]:
    """Its last lines; where it was just started again, those from before."""
    about = pod["metadata"]
    path = f"/api/v1/namespaces/{about['namespace']}/pods/{about['name']}/log"
    asked = f"{path}?container={container}&tailLines={_LINES}"
    log = api.text(asked) or api.text(f"{asked}&previous=true")
    return log.splitlines()[-_LINES:]


def _complaint(api: Api, pod: Pod) -> str:
    """The last warning about a pod: what its readiness probe was answered, for example."""
    about = pod["metadata"]
    of = quote(f"involvedObject.name={about['name']},type=Warning")
    events = api.get(f"/api/v1/namespaces/{about['namespace']}/events?fieldSelector={of}")
    warnings = (events or {}).get("items", ())
    if not warnings:
        return ""
    last = max(warnings, key=lambda warning: warning.get("lastTimestamp") or "")
    return " ".join(str(last.get("message", "")).split())[:_WIDTH]
