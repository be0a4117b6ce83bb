# Evaluation of every run on test splits, and all results in one tidy table.


rule evaluate:
    input:
        data="results/data/{dataset}.h5",
        others=other_data,
        model=rules.train.output.model,
        config=rules.train.output.config,
    output:
        metrics="results/runs/{dataset}/{run}/seed{seed}/metrics.csv",
        examples="results/runs/{dataset}/{run}/seed{seed}/examples.npz",
        posterior="results/runs/{dataset}/{run}/seed{seed}/posterior.npz",
    log:
        "results/logs/runs/{dataset}/{run}/seed{seed}/evaluate.log",
    benchmark:
        "results/benchmarks/runs/{dataset}/{run}/seed{seed}/evaluate.tsv"
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        gpu=config["gpu"],
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    params:
        *compared({(): config["evaluation"]}),
        *code_of("scripts/evaluate.py"),
        program=script("evaluate.py"),
        settings=settings_json(lambda wildcards: config["evaluation"]),
        directory=lambda wildcards, input: Path(input.model).parent,
    shell:
        "python {params.program:q} --run {params.directory:q} --data {input.data:q}"
        " --test-on {input.others:q} --settings {params.settings:q} --threads {threads}"
        " --output {params.directory:q} > {log:q} 2>&1"


rule collect:
    input:
        metrics=run_files("metrics.csv") + baseline_files("metrics.csv"),
        configs=run_files("config.json") + baseline_files("config.json"),
    output:
        metrics="results/metrics.csv",
        runs="results/runs.csv",
    log:
        "results/logs/collect.log",
    benchmark:
        "results/benchmarks/collect.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *compared({(): STUDIES}),
        *code_of("scripts/collect.py"),
        program=script("collect.py"),
        studies=settings_json(lambda wildcards: STUDIES),
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --configs {input.configs:q}"
        " --studies {params.studies:q} --output-metrics {output.metrics:q}"
        " --output-runs {output.runs:q} > {log:q} 2>&1"
