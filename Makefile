# `make` alone says what there is, and what it costs.

VENV  := .venv
CORES ?= all
RECORD ?= default=results
SMOKE := --configfile config/smoke.yaml --snakefile Snakefile --directory smoke
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help results gallery docs smoke plan own record test lint environment clean

help:
	@echo 'make smoke       everything at toy size, in smoke/results; 2 minutes of one core'
	@echo 'make results     the paper at a reduced scale: results/index.html; 45 minutes of one core, 0.5 GB'
	@echo 'make plan        what make results would run, why, and what it costs; 20 seconds'
	@echo 'make own DATA=my.csv   look at a file of your own, write my.yaml, train on it'
	@echo 'make gallery     copy the finished page of make results to docs/gallery, with commit, day and machine'
	@echo 'make record      docs/record of the results that are there: numbers, figures, weights for git'
	@echo 'make docs        README.md and docs/ as a site: site/index.html; a minute and some packages of its own'
	@echo 'make test        all tests and checks; 20 minutes of two cores'
	@echo 'make lint        the checks alone; a minute'
	@echo 'make environment .venv as envs/lock.txt says; the others make it where there is none:'
	@echo '                 0.4 GB to download, 1.8 GB on disk, and with CUDA some more'
	@echo 'make clean       remove .venv, results, smoke, site, .site and .snakemake'
	@echo
	@echo 'CORES=4          cores to use; all by default'
	@echo 'ARGS="…"         handed on to Snakemake, as --configfile config/paper.yaml (the scale of the paper)'
	@echo '                 or --config only=springs5 (a part: README.md, "A part of it")'
	@echo 'RECORD="a=DIR b=DIR"  the results to record, each with a name; default=results'
	@echo 'PYTHON=… GPU=1   for the environment: another Python; torch for CUDA though no GPU is seen'

results: environment
	@python -m nri.config.yaml_file $(ARGS)
	snakemake --cores $(CORES) $(ARGS)

gallery: environment
	python scripts/gallery.py --results results --output docs/gallery/index.html

# In an environment of its own: what builds pages computes nothing.
docs: environment
	[ -d .site/env ] || python -m venv .site/env
	.site/env/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.site/env/bin/python -m pip install --quiet --group docs
	python scripts/site.py --output .site/pages
	.site/env/bin/python scripts/formulas.py .site/pages
	rm -rf site
	.site/env/bin/zensical build --strict
	@echo 'site/index.html; its search works where it is served: python -m http.server --directory site'

smoke: environment
	snakemake --cores $(CORES) $(SMOKE) $(ARGS)

# Installs nothing into an environment that is there: a run may be using it.
plan:
	@bash envs/install.sh --keep
	@python -m nri.config.yaml_file $(ARGS)
	@python scripts/plan.py $(ARGS)

own: environment
	@python scripts/own.py "$(DATA)"
	@data="$(DATA)" && set -- --configfile "$${data%.*}.yaml" $(ARGS) && \
		python -m nri.config.yaml_file "$$@" && snakemake --cores $(CORES) "$$@"

record: environment
	@python scripts/record.py $(RECORD)

test: environment lint
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive pytest -n auto --dist loadfile

lint: environment
	ruff check
	ruff format --check
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint

environment:
	@bash envs/install.sh

clean:
	rm -rf $(VENV) results smoke site .site .snakemake
