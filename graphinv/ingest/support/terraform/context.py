"""What the readers of resources share: where each stands, and what the others of its configuration are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.docker.running import safe
from graphinv.ingest.support.partial import Value, is_known, known_parts, text_of, within
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, NodeKey

NAME = "terraform"
T = TypeVar("T")


@dataclass
class Context:
    """All resources of one configuration that is applied, or of one state."""

    root: str
    place: str
    resources: list[Resource]
    evidence: str = "declared"
    environment: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    ingestor: str = NAME
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Instance profile → role of the other configurations of the root."""
    environments: Mapping[str, str | None] = field(default_factory=dict)
    """Document → its environment, where documents of several are read together."""

    def __post_init__(self) -> None:
        self.arns: dict[tuple[str, str], str] = {}
        self.profiles: dict[str, str] = {}
        self._made: dict[str, Any] = {}
        for one in self.resources:
            if one.type == "aws_iam_instance_profile" and one.text("role"):
                self.profiles[one.called] = one.text("role")
            if one.mode == "managed" and (arn := one.arn):
                self.arns[one.type, one.called] = arn

    def site(self, one: Resource) -> Site:
        """Where a resource stands."""
        tags = {**self.tags, **tags_of(one)}
        home = one.home
        return Site(
            self.root,
            one.path,
            one.line,
            self.place,
            home.account,
            home.region,
            home.partition,
            self.evidence,
            self.environments.get(one.path, self.environment),
            self.ingestor,
            tags,
        )

    def arn(self, one: Resource) -> str:
        """Its ARN as an id; its address where no ARN is known for its type."""
        return self.site(one).id(one.arn or text_of_address(one))

    def title(self, one: Resource) -> str:
        """What people call it."""
        name = one.called
        if is_known(name) or known_parts(name):
            return name
        tag = tags_of(one).get("Name", "")
        return tag if tag and is_known(tag) else one.address

    def identity(self, site: Site, kind: str, name: str) -> NodeKey:
        """The role, user or group of that name or ARN."""
        arn = name if name.startswith("arn:") else self.arns.get((f"aws_iam_{kind}", name))
        return "Identity", site.id(arn) if arn else site.iam(kind, name)

    def role_of_profile(self, profile: str) -> str:
        """The role of an instance profile by the profile's name or ARN, as a name or ARN; ``""`` where it is not known."""
        name = profile.rpartition("/")[2] if profile.startswith("arn:") else profile
        role = self.profiles.get(name, "") or self.elsewhere.get(name, "")
        return self.arns.get(("aws_iam_role", role), role)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What ``make`` gives, which is called once for each ``name``."""
        if name not in self._made:
            self._made[name] = make()
        found: T = self._made[name]
        return found

    def having(self, name: str, kind: str, key: Callable[[Resource], str]) -> Mapping[str, list[Resource]]:
        """Resources of type ``kind`` by what ``key`` says of each; made once for each ``name``."""

        def make() -> dict[str, list[Resource]]:
            found: dict[str, list[Resource]] = {}
            for one in self.resources:
                if one.type == kind and (one.mode == "managed" or kind == "archive_file"):
                    found.setdefault(key(one), []).append(one)
            return found

        return self.once(name, make)


def running(one: Resource, code: str = "") -> list[str]:
    """Labels that tell what a runtime runs (:mod:`graphinv.pipeline.deployments`): ``image=``, ``handler=``, ``build=`` for the folder
    ``code`` that its code lies in, ``manifest=`` for the document that says so."""
    images = (*texts(one.get("image_uri")), *(text_of(block.get("container_uri")) for block in one.blocks(*_CONTAINER)))
    labels = [f"image={image}" for image in images if is_known(image) and safe(image)]
    labels += [f"handler={handler}" for handler in texts(one.get("handler")) if safe(handler)]
    entries = [text for block in one.blocks(*_CODE) for text in texts(block.get("entry_point"))]
    labels += [f"entry={entry}" for entry in entries if entry.endswith(".py") and safe(entry)]
    start = one.path.rpartition("/")[0] if one.place == one.path else one.place
    folder = within(start, code) if code and is_known(code) else None
    labels += [f"build={folder or '.'}"] if folder is not None and (folder == "" or safe(folder)) else []
    return [*labels, f"manifest={one.path}"] if labels and safe(one.path) else labels


_CONTAINER = ("agent_runtime_artifact", "container_configuration")
_CODE = ("agent_runtime_artifact", "code_configuration")


def text_of_address(one: Resource) -> str:
    """Stands for an ARN that only AWS knows."""
    return f"terraform:{one.address}"


def tags_of(one: Resource) -> dict[str, str]:
    """Its tags (or labels) that are known texts."""
    found: dict[str, str] = {}
    for name in ("labels", "tags_all", "tags"):
        value = one.values.get(name)
        for item in value if isinstance(value, list) else ():  # awscc: a list of keys and values
            if isinstance(item, dict) and isinstance(item.get("key"), str) and isinstance(item.get("value"), str):
                found[item["key"]] = item["value"]
        if isinstance(value, dict):
            found |= {
                str(key): text_of(inner)
                for key, inner in value.items()
                if isinstance(inner, (str, int, float)) and is_known(text_of(inner))
            }
    return found


def texts(value: Value) -> list[str]:
    """Texts of a list, or the text alone."""
    items: Iterable[Value] = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


Reader = Callable[[Context, Resource], Iterator[Fact]]
