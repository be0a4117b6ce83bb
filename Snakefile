"""Neural Relational Inference, from a config to every table and figure.

snakemake --cores all                                          the default scale
snakemake --cores all --configfile config/smoke.yaml           a first look, two minutes
snakemake --cores all --configfile config/mocap.yaml           real motion capture
snakemake --cores all --configfile config/nba.yaml             real basketball (docs/nba.md)
snakemake --cores all --configfile config/own.yaml             own data (docs/own_data.md)
"""

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/snakemake_internals.smk"
include: "workflow/rules/config.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/download.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/baselines.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/inference.smk"
include: "workflow/rules/figure_table.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/explorer.smk"
include: "workflow/rules/cards.smk"
include: "workflow/rules/page.smk"


rule all:
    input:
        "results/index.html",
        FIGURE_FILES,
        TABLES,
        GRAPHS,
        rules.cards.output,
    localrule: True
