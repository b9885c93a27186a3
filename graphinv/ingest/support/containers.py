"""``docker run`` and its relatives: image, variables passed on, mounts, network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from graphinv.ingest.support.words import Word, names, take_options

_VALUED = names(
    """-e --env --env-file -v --volume --mount --network --net --name -p --publish --expose -u --user -w --workdir --entrypoint
    -l --label --label-file -h --hostname --add-host --cpus --cpu-shares -c -m --memory --memory-swap --shm-size --platform --pull --restart
    --ulimit --cap-add --cap-drop --security-opt --device --dns --dns-search --ip --ipc --pid --log-driver --log-opt --tmpfs --volumes-from
    --volume-driver --runtime --gpus --health-cmd --init-path --network-alias --stop-signal --stop-timeout --userns --uts --cgroupns
    --cidfile --detach-keys --group-add --annotation --secret --context -H --host --config --log-level -a --attach --link --sysctl
    --isolation --storage-opt --pids-limit --cgroup-parent --blkio-weight --mac-address"""
)
_BROAD_MOUNTS = re.compile(
    r"/|(?:/var)?/run/docker\.sock|/etc|/root|/home(?:/[^/]+)?|/Users(?:/[^/]+)?|~/?|\$\{?(?:env:)?HOME\}?/?|[A-Za-z]:[\\/]?"
)
_SAFE_MOUNT = re.compile(r"[\w./~${}:\\ @+-]{1,200}")
_READ_ONLY = re.compile(r"(?::(?:[a-zA-Z]+,)*ro(?:,[a-zA-Z]+)*|,(?:ro|readonly)(?:=true)?(?:,.*)?)$", re.DOTALL)
_CAPABILITIES = frozenset(("ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH"))
"""Capabilities with which what runs in a container gets out of it."""
_ATTACHED = re.compile(r"-([evp])(.+)", re.DOTALL)


@dataclass
class Container:
    """What a ``run`` says. ``variables`` are (name, value or None where it is passed on from outside, word)."""

    image: Word | None = None
    arguments: list[Word] = field(default_factory=list)
    variables: list[tuple[str, Word | None, Word]] = field(default_factory=list)
    env_files: list[Word] = field(default_factory=list)
    mounts: list[str] = field(default_factory=list)
    network: str | None = None
    privileged: bool = False
    writes: bool = False
    """Whether it may change what it mounts of the machine."""
    other: list[tuple[str, Word]] = field(default_factory=list)

    @property
    def sandboxed(self) -> bool | None:
        """Whether the container keeps its content from the machine; None where it mounts parts of it, and can change or send them."""
        if self.privileged or self.network == "host" or any(map(is_broad, self.mounts)):
            return False
        return True if not self.mounts or (self.network == "none" and not self.writes) else None

    def labels(self) -> list[str]:
        """What is worth knowing about it, as labels."""
        found = [f"mount={mount}" for mount in self.mounts if _SAFE_MOUNT.fullmatch(mount)]
        if self.network:
            found.append(f"network={self.network}")
        return [*found, "privileged=true"] if self.privileged else found


def is_broad(mount: str) -> bool:
    """Whether a path of the machine, mounted into a container, gives it the machine: its root, a user's folder, the engine's socket."""
    return _BROAD_MOUNTS.fullmatch(mount) is not None


def run(words: Sequence[Word]) -> Container:
    """The words after ``docker run``."""
    options, rest = take_options([part for word in words for part in _detached(word)], _VALUED)
    found = Container(image=rest[0] if rest else None, arguments=rest[1:])
    for option in options:
        value = option.value
        if option.name == "privileged":
            found.privileged = value is None or value.text.lower() != "false"
        elif value is None:
            continue
        elif option.name in ("e", "env"):
            name, equals, text = value.text.partition("=")
            found.variables.append((name, Word(text, value.where) if equals else None, value))
        elif option.name == "env-file":
            found.env_files.append(value)
        elif option.name in ("v", "volume", "mount"):
            mount = _source(value.text)
            found.mounts += [mount] if mount else []
            found.writes = found.writes or (bool(mount) and not _READ_ONLY.search(value.text))
        elif option.name in ("network", "net"):
            found.network = value.text if re.fullmatch(r"[\w.-]{1,60}", value.text) else None
        elif _escapes(option.name, value.text):
            found.privileged = True
        else:
            found.other.append((option.name, value))
    return found


def _escapes(option: str, value: str) -> bool:
    """Whether an option lets what runs in the container out of it."""
    shared = option in ("pid", "ipc", "userns", "uts") and value == "host"
    return shared or (option == "cap-add" and value.upper().removeprefix("CAP_") in _CAPABILITIES)


def _detached(word: Word) -> list[Word]:
    """``-eNAME`` as ``-e NAME``."""
    match = _ATTACHED.fullmatch(word.text)
    return [Word(f"-{match[1]}", word.where), Word(match[2].removeprefix("="), word.where)] if match else [word]


def _source(mount: str) -> str:
    """The part of the machine that a mount shows; ``""`` for a volume of the container engine."""
    if "=" in mount and ("source=" in mount or "src=" in mount or "type=" in mount):
        parts = dict(part.partition("=")[::2] for part in mount.split(","))
        return parts.get("source", parts.get("src", "")) if parts.get("type", "bind") == "bind" else ""
    windows = re.match(r"[A-Za-z]:[\\/][^:]*", mount)
    variable = re.match(r"\$\{[^}]*\}[^:]*", mount)
    source = windows[0] if windows else variable[0] if variable else mount.partition(":")[0]
    return source if re.match(r"[/.~$\\]|[A-Za-z]:", source) else ""
