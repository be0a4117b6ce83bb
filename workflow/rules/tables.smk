# Tables of all results, and what the rules for basketball made of each game.

from nri.evaluation.metrics.table import METRICS
from nri.results.metrics import metric_of_table, tables_of

# A table for each metric that has one, in the order of `nri.results.metrics`; and one of all studies.
TABLE_NAMES = [*tables_of(METRICS), *(["studies"] if STUDIES else [])]
TABLES = [
    f"results/tables/{table}{end}"
    for table in TABLE_NAMES
    for end in (".html", ".md", ".tex", ".csv", "_seeds.csv")
]
TABLES += [f"results/tables/segments_{dataset}.html" for dataset in GAMES]
# What a table needs of the config, beside the results.
TITLES = {table: {} for table in TABLE_NAMES}
if STUDIES:
    TITLES["studies"] = {name: study.model_dump() for name, study in CONFIG.studies.items()}


rule external:
    input:
        user_file(CONFIG.external) if CONFIG.external else [],
    output:
        "results/external.csv",
    log:
        "results/logs/external.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        *source_digests("scripts/external.py"),
        *tracked({(): {"datasets": list(DATASETS)}}),
        program=script("external.py"),
        datasets=untracked(lambda wildcards: list(DATASETS)),
    shell:
        "python {params.program:q} --file={input:q} --datasets {params.datasets:q}"
        " --output {output:q} > {log:q} 2>&1"


rule table:
    input:
        unpack(lambda wildcards: EXTERNAL),
        metrics=rules.collect.output.metrics,
        runs=rules.collect.output.runs,
        paper=pipeline_file("config/paper_numbers.csv"),
    output:
        html=report(
            "results/tables/{table}.html",
            caption="../report/table.rst",
            category="Tables",
            labels=lambda wildcards: {
                "table": (
                    "studies"
                    if wildcards.table == "studies"
                    else metric_of_table(wildcards.table).caption
                )
            },
        ),
        others=multiext("results/tables/{table}", ".md", ".tex", ".csv", "_seeds.csv"),
    log:
        "results/logs/tables/{table}.log",
    benchmark:
        "results/benchmarks/tables/{table}.tsv"
    wildcard_constraints:
        table=one_of(TABLE_NAMES),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *tracked(TITLES, lambda wildcards: wildcards.table),
        *source_digests("scripts/tables.py"),
        program=script("tables.py"),
        studies=settings_json(lambda wildcards: TITLES[wildcards.table]),
        external=untracked(lambda wildcards: "--external results/external.csv" if EXTERNAL else ""),
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --runs {input.runs:q}"
        " --paper {input.paper:q} --table {wildcards.table} --studies {params.studies:q}"
        " {params.external} --output results/tables/{wildcards.table} > {log:q} 2>&1"


rule games_table:
    input:
        "results/data/{dataset}.games.csv",
    output:
        report(
            "results/tables/segments_{dataset}.html",
            caption="../report/games.rst",
            category="Tables",
            labels={"table": "games of {dataset}"},
        ),
    log:
        "results/logs/tables/segments_{dataset}.log",
    benchmark:
        "results/benchmarks/tables/segments_{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(GAMES),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/games_table.py"),
        program=script("games_table.py"),
    shell:
        "python {params.program:q} --games {input:q} --output {output:q} > {log:q} 2>&1"
