"""How the modules may lean on each other, beyond the order of the features (`lint-imports`)."""

import ast
import re
from collections import Counter
from pathlib import Path

import crowdfund

CODE = Path(crowdfund.__file__).parent

# Features whose tables others read, and why. Everybody else calls the queries of the feature.
TABLES_READ_BY = {
    "people": {"api_tokens", "security", "sign_in", "admin"},  # one account, cut by subject
    # a portfolio is one query over three tables
    # an order of tokens and its payment are one row
    "payments": {"investments", "reports", "token_payments", "tracing"},
    "campaigns": {"investments", "reconciliation", "reports", "term_changes", "tracing"},
    "chain": {"reconciliation", "reports", "tracing"},
    # who is asked about changed terms is said by investments and consents
    "investments": {"reconciliation", "reports", "term_changes", "tracing"},
    "term_changes": {"tracing"},
    "reconciliation": {"tracing"},
    # Tracing adds up the rows behind amounts of all features. Reports prove what no feature can
    # prove of itself, and count the work of all.
    "compliance": {"reports"},
    "documents": {"reports"},
    "issuers": {"reports"},
    "ledger": {"reports"},
    "notifications": {"reports"},
    "payout_accounts": {"reports"},
    "payouts": {"reports", "tracing"},
    "refunds": {"reports", "tracing"},
    "security": {"reports"},
}


def modules():
    found = {}
    for path in CODE.rglob("*.py"):
        name = ".".join(path.relative_to(CODE.parent).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imports(path):
    """Return what a module imports of ours, by full name,
    wherever in the file the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "crowdfund":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_import_is_relative():
    relative = [
        path.name
        for path in modules().values()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_two_files_import_each_other_even_through_others():
    known = modules()
    graph = {
        name: {full if full in known else full.rpartition(".")[0] for full in imports(path)}
        & set(known)
        for name, path in known.items()
    }
    done, circles = set(), []

    def walk(name, trail):
        if name in trail:
            circles.append([*trail[trail.index(name) :], name])
        elif name not in done:
            for other in sorted(graph[name] - {name}):
                walk(other, [*trail, name])
            done.add(name)

    for name in sorted(graph):
        walk(name, [])
    assert circles == []


def test_forms_and_views_of_a_feature_are_its_own_and_its_tables_are_read_by_few():
    strangers = []
    for name, path in modules().items():
        feature = name.split(".")[1] if "." in name else ""
        for full in imports(path):
            _root, other, part, *_rest = [*full.split("."), "", ""]
            if other in ("kernel", "adapters", feature) or part not in ("models", "forms", "views"):
                continue
            if part != "models" or feature not in TABLES_READ_BY.get(other, ()):
                strangers.append(f"{name} imports {full}")
    assert strangers == []


def test_a_package_of_a_feature_hands_on_nothing():
    """A name is imported from the module that defines it;
    views list their modules to bring the routes."""
    faces = []
    for name, path in modules().items():
        is_feature = not name.startswith(("crowdfund.kernel", "crowdfund.adapters"))
        if (
            path.name != "__init__.py"
            or not is_feature
            or name.endswith(".views")
            or name == "crowdfund"
        ):
            continue
        if name not in HANDS_ON:
            faces += [f"{name}: {full}" for full in imports(path)]
    assert faces == []


HANDS_ON = {
    "crowdfund.ledger.proof",  # defines the periodic proof itself
    "crowdfund.notifications.kinds",  # defines the table of all kinds
    "crowdfund.local.story",
}


# Where the time of the machine is read, and why. All else asks `clock.now()`, which can be moved.
MACHINE_TIME = {
    "crowdfund.kernel.clock": "the clock itself",
    "crowdfund.kernel.randomness": "ids sort by creation, also when the clock goes back",
    "crowdfund.kernel.topics": "tokens of open pages; itsdangerous reads the same time",
    "crowdfund.campaigns.views.page_cache": "holds such tokens",
    "crowdfund.kernel.live": "compared with ids that Redis gives",
    "crowdfund.kernel.events.fanout": "compared with ids that Redis gives",
}
# Where `clock.real()` is asked: for what is outside of the platform, or holds a lease.
OUTSIDE_TIME = {
    "crowdfund.kernel.sessions": "cookies end in the browser's time",
    "crowdfund.kernel.outbox.leases": "processes live in real time",
    "crowdfund.kernel.outbox.clock_jumps": "processes live in real time",
    "crowdfund.security.service.second_factor": "codes of people's own phones",
    "crowdfund.adapters.oidc": "tokens of another company's server",
    "crowdfund.local.authenticator": "stands for phones",
    "crowdfund.local.identity_provider.grants": "stands for another company's server",
    "crowdfund.local.identity_provider.state": "stands for another company's server",
    "crowdfund.local.bill_bitts.gateway": "pauses between tries of a delivery",
    "crowdfund.local.bill_bitts.deliveries": "pauses between tries of a delivery",
    "crowdfund.local.story.stage": "whether the chain began long ago",
    "crowdfund.local.stack": "when a new chain begins",
    "crowdfund.local.clock_moves": "how far the clock may be moved",
    "crowdfund.local.clock_cli": "shows both times",
    "crowdfund.local.clock_panel.pages": "shows both times",
}
_MACHINE = re.compile(
    r"(datetime|date|dt)\.(now|utcnow|today)|time\.(time|time_ns|localtime|gmtime|ctime)"
    r"|(utils\.)?(formatdate|localtime)|(sa\.)?func\.(now|current_\w+|localtime\w*|sysdate)"
)
_IN_SQL = re.compile(r"\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\bNOW\(\)|datetime\('now'", re.IGNORECASE)


def calls_and_texts(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield "", node.value


def test_the_time_is_asked_of_the_clock():
    """Each new place that reads the machine's time would stand still when the clock is moved."""
    machine, outside = set(), set()
    for name, path in modules().items():
        for call, text in calls_and_texts(path):
            if _MACHINE.fullmatch(call) or _IN_SQL.search(text):
                machine.add(name)
            if call == "clock.real":
                outside.add(name)
    assert machine == set(MACHINE_TIME)
    assert outside == set(OUTSIDE_TIME)


def test_no_module_takes_a_function_that_reads_the_time_out_of_its_module():
    """The test above finds `time.time()`, not `time()`."""
    taken = [
        (name, alias.name)
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "crowdfund.kernel.clock")
        for alias in node.names
        if alias.name in ("time", "time_ns", "localtime", "gmtime", "now", "real", "today")
    ]
    assert taken == []


# Used by tests and simulators only: each waits for the feature named here.
WAITING = {
    "FakeBillBitts": "tests and benchmarks: a bank without a network",
    "create_address": "tests: where a contract will be",
    "forget_last": "tests: a process that has just started",
    "forget_sweep": "tests: a process that has just started",
    "set_kyc_level": "tests: a level without the review that gives it",
    "authenticate": "the JSON API",
    "accept_late": "money that comes after the end of a campaign",
    "unsealed": "payouts to companies",
    "payout_accounts_of": "payouts: the account that a payout went to",
}


def test_every_public_name_is_used_or_waits_for_a_named_feature():
    texts = [path.read_text() for path in CODE.rglob("*") if path.suffix in (".py", ".html")]
    outside = [
        CODE.parent / "app.py",
        CODE.parent / "worker.py",
        *(CODE.parent / "migrations").rglob("*.py"),
    ]
    texts += [path.read_text() for path in outside]
    counts = Counter(word for text in texts for word in re.findall(r"\w+", text))
    unused = set()
    for path in modules().values():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                continue  # routes, handlers and commands are called by what registers them
            names = [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
            if isinstance(node, ast.Assign):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            unused |= {name for name in names if counts[name] == 1 and not name.startswith("__")}
    assert unused == set(WAITING)
