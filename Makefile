# The developers' verbs. Whoever only runs Foyer needs ./foyer and no make.
SEEDS ?= 5
FIRST ?= 1
ROUNDS ?= 1000000
SEED ?= 1

.PHONY: check bench simulate fuzz mutate town lock

check:  ## lint, format, types and the house law
	scripts/check

bench:  ## the figures of bench/RESULTS.md; fails past a bound
	scripts/bootstrap test
	.venv/bin/python -m bench

simulate:  ## SEEDS campuses in virtual time, from seed FIRST on (docs/simulation.md)
	scripts/bootstrap test
	.venv/bin/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)

fuzz:  ## ROUNDS hostile frames at panels, client and ear, from SEED on
	scripts/bootstrap test
	.venv/bin/python -m tests.fuzz --rounds $(ROUNDS) --seed $(SEED)

mutate:  ## small changes of the edge's decision, and those that no test sees; minutes
	scripts/bootstrap test
	rm -rf mutants
	.venv/bin/mutmut run --max-children 2
	.venv/bin/mutmut results

town:  ## a first day on the large campus, by the command line; minutes
	scripts/bootstrap test
	.venv/bin/python -m pytest -s tests/journeys/town.py

lock:  ## newest versions that fit, with their hashes
	scripts/bootstrap test
	scripts/lock
