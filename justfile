# The project's checks, one recipe each. `.ci/run` runs most of them, in its own order;
# `just NAME` runs one by hand, `just --list` shows them all.

set shell := ["bash", "-euo", "pipefail", "-c"]

# List the recipes
default:
    @just --list

# Build the debug binary
build:
    cargo build --locked

# Build the release binary
release:
    cargo build --release --locked

# Run every test
test:
    cargo test --locked

# Format the code
fmt:
    cargo fmt --all

# Check the format
fmt-check:
    cargo fmt --all --check

# Lint with clippy; a warning is an error
lint:
    cargo clippy --locked --all-targets -- -D warnings

# Check licences, bans and sources of the dependencies
deny:
    cargo deny --locked check bans licenses sources

# Build the API documentation; a warning is an error
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# Lint the shell scripts
shellcheck:
    shellcheck -x $(packaging/shell-scripts.sh)

# Lint the man pages
man-lint:
    mandoc -T lint -W warning man/*.[157]

# Rewrite the generated files: completions, man pages, event schema
generate:
    AIRX_UPDATE=1 cargo test --locked --test generated

# Run the two commands of the README's first screen
readme:
    packaging/readme-first-screen.sh

# Run one of the checks with real programs: run, peers, sdks, schema-suite, mcp, slots, budget, bounds, constrain, split
real NAME:
    tests/real/{{NAME}}

# Run all checks with real programs
real-all:
    for check in run peers sdks schema-suite mcp slots budget bounds constrain split; do tests/real/$check; done

# Measure what `json --constrain` saves, with PROMPTS of 20 prompts (20 take about 15 minutes)
constrain PROMPTS="2":
    tests/real/constrain {{PROMPTS}}

# Fuzz each target for this number of seconds
fuzz SECONDS="60":
    tests/fuzz/run {{SECONDS}}

# Compare speed with curl and other clients
bench:
    benches/compare

# Pack the crate, install it from the package and run it
package-crate:
    packaging/crate.sh

# Build the static musl binary and run the integration tests with it
musl:
    packaging/musl.sh

# Build, install, use and remove the Debian package
deb:
    packaging/deb.sh

# Build an archive with its checksum, and install it with install.sh
archive:
    packaging/archive.sh
    packaging/install-test.sh

# Build the OCI image and run airx in it (needs buildah)
image:
    packaging/image.sh

# Check that other platforms compile
cross-check:
    packaging/cross-check.sh

# Lint the workflows
workflows:
    packaging/workflow-lint.sh

# Everything that must pass before a change is merged
ci:
    bash .ci/run
