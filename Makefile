# make results: everything, from nothing.    make plan: what that would run, and why.
# make test: all tests and checks.          ARGS: what is handed on to Snakemake.
# make own DATA=my.csv: look at a file of your own, write my.yaml, train on it.

VENV  := .venv
CORES ?= all
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: results plan own test lint clean

results: $(VENV)/ready
	snakemake --cores $(CORES) $(ARGS)

plan: $(VENV)/ready
	python scripts/plan.py $(ARGS)

own: $(VENV)/ready
	data="$(DATA)" && python scripts/own.py "$$data" && \
		snakemake --cores $(CORES) --configfile "$${data%.*}.yaml" $(ARGS)

test: $(VENV)/ready lint
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive pytest -n auto --dist loadfile

lint: $(VENV)/ready
	ruff check
	ruff format --check
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint

$(VENV)/ready: envs/lock.txt pyproject.toml
	python3 -m venv --clear $(VENV)
	pip install --quiet --requirement envs/lock.txt
	pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) results .snakemake
