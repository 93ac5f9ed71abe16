"""The whole system on one machine: put together, started, stopped.

with stack.running(tmp_path, ports="free", seed=False) as running:
    httpx.get(running.url("web"))
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from crowdfund.kernel import clock
from crowdfund.local import (
    anvil,
    chain_clock,
    environment,
    node,
    ports,
    prepare,
    redis_server,
    rpc,
    services,
)
from crowdfund.local.datadir import DataDir
from crowdfund.local.environment import ROOT
from crowdfund.local.errors import StackError
from crowdfund.local.ports import HOST, NAME
from crowdfund.local.programs import Program
from crowdfund.local.supervisor import Supervisor

DAY_S = 86_400
STORY_DAYS = 160  # how far back the chain begins when the demo story is to be made


def story_begin() -> int:
    """Return when the chain of the demo story begins, in Unix seconds."""
    return int(clock.real().timestamp()) - STORY_DAYS * DAY_S


Say = Callable[[str], None]
Ports = Literal["preferred", "free"] | Mapping[str, int]


def quiet(_line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Options:
    """What to start."""

    ports: Ports = "preferred"
    environ: Mapping[str, str] | None = None  # instead of the process's own and .env
    template: Path | None = None  # data of a stopped stack, to begin from
    prepare: bool = True  # migrate and deploy; without, only processes are started
    seed: bool = True
    workers: Sequence[str] = services.QUEUES
    web_processes: int = 2
    only: Sequence[str] | None = None  # names of programs; None is all
    # program → its own variables
    extra_env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    say: Say = field(default=quiet)


class Stack:
    """A stack that is being started or runs."""

    def __init__(self, folder: DataDir, options: Options) -> None:
        self.folder, self.options = folder, options
        self.chosen = environment.given(options.environ)
        self.outside = {name for name in environment.OUTSIDE if self.chosen.get(name)}
        self._held = ports.Held()
        self.ports = self._choose_ports()
        self.env = environment.complete(self.chosen, folder, self.ports)
        self.supervisor = Supervisor(logs=folder.logs, cwd=ROOT, say=options.say)
        self.marks = prepare.Marks(folder.prepared)

    # -- for tests and tools ---------------------------------------------------------------

    def url(self, name: str) -> str:
        """Return the address of web, events, gateway, mail, clock or chain."""
        if name == "chain":
            return self.env["CHAIN_RPC_URL"]
        return f"http://{NAME if name == 'web' else HOST}:{self.ports[name]}"

    def names(self) -> list[str]:
        """Return the names of the programs that were started."""
        return self.supervisor.names()

    def pid(self, name: str) -> int | None:
        """Return the process id of a program, None while it is down."""
        return self.supervisor.pid(name)

    def kill(self, name: str) -> int:
        """Kill a program (SIGKILL); it is started again. Return its old process id."""
        return self.supervisor.kill(name)

    def log(self, name: str) -> Path:
        """Return a program's log."""
        return self.folder.logs / f"{name}.log"

    def added(self) -> dict[str, str]:
        """Return what the operator did not set and the stack did."""
        return {name: value for name, value in self.env.items() if name not in self.chosen}

    def flask(self, *command: str) -> None:
        """Run a flask command with the stack's environment; raises StackError when it fails."""
        prepare.flask(self.folder, self.env, *command)

    def stop(self) -> None:
        """Stop all programs and let the ports go."""
        self.supervisor.stop()
        self._held.close()

    # -- start -----------------------------------------------------------------------------

    def start(self) -> None:
        """Bring everything up; raises StackError with what is missing."""
        if not self.outside & {"DATABASE_URL", "CHAIN_RPC_URL"}:
            prepare.forget_unfinished(self.folder, self.marks, say=self.options.say)
            prepare.check_database(self.folder, self.marks)
        prepare.gateway_keys(self.folder, self.env)
        if self._is_worth_forking():
            self.supervisor.fork_from(self.env, services.SHARED)
        foundation = self._foundation()
        self._start(foundation)
        self._start([self._gateway(), self._mail(), *self._identity()])
        self._wait(foundation)
        self._move_chain()
        if self.options.prepare:
            self._prepare()
        else:
            self._start([self._web(), self._events()])
        self._start([*self._clock(), *self._workers(), services.relay(self.env)])
        self.supervisor.wait_ready(*self.names())
        self.marks.set("ready", "yes")

    def _is_worth_forking(self) -> bool:
        """Return whether several programs will import the platform."""
        only = self.options.only
        workers = {f"worker-{queue}" for queue in self.options.workers}
        return only is None or len({"web", "events", "relay", *workers} & set(only)) > 1

    def _prepare(self) -> None:
        """Migrate, deploy, seed: what the marks of the last start do not show as done."""
        first = "ready" not in self.marks.read()
        self.marks.set("begun", "yes")
        self._step("migrate", prepare.fingerprint(ROOT / "migrations"), "db", "upgrade")
        self._start([self._web(), self._events()])
        self._deploy()
        if first and self.options.seed:
            self.options.say("Making the demo story ...")
            self._wait([self._gateway(), self._mail()])
            self.flask("seed-demo")

    def _choose_ports(self) -> dict[str, int]:
        if self.options.ports == "free":
            return self._held.choose_free()
        if self.options.ports == "preferred":
            return self._held.choose(self.folder.ports)
        return self._held.take_all(self.options.ports)

    def _foundation(self) -> list[Program]:
        programs = []
        if "REDIS_URL" not in self.outside:
            programs.append(redis_server.program(self.folder, self.env))
        if "CHAIN_RPC_URL" not in self.outside:
            binary = anvil.ensure(self.options.say)
            state = node.NodeState(self.folder.chain)
            begin = story_begin() if self._makes_story() else int(clock.real().timestamp())
            node.begin(state, binary, self.ports["chain"], begin)
            programs.append(node.program(state, binary, self.ports["chain"], env=self.env))
        return programs

    def _makes_story(self) -> bool:
        """Return whether the demo story will be made on a new chain."""
        return self.options.prepare and self.options.seed and "ready" not in self.marks.read()

    def _move_chain(self) -> None:
        """Bring the node to the time of a moved clock: it starts at real time."""
        ours = clock.SharedClock(clock.file_in(self.folder.root))
        if "chain" in self.names() and ours.ahead():
            chain_clock.set_to(self.env["CHAIN_RPC_URL"], ours.now())

    def _deploy(self) -> None:
        chain = self.env["CHAIN_RPC_URL"]
        if "CHAIN_RPC_URL" not in self.outside:
            self.supervisor.make_sure("chain")  # what follows is the first that writes
            if self._makes_story():
                rpc.call(chain, "evm_setTime", story_begin() + DAY_S)
            keys = list(environment.chain_keys(self.folder).values())
            self._once("fund", "yes", partial(node.fund, chain, keys))
            chain = node.NodeState(self.folder.chain).genesis.read_text()
        artifacts = prepare.fingerprint(ROOT / "contracts" / "artifacts")
        self._step("deploy", f"{chain} {artifacts}", "chain", "deploy")
        # The token of the local chain is worth its currency by definition.
        parity = ("fx", "add", "cETB", "ETB", "1", "--from", "2020-01-01")
        self._step("rates", "parity", *parity, "--source", "Parity by the issuer's terms")

    def _step(self, name: str, fingerprint: str, *command: str) -> None:
        """Run a flask command unless it was run for just this, on this database."""
        whole = f"{self.env.get('DATABASE_URL', 'embedded')} {fingerprint}"
        self._once(name, prepare.hashed(whole), partial(self.flask, *command))

    def _once(self, name: str, fingerprint: str, action: Callable[[], None]) -> None:
        if not self.marks.has(name, fingerprint):
            action()
            self.marks.set(name, fingerprint)

    def _start(self, programs: Sequence[Program]) -> None:
        only, extra = self.options.only, self.options.extra_env
        wanted = [p for p in programs if only is None or p.name in only]
        self.supervisor.start(*(replace(p, env={**p.env, **extra.get(p.name, {})}) for p in wanted))

    def _wait(self, programs: Sequence[Program]) -> None:
        self.supervisor.wait_ready(*(p.name for p in programs if p.name in self.names()))

    def _web(self) -> Program:
        return services.web(self.ports["web"], self.env, processes=self.options.web_processes)

    def _events(self) -> Program:
        return services.events(self.ports["events"], self.env)

    def _gateway(self) -> Program:
        return services.gateway(
            self.ports["gateway"], self.env, web_url=f"http://{HOST}:{self.ports['web']}"
        )

    def _identity(self) -> list[Program]:
        if self.chosen.get("OIDC_ISSUER"):
            return []
        secret = environment.identity_secret(self.folder)
        return [services.identity(self.ports["identity"], self.env, secret_file=secret)]

    def _mail(self) -> Program:
        return services.mail(self.ports["mail"], self.ports["smtp"], self.env)

    def _clock(self) -> list[Program]:
        if self.env.get("ENVIRONMENT") == "production":
            return []
        return [services.clock_panel(self.ports["clock"], self.env)]

    def _workers(self) -> list[Program]:
        return [services.worker(queue, self.env) for queue in self.options.workers]


@contextmanager
def running(data_dir: Path, options: Options | None = None, **choices: Any) -> Iterator[Stack]:
    """Start a stack in a folder, give it, and stop it at the end.

    `choices` are the fields of Options. Raises StackError when something is missing.
    """
    options = options or Options(**choices)
    folder = DataDir.at(data_dir)
    with folder.locked():
        if options.template and not folder.prepared.exists():
            folder.copy_from(options.template)
        stack = Stack(folder, options)
        try:
            stack.start()
            environment.remember(folder, stack.added())
            yield stack
        finally:
            stack.stop()


__all__ = ["Options", "Stack", "StackError", "running"]
