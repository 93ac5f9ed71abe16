# `make` lists what there is. Everything works from a fresh checkout with Python 3.11 alone.
VENV := .venv
PY := $(VENV)/bin/python
# What is run again on PostgreSQL and MariaDB; of these, only tests that use a database (tests/conftest.py).
ON_SQL := $(addprefix tests/,kernel ledger people api_tokens security payout_accounts sign_in notifications documents \
  issuers compliance payments campaigns investments payouts refunds releases term_changes token_payments exchange_rates \
  content questions updates admin test_guards.py test_hostile.py)
ON_MYSQL := tests/kernel tests/ledger tests/test_guards.py tests/compliance/test_levels.py
# Two lanes side by side: what starts whole stacks mostly waits, so what computes fills the gaps, at a low
# priority that disturbs no clock. What waits for a clock or a browser runs one after the other.
STACKS := tests/local tests/chaos
WAITING := test-stacks test-browser
COMPUTING := test-postgresql test-mysql
STAGES := $(WAITING) $(COMPUTING) lane-waiting lane-computing
FILLER := nice -n 10
ONE_BY_ONE = $(MAKE) --keep-going --jobs=1
# The newcomer's run has a target of its own, which `make check` takes as well.
OWN := --ignore=tests/newcomer
TWO := -n 2 --dist loadfile
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run reset test $(STAGES) check newcomer lint contracts languages lock coverage audit measure chaos bench bench-smoke \
  bench-record year fuzz mutate ready ready-dev ready-test ready-bench

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: ready ## Start the whole system on this machine; Ctrl-C ends it
	@exec $(PY) -m crowdfund.local

reset: ready ## Remove this machine's data (database, chain, mail); downloads stay
	@$(PY) -m crowdfund.local reset

test: ready-test ## Run all tests: what touches SQL on PostgreSQL and MariaDB, the whole stack with a browser, everything on SQLite
	@export CHROMIUM="$$($(PY) tools/chromium.py)"; [ -n "$$CHROMIUM" ] || exit 1; \
	$(if $(ARGS),exec $(PY) -m pytest -m "not chaos" $(ARGS),\
	  failed=0; $(MAKE) --keep-going --jobs=2 --output-sync=target lane-waiting lane-computing || failed=1; \
	  $(PY) -m pytest -q $(TWO) -m "not chaos and not browser" $(OWN) $(addprefix --ignore=,$(STACKS)) && exit $$failed)

lane-waiting:
	@$(ONE_BY_ONE) $(WAITING) $(BESIDE_WAITING)

lane-computing:
	@$(ONE_BY_ONE) $(COMPUTING) $(BESIDE_COMPUTING)

test-stacks: ready-dev
	@$(PY) -m pytest -q -m "not chaos and not browser" $(STACKS) $(ARGS)

test-browser: ready-dev
	@CHROMIUM="$$($(PY) tools/chromium.py)" exec $(PY) -m pytest -q $(TWO) -m "not chaos and browser" $(OWN) $(ARGS)

test-postgresql: ready-dev
	@HOSTILE_EVERY=37 $(FILLER) $(PY) -m pytest -q $(TWO) --db postgresql -m "not browser and not chaos and not node" $(ON_SQL) $(ARGS)

test-mysql: ready-dev
	@$(FILLER) $(PY) -m pytest -q --db mysql -m "not browser and not chaos" $(ON_MYSQL) $(ARGS)

newcomer: ready-dev ## Do what the README says in a fresh clone, with a browser and no setting
	@chromium=$$($(PY) tools/chromium.py) && CHROMIUM="$$chromium" exec $(PY) -m pytest -q tests/newcomer $(ARGS)

check: ready-bench ## All before a change is shared: lint, types, contracts, the README, benchmarks, tests
	@exec $(MAKE) test BESIDE_WAITING=newcomer BESIDE_COMPUTING="lint contracts bench-smoke"

lint: ready-dev ## Style, format, types, import order of the features
	@$(FILLER) $(VENV)/bin/ruff check .
	@$(FILLER) $(VENV)/bin/ruff format --check .
	@$(FILLER) $(VENV)/bin/mypy
	@$(FILLER) $(VENV)/bin/lint-imports

contracts: ready-dev ## Rebuild the contracts, compare with what is checked in, run their tests
	@PATH="$$($(PY) tools/npm.py):$$PATH" $(FILLER) contracts/run.sh check
	@PATH="$$($(PY) tools/npm.py):$$PATH" $(FILLER) contracts/run.sh test

fuzz: ready-dev ## Long runs: contracts and money programmes at random, every route with all hostile input
	@PATH="$$($(PY) tools/npm.py):$$PATH" FOUNDRY_PROFILE=long contracts/run.sh test
	@HYPOTHESIS_PROFILE=long $(PY) -m pytest -m "not browser and not chaos" tests/ledger tests/kernel $(ARGS)
	@HOSTILE_EVERY=1 $(PY) -m pytest -s tests/test_hostile.py
	@HOSTILE_EVERY=1 $(PY) -m pytest -s --db postgresql tests/test_hostile.py

chaos: ready-test ## Long runs with killed workers, emptied Redis, stopped chain
	@DATABASE_RESTARTS=5 STORM_PAYMENTS=20000 STORM_KILLS=200 SLOW_BANK_S=9 SLOW_BANK_LEASE_S=30 SLOW_BANK_PAYMENTS=200 $(PY) -m pytest tests/chaos tests/chain/test_fault_matrix.py $(ARGS)

lock: ready-dev ## Write requirements*.txt, with hashes, from requirements*.in (ARGS="--upgrade-package flask")
	@$(PY) -m pip install -qq --disable-pip-version-check -r tools/requirements-lock.txt
	@exec tools/lock.sh $(ARGS)

languages: ready-dev ## Bring the Amharic and Hindi catalogues in line with the texts of the code
	@$(PY) tools/languages.py

coverage: ready-dev ## Which lines and branches the tests on SQLite and of whole stacks run; says what is below the goals
	@mkdir -p var/coverage && rm -f var/coverage/data* var/coverage/report.json
	@$(PY) -m pytest -q $(TWO) -m "not chaos and not browser" $(OWN) $(addprefix --ignore=,$(STACKS)) --cov --cov-report= $(ARGS) \
	  || echo "Some tests failed: the figures may be too low." >&2
	@$(PY) -m pytest -q -m "not chaos and not browser" $(STACKS) --cov --cov-append --cov-report=json:var/coverage/report.json \
	  || echo "Some tests failed: the figures may be too low." >&2
	@exec $(PY) tools/coverage_gate.py

audit: ready-dev ## Ask a public database for known weaknesses of the locked packages; needs the network
	@exec tools/audit.sh $(ARGS)

measure: ready-dev ## Sizes of files and functions, long template lines, suppressions; against the goals
	@exec $(PY) tools/measure_house.py $(ARGS)

mutate: ready-dev ## How many small changes to the money modules the tests notice (ARGS="--sample 500")
	@$(PY) -m pip install -qq --disable-pip-version-check -r tools/requirements-mutate.txt
	@exec $(PY) tools/mutate.py $(ARGS)

bench: ready-bench ## Speed as ratios in one run; writes benchmarks/results.json
	@exec $(PY) -m benchmarks $(ARGS)

bench-smoke: ready-bench ## Run every benchmark at its smallest size: it works, and nothing is measured
	@exec $(FILLER) $(PY) -m benchmarks --smoke

bench-record: ready-bench ## Run all on a quiet machine and a clean checkout; also writes the table of benchmarks/README.md
	@exec $(PY) -m benchmarks --record

year: ready-dev ## Live twelve months in a minute, twice, on one clock and one seed; the journals must be the same, byte for byte
	@exec $(PY) -m benchmarks year

ready:
	@tools/bootstrap.sh requirements-local.txt

ready-dev:
	@tools/bootstrap.sh requirements-dev.txt

# What stages that run side by side would otherwise fetch at the same time.
ready-test: ready-dev
	@tools/mariadb.sh
	@$(PY) -c "from crowdfund.local import anvil; anvil.ensure(print)"

ready-bench: ready-dev
	@$(PY) -m pip install -qq --disable-pip-version-check -r benchmarks/requirements.txt
