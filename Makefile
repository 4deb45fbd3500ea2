# milonga: `make help` lists the targets.
PYTHON ?= python3
VENV := .venv/bin
# A package index with a CPU-only torch, for those who have one: make demo TORCH_INDEX=https://...
export TORCH_INDEX

# Of the tests: one more than two cores, since many wait for processes
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help demo dev test test-cluster check slow goldens bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "%-14s %s\n", $$1, $$2}'

demo: ## Make the environment, run the main job on real data, serve the result
	@$(PYTHON) tools/environment.py all
	@$(VENV)/python tools/demo.py

dev: ## Make the environment in .venv, with everything that development needs
	@$(PYTHON) tools/environment.py all dev

test: dev ## Install what the tests need, and run them all
	@$(VENV)/python -m pytest -n $(WORKERS) --dist loadscope -m "not slow and not cluster"
	@$(VENV)/python -m pytest -n $(WORKERS) -m "slow and not cluster"

test-cluster: dev ## Run the tests that need a Kubernetes with Argo Workflows: the one that KUBECONFIG names
	@test -n "$$KUBECONFIG" || { echo "KUBECONFIG names no cluster: see docs/how-to/test-on-a-cluster.md" >&2; exit 2; }
	@$(VENV)/python -m pytest -m cluster

check: dev ## What CI runs before the tests: lint, types, layers
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/pyright --warnings
	@$(VENV)/lint-imports

goldens: dev ## Write the golden files again, after a change that is meant
	@$(VENV)/python -m pytest tests/goldens --update-goldens

bench: dev ## Run the benchmarks that need no cluster, peers side by side
	@$(VENV)/python -m benchmarks

clean: ## Remove what was made, the environment included
	rm -rf .venv .uv .bench .milonga demo build dist
