# Every habit of the project. `just` alone lists them; each sets up what it needs on first use.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

export UV_PYTHON_DOWNLOADS := "never"
bin := justfile_directory() / ".venv" / "bin"

# List the recipes
default:
    @just --justfile {{ quote(justfile()) }} --list --unsorted

# Install what running needs: Python packages, npm packages, compiled contracts
setup:
    @bin/setup run

# Install what testing needs besides
setup-dev:
    @bin/setup dev

# Install ccxt beside, for exchanges without an adapter of their own
setup-ccxt:
    @bin/setup ccxt

# Run the main job: a local chain with real protocols, a local relay, the live pipeline
demo *arguments: setup
    @"{{ bin }}/sims" demo "$@"

# Run the bot, dry unless told otherwise: `just run --network devnet`
run *arguments: setup
    @"{{ bin }}/searcher" run "$@"

# Rehearse Sepolia: its profile on a local chain with its chain id and addresses, until a bundle lands
sepolia-rehearsal *arguments: setup
    @"{{ bin }}/sims" sepolia-rehearsal "$@"

# Pass the tests: Python with and without a chain, then the contracts
test *arguments: setup-dev foundry
    "{{ bin }}/pytest" "$@"

# Pass the tests that need no chain, in seconds
unit *arguments: setup-dev
    "{{ bin }}/pytest" -m "not anvil" "$@"

# Drive clients that others wrote against our relay
interop: setup-dev
    "{{ bin }}/pytest" tests/interop

# Pass the property tests with many random examples
prop *arguments: setup-dev
    HYPOTHESIS_PROFILE=nightly "{{ bin }}/pytest" -m "not anvil" --timeout=3000 "$@"

# Everything about the contracts: their tests, coverage, static analysis, proofs
contracts: foundry coverage slither halmos

# Pass the Foundry tests of the executor, offline, and its formatter and linter
foundry: setup-dev
    cd contracts && bin/forge fmt --check
    cd contracts && node_modules/.bin/solhint --disc --noPoster --max-warnings 0 'src/**/*.sol' 'devnet/*.sol'
    cd contracts && node_modules/.bin/solhint --disc --noPoster --max-warnings 0 -c test/.solhint.json 'test/**/*.sol' 'devnet/doubles/*.sol'
    cd contracts && bin/forge build src devnet
    cd contracts && FORGE_SNAPSHOT_CHECK=true bin/forge test

# Analyse the contracts statically; fails on findings of medium impact and above
slither:
    @bin/setup analysis
    cd contracts && FOUNDRY_VIA_IR=false FOUNDRY_OUT=cache/slither FOUNDRY_CACHE_PATH=cache/slither \
        PATH="$PWD/bin:{{ justfile_directory() }}/.venv-analysis/bin:$PATH" slither .

# Prove for every input what the Foundry tests try for many
halmos:
    @bin/setup analysis
    cd contracts && FOUNDRY_VIA_IR=false FOUNDRY_OUT=cache/halmos FOUNDRY_CACHE_PATH=cache/halmos \
        PATH="$PWD/bin:{{ justfile_directory() }}/.venv-analysis/bin:$PATH" \
        halmos --contract SymbolicTest --forge-build-out cache/halmos

# Break the executor in one place at a time; see which breaks no test notices: `just mutate [guards]`
mutate *arguments: setup-dev
    bin/mutate "$@"

# Demand that the Foundry tests reach every line and branch of the executor
coverage: setup-dev
    mkdir -p contracts/cache
    cd contracts && FOUNDRY_VIA_IR=false FOUNDRY_OUT=cache/coverage FOUNDRY_CACHE_PATH=cache/coverage bin/forge coverage \
        --no-match-contract Invariant --no-match-test test_Gas --no-match-coverage 'test|devnet|TokenProbe' >cache/coverage.txt
    cat contracts/cache/coverage.txt
    grep -Eq 'Total +(\| 100\.00% [^|]*){4}\|' contracts/cache/coverage.txt

# Format everything
fmt: setup-dev
    "{{ bin }}/ruff" format
    cd contracts && bin/forge fmt

# Check style and spelling
lint: setup-dev
    "{{ bin }}/ruff" format --check
    "{{ bin }}/ruff" check
    "{{ bin }}/typos"

# Check types
types: setup-dev
    "{{ bin }}/mypy"

# Check that the packages keep their layers
arch: setup-dev
    "{{ bin }}/lint-imports" --no-logo
    "{{ bin }}/pytest" tests/test_architecture.py

# Everything that CI runs
check: lint types arch test contracts

# Measure: `just bench NAME [--json]`, where NAME is start, search, peers, selection, gas, feeds or submit
bench name *arguments: setup-dev
    @if [ "$1" = peers ]; then bin/setup peers; fi
    @"{{ bin }}/python" -m benchmarks."$@"

# Write the Python code of protos/ again
protos: setup-dev
    bin/protos

# Write the lock files again from pyproject.toml and contracts/package.json
lock: setup-dev
    bin/lock
