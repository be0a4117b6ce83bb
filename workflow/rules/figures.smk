# Tables, figures and the page that shows them.

TABLE_FORMATS = ["csv", "md", "tex", "html"]
TABLE_NAMES = ["edge_accuracy", "future_mse", "edge_auroc", *(["studies"] if STUDIES else [])]
TABLES = [
    f"results/tables/{table}.{extension}" for table in TABLE_NAMES for extension in TABLE_FORMATS
] + [f"results/tables/{table}_seeds.csv" for table in TABLE_NAMES]
# What a table needs of the config, beside the results.
TITLES = {table: {name: study.model_dump() for name, study in CONFIG.studies.items()} if table == "studies" else {} for table in TABLE_NAMES}
GAMES = [dataset for dataset in TRAINED_ON if dataset in SPORTVU]
TABLES += [f"results/tables/segments_{dataset}.html" for dataset in GAMES]


# Runs of a study are shown in its table; the figures are those of the paper's models.
MAIN = {key: run for key, run in RUNS.items() if not run.study}
SHOWN = {key: run for key, run in MAIN.items() if shows_motion(run)}
PREDICTS = any(run.decoder != "none" for run in MAIN.values()) or any(
    not baseline.baseline.startswith("corr") for baseline in BASELINES.values()
)
RECORDED = {key: run for key, run in MAIN.items() if key[0] in MOCAP and run.decoder != "none"}
SYSTEMS = example_systems()
# In the order of the paper's figures: 1, 4 to 11; then those that it does not have.
FIGURE_STEMS = [
    *(["simulation", "systems"] if SYSTEMS else []),
    *(f"trajectories_{dataset}_{run}" for dataset, run in SHOWN if dataset not in MOCAP | SPORTVU),
    *(["horizon"] if PREDICTS else []),
    *(f"skeleton_{dataset}_{run}" for dataset, run in SHOWN if dataset in MOCAP),
    *(f"roles_{dataset}_{run}" for dataset, run in SHOWN if dataset in SPORTVU),
    *(f"phases_{dataset}" for dataset in TRAINED_ON if compares_phases(dataset)),
    *(f"poses_{dataset}_{run}" for dataset, run in RECORDED),
    *(f"court_{dataset}_{run}" for dataset, run in SHOWN if dataset in SPORTVU),
    *(f"segments_{dataset}" for dataset in GAMES),
    *(f"edges_{dataset}_{run}" for dataset, run in SHOWN if dataset in OWN),
    *(
        f"changing_edges_{dataset}"
        for dataset in dict.fromkeys(dataset for dataset, _ in SHOWN)
        if getattr(DATASETS[dataset], "edges_change", False)
    ),
    *(f"curves_{dataset}" for dataset in dict.fromkeys(dataset for dataset, _ in MAIN)),
]
FIGURES = [
    f"results/figures/{stem}.{extension}" for stem in FIGURE_STEMS for extension in ("svg", "png")
]

# The graphs of own data, for the user's own tools.
GRAPHS = [f"results/graphs/{dataset}/{run}/edges.csv" for dataset, run in SHOWN if dataset in OWN]
GRAPHS += [f"results/inferred/{name}/edges.csv" for name in INFER]


rule table:
    input:
        metrics=rules.collect.output.metrics,
        runs=rules.collect.output.runs,
        paper=pipeline_file("config/paper_numbers.csv"),
    output:
        multiext("results/tables/{table}", ".csv", ".md", ".tex", ".html", "_seeds.csv"),
    log:
        "results/logs/tables/{table}.log",
    benchmark:
        "results/benchmarks/tables/{table}.tsv"
    wildcard_constraints:
        table="edge_accuracy|future_mse|edge_auroc|studies",
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
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --runs {input.runs:q}"
        " --paper {input.paper:q} --table {wildcards.table} --studies {params.studies:q}"
        " --output results/tables/{wildcards.table} > {log:q} 2>&1"


rule figure_simulation:
    input:
        data=[f"results/data/{dataset}.h5" for dataset in SYSTEMS[:1]],
    output:
        multiext("results/figures/simulation", ".svg", ".png"),
    log:
        "results/logs/figures/simulation.log",
    benchmark:
        "results/benchmarks/figures/simulation.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_simulation.py"),
        program=script("figure_simulation.py"),
    shell:
        "python {params.program:q} --data {input.data:q} --output {output:q} > {log:q} 2>&1"


rule figure_systems:
    input:
        data=[f"results/data/{dataset}.h5" for dataset in SYSTEMS],
    output:
        multiext("results/figures/systems", ".svg", ".png"),
    log:
        "results/logs/figures/systems.log",
    benchmark:
        "results/benchmarks/figures/systems.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_systems.py"),
        program=script("figure_systems.py"),
    shell:
        "python {params.program:q} --data {input.data:q} --output {output:q} > {log:q} 2>&1"


rule figure_horizon:
    input:
        metrics=rules.collect.output.metrics,
        runs=rules.collect.output.runs,
    output:
        multiext("results/figures/horizon", ".svg", ".png"),
    log:
        "results/logs/figures/horizon.log",
    benchmark:
        "results/benchmarks/figures/horizon.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_horizon.py"),
        program=script("figure_horizon.py"),
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --runs {input.runs:q}"
        " --output {output:q} > {log:q} 2>&1"


rule figure_curves:
    input:
        curves=lambda wildcards: run_files(
            "curve.csv", lambda run: run.dataset == wildcards.dataset and not run.study
        ),
        configs=lambda wildcards: run_files(
            "config.json", lambda run: run.dataset == wildcards.dataset and not run.study
        ),
    output:
        multiext("results/figures/curves_{dataset}", ".svg", ".png"),
    log:
        "results/logs/figures/curves_{dataset}.log",
    benchmark:
        "results/benchmarks/figures/curves_{dataset}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_curves.py"),
        program=script("figure_curves.py"),
    shell:
        "python {params.program:q} --curves {input.curves:q} --output {output:q} > {log:q} 2>&1"


rule figure_trajectories:
    input:
        examples=lambda wildcards: first_seed("examples.npz", wildcards),
        config=lambda wildcards: first_seed("config.json", wildcards),
    output:
        multiext("results/figures/trajectories_{dataset}_{run}", ".svg", ".png"),
    log:
        "results/logs/figures/trajectories_{dataset}_{run}.log",
    benchmark:
        "results/benchmarks/figures/trajectories_{dataset}_{run}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_trajectories.py"),
        program=script("figure_trajectories.py"),
    shell:
        "python {params.program:q} --examples {input.examples:q} --output {output:q}"
        " > {log:q} 2>&1"


rule figure_skeleton:
    input:
        examples=lambda wildcards: first_seed("examples.npz", wildcards),
        config=lambda wildcards: first_seed("config.json", wildcards),
        data="results/data/{dataset}.h5",
    output:
        multiext("results/figures/skeleton_{dataset}_{run}", ".svg", ".png"),
    log:
        "results/logs/figures/skeleton_{dataset}_{run}.log",
    benchmark:
        "results/benchmarks/figures/skeleton_{dataset}_{run}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_skeleton.py"),
        program=script("figure_skeleton.py"),
    shell:
        "python {params.program:q} --examples {input.examples:q} --data {input.data:q}"
        " --output {output:q} > {log:q} 2>&1"


rule figure_phases:
    input:
        examples=lambda wildcards: phase_files("examples.npz", wildcards.dataset),
        configs=lambda wildcards: phase_files("config.json", wildcards.dataset),
    output:
        multiext("results/figures/phases_{dataset}", ".svg", ".png"),
    log:
        "results/logs/figures/phases_{dataset}.log",
    benchmark:
        "results/benchmarks/figures/phases_{dataset}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_phases.py"),
        program=script("figure_phases.py"),
    shell:
        "python {params.program:q} --examples {input.examples:q} --output {output:q}"
        " > {log:q} 2>&1"


rule figure_poses:
    input:
        examples=lambda wildcards: first_seed("examples.npz", wildcards),
        config=lambda wildcards: first_seed("config.json", wildcards),
        data="results/data/{dataset}.h5",
    output:
        multiext("results/figures/poses_{dataset}_{run}", ".svg", ".png"),
    log:
        "results/logs/figures/poses_{dataset}_{run}.log",
    benchmark:
        "results/benchmarks/figures/poses_{dataset}_{run}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_poses.py"),
        program=script("figure_poses.py"),
    shell:
        "python {params.program:q} --examples {input.examples:q} --data {input.data:q}"
        " --output {output:q} > {log:q} 2>&1"


rule figure_changing_edges:
    input:
        metrics=rules.collect.output.metrics,
        runs=rules.collect.output.runs,
        data="results/data/{dataset}.h5",
    output:
        multiext("results/figures/changing_edges_{dataset}", ".svg", ".png"),
    log:
        "results/logs/figures/changing_edges_{dataset}.log",
    benchmark:
        "results/benchmarks/figures/changing_edges_{dataset}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/figure_changing_edges.py"),
        program=script("figure_changing_edges.py"),
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --runs {input.runs:q}"
        " --data {input.data:q} --dataset {wildcards.dataset} --output {output:q} > {log:q} 2>&1"


rule page:
    input:
        metrics=rules.collect.output.metrics,
        runs=rules.collect.output.runs,
        paper=pipeline_file("config/paper_numbers.csv"),
        tables=[table for table in TABLES if table.endswith(".html")],
        figures=[figure for figure in FIGURES if figure.endswith(".svg")],
        template=pipeline_file("nri/results/templates/page.html"),
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
        program=script("page.py"),
        command=CONFIG.command,
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --runs {input.runs:q}"
        " --paper {input.paper:q} --tables {input.tables:q} --figures {input.figures:q}"
        " --command {params.command:q} --output {output:q} > {log:q} 2>&1"
