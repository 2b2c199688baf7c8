# make run: the app. make test: everything. Nothing is installed outside this folder (.uv, .venv).
.DEFAULT_GOAL := help
.PHONY: help run test testbed testbed-down check format bench bench-understanding screenshots lock wheel clean

BIN := .venv/bin
REQUIREMENTS := .ci/bootstrap pyproject.toml $(wildcard requirements/*.txt)

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

.venv/.runtime: $(REQUIREMENTS)
	@.ci/bootstrap runtime
	@touch $@

.venv/.dev: $(REQUIREMENTS)
	@.ci/bootstrap dev
	@touch $@ .venv/.runtime

run: .venv/.runtime ## start the app (ARGS="--help" for the command line)
	@$(BIN)/reign-tui $(ARGS)

test: .venv/.dev ## all tests, with coverage; those that need Docker or a cluster are skipped where there is none
	@$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=90 $(ARGS)

testbed: .venv/.dev ## start a real Kubernetes, Helm, Terraform for tests (as root, on Linux; the first time builds 13 minutes)
	@$(BIN)/python -m tests.testbed up

testbed-down: .venv/.dev ## stop it
	@$(BIN)/python -m tests.testbed down

check: .venv/.dev ## lint, format, types, floors
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/.dev ## let ruff write
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: .venv/.dev ## every benchmark, each printing a ratio measured in one run
	@set -e; for file in benchmarks/[a-z]*.py; do $(BIN)/python $$file; done

bench-understanding: .venv/.dev ## how many requests are understood
	@$(BIN)/python benchmarks/understanding.py

screenshots: .venv/.dev ## screenshots/*.svg from the real app on a real run
	@$(BIN)/python screenshots/take.py

lock: ## pin requirements again, with hashes
	@set -e; uv=$$(.ci/bootstrap uv); \
	pin="$$uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header"; \
	$$pin pyproject.toml -o requirements/runtime.txt; \
	$$pin --group dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt; \
	printf 'hatchling>=1.27\neditables>=0.5\n' | $$pin --python-version 3.11 -c requirements/dev.txt - -o requirements/build.txt; \
	echo 'uv>=0.8' | $$pin --python-version 3.11 - -o requirements/uv.txt

wheel: .venv/.dev ## dist/*.whl
	@$(BIN)/python -m hatchling build -t wheel

clean: ## what was built or cached here; .venv and .uv too
	rm -rf .venv .uv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* coverage.xml dist build snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
