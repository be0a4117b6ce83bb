# The page that shows all tables and figures.

# The tables that the page does not make itself, from the metrics.
OTHER_TABLES = [f"results/tables/segments_{dataset}.html" for dataset in GAMES]
TESTED_ON = [other.dataset for run in TRAINED.values() for other in run.test_on]


rule page:
    input:
        unpack(lambda wildcards: EXTERNAL),
        metrics=rules.collect.output.metrics,
        runs=rules.collect.output.runs,
        configs=all_files("config.json"),
        curves=[file for run in TRAINED.values() for file in seed_files("curve.csv", run)],
        data=[data_file(dataset) for dataset in dict.fromkeys([*TRAINED_ON, *TESTED_ON])],
        paper=pipeline_file("config/paper_numbers.csv"),
        best=pipeline_file("config/best_published.csv"),
        tables=OTHER_TABLES,
        verdicts=[
            f"results/graphs/{dataset}/{run}/verdict.json"
            for dataset, run in from_source("own", SHOWN)
        ],
        figures=[file for file in FIGURE_FILES if file.endswith(".svg")],
        explorer=[rules.explorer.output[0]] if EXPLORED else [],
        templates=[
            pipeline_file(str(path.relative_to(BASE)))
            for path in sorted((BASE / "nri/results/page/templates").iterdir())
        ],
    output:
        "results/index.html",
    log:
        "results/logs/page.log",
    benchmark:
        "results/benchmarks/page.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/page.py"),
        *tracked({(): TITLES.get("studies", {})}),
        program=script("page.py"),
        studies=settings_json(lambda wildcards: TITLES.get("studies", {})),
        # As a function, so that Snakemake fills in nothing that stands in braces.
        command=lambda wildcards: CONFIG.command,
        external=untracked(lambda wildcards: "--external results/external.csv" if EXTERNAL else ""),
        explorer=lambda wildcards, input: ["--explorer", *input.explorer] if EXPLORED else [],
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --runs {input.runs:q}"
        " --configs {input.configs:q} --data {input.data:q} --paper {input.paper:q}"
        " --best {input.best:q} --tables {input.tables:q} --verdicts {input.verdicts:q}"
        " --figures {input.figures:q} {params.external}"
        " --studies {params.studies:q} {params.explorer:q} --command={params.command:q}"
        " --output {output:q} > {log:q} 2>&1"
