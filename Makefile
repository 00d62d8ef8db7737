# Every target works on a fresh checkout: what needs packages depends on `setup`.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
NODE := node_modules/.bin/node --conditions=@espalier/source
TESTS := 'api/src/**/*.test.ts' 'search/src/**/*.test.ts' 'controller/src/**/*.test.ts' \
  'cli/src/**/*.test.ts' 'courier/src/**/*.test.ts' 'trainer-image/src/**/*.test.ts' 'scripts/*.test.ts' \
  'test/**/*.test.ts'

.DEFAULT_GOAL := help
.PHONY: help setup tools lock audit demo test test-all e2e soak coverage verify format generate types bench \
  bench-local bench-trainer bench-controller bench-streams bench-search bench-cli gpu-check cluster-up cluster-down images chart clean generate-deploy

help: ## Show what each target does
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

setup: ## Install everything that the other targets need (they call it themselves)
	@scripts/setup.sh

tools: ## Build or fetch the real servers that tests start (skipped where that is not possible)
	@scripts/build-tools.sh control-plane servers >/dev/null || [ $$? -eq 3 ]
	@scripts/fetch-prometheus.sh >/dev/null || [ $$? -eq 3 ]

lock: ## Bring package-lock.json up to date after a change of a package.json
	@npm install --package-lock-only --ignore-scripts && node scripts/complete-lockfile.mjs

audit: ## Ask the npm registry for known vulnerabilities of what is shipped (needs one that answers that)
	@npm audit --omit=dev --audit-level=high

demo: setup ## Run a real hyperparameter sweep on this machine, no cluster
	@$(NODE) scripts/demo.ts

test: setup tools coverage ## Run every test that can run here, as TAP
	@$(NODE) --test --test-reporter=tap $(TESTS)

e2e: export ESPALIER_E2E = 1
e2e: setup tools ## Install, train, break and remove everything: on KUBECONFIG, else on cluster-up's node, else its own
	@$(NODE) --test --test-reporter=tap test/e2e/walk.test.ts

soak: export ESPALIER_SOAK = 1
soak: export SOAK_MINUTES ?= 60
soak: setup tools ## Small Experiments and random kills for SOAK_MINUTES (root, ESPALIER_HOST_TESTS=1); SOAK_SEED repeats them
	@$(NODE) --test --test-reporter=tap test/soak/soak.test.ts

test-all: export ESPALIER_TEST_ALL = 1
test-all: test ## The same with nothing scaled down

coverage: setup ## Check that api, search and domain are covered to at least 95 % of their lines
	@$(NODE) scripts/coverage.ts

verify: setup ## Check format, lint, types, layering, dead code and generated files
	@scripts/verify.sh

format: setup ## Format the sources
	@node_modules/.bin/biome check --write .

types: setup ## Type-check everything
	@node_modules/.bin/tsc -b

generate: setup ## Write CRDs, API reference and docs/acceptance.md from their sources
	@$(NODE) scripts/generate.ts

generate-deploy: setup ## Write manifests/deploy and manifests/uninstall from the chart (builds helm once)
	@$(NODE) scripts/generate-deploy.ts

bench: bench-local bench-trainer bench-controller bench-streams bench-search bench-cli ## Run every benchmark; JSON lines on stdout

bench-local: setup ## Overhead, throughput and memory of the local engine; one JSON line
	@$(NODE) test/bench/local.ts

bench-trainer: setup ## The trainer against PyTorch, Keras, TensorFlow and Pillow; JSON lines
	@$(NODE) test/bench/trainer.ts

bench-controller: setup tools ## The controller on a real control plane with fake nodes; JSON lines
	@$(NODE) test/bench/controller.ts $(BENCH_FLAGS)

bench-streams: setup tools ## Reports from NATS to the page of metrics, files to S3; one JSON line
	@$(NODE) test/bench/streams.ts $(BENCH_FLAGS)

bench-search: setup ## Suggestions next to Optuna's: time, quality, early stopping; BENCH_SEEDS; JSON lines
	@$(NODE) test/bench/search.ts --python "$$(scripts/search/setup.sh)" $(BENCH_FLAGS)

bench-cli: setup ## How long help and long lists of the command line take; one JSON line
	@$(NODE) test/bench/cli.ts

gpu-check: setup ## On a machine with a GPU: is it used, do its numbers hold, how fast is it
	@$(NODE) trainer-image/src/bench/gpu-check.ts

cluster-up: setup tools ## Start a Kubernetes here: a real node (root, ESPALIER_HOST_TESTS=1), kind, or fake nodes
	@$(NODE) scripts/cluster-up.ts

cluster-down: setup ## Stop it; nothing is left behind
	@$(NODE) scripts/cluster-down.ts

images: ## Build IMAGES (default: controller courier trainer cli) by docker, else by buildah as root; prints sizes
	@scripts/images.sh $(IMAGES)

chart: ## Package the chart into .tmp/chart (builds helm once)
	@helm=$$(scripts/build-tools.sh helm | cut -d ' ' -f 2) && "$$helm" package charts/espalier --destination .tmp/chart

clean: ## Remove build output and the local state folder
	@[ ! -d .espalier/cluster ] || $(NODE) scripts/cluster-down.ts
	@rm -rf .espalier coverage */dist .tmp
