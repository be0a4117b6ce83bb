# Evaluation of every trained model on test splits, and all results in one tidy table.

# Of `corr-lstm` rule correlate_lstm evaluates the states.
EVALUATED = {key: run for key, run in TRAINED.items() if key not in CORRELATED}
EVALUATION_CODE = {
    key: source_digests("scripts/evaluate.py", *networks_of(run)) for key, run in EVALUATED.items()
}

EXPORT_CODE = {
    key: source_digests("scripts/export.py", *networks_of(run)) for key, run in EVALUATED.items()
}


rule evaluate:
    input:
        data="results/data/{dataset}.h5",
        others=other_data,
        model=rules.train.output.model,
        config=rules.train.output.config,
    output:
        metrics="results/{group}/{dataset}/{run}/seed{seed}/metrics.csv",
        examples="results/{group}/{dataset}/{run}/seed{seed}/examples.npz",
        posterior="results/{group}/{dataset}/{run}/seed{seed}/posterior.npz",
    log:
        "results/logs/{group}/{dataset}/{run}/seed{seed}/evaluate.log",
    benchmark:
        "results/benchmarks/{group}/{dataset}/{run}/seed{seed}/evaluate.tsv"
    wildcard_constraints:
        group=groups_of(EVALUATED),
        run="[^/]+",
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        gpu=CONFIG.gpu,
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: minutes(
            seconds_to_evaluate(trained_key(wildcards)), attempt, least=20
        ),
        cpu_seconds=lambda wildcards: seconds_to_evaluate(trained_key(wildcards)),
    params:
        *tracked({(): CONFIG.evaluation.model_dump()}),
        *padded(EVALUATION_CODE, trained_key),
        program=script("evaluate.py"),
        settings=settings_json(lambda wildcards: CONFIG.evaluation.model_dump()),
        directory=lambda wildcards, input: Path(input.model).parent,
    shell:
        "python {params.program:q} --run {params.directory:q} --data {input.data:q}"
        " --test-on {input.others:q} --settings {params.settings:q} --threads {threads}"
        " --output {params.directory:q} > {log:q} 2>&1"


# On demand: all test samples for other tools, of one run (its predictions.h5) or of all of them
# (`snakemake predictions`).
rule export:
    input:
        data="results/data/{dataset}.h5",
        model=rules.train.output.model,
        config=rules.train.output.config,
        posterior=rules.evaluate.output.posterior,
    output:
        "results/{group}/{dataset}/{run}/seed{seed}/predictions.h5",
    log:
        "results/logs/{group}/{dataset}/{run}/seed{seed}/export.log",
    benchmark:
        "results/benchmarks/{group}/{dataset}/{run}/seed{seed}/export.tsv"
    wildcard_constraints:
        group=groups_of(EVALUATED),
        run="[^/]+",
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        gpu=CONFIG.gpu,
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    params:
        *padded(EXPORT_CODE, trained_key),
        program=script("export.py"),
        directory=lambda wildcards, input: Path(input.model).parent,
    shell:
        "python {params.program:q} --run {params.directory:q} --data {input.data:q}"
        " --threads {threads} --output {output:q} > {log:q} 2>&1"


rule predictions:
    input:
        [file for run in EVALUATED.values() for file in seed_files("predictions.h5", run)],
    localrule: True


rule collect:
    input:
        metrics=all_files("metrics.csv"),
        configs=all_files("config.json"),
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
        *tracked({(): {"studies": STUDIES, "labels": LABELS}}),
        *source_digests("scripts/collect.py"),
        program=script("collect.py"),
        studies=settings_json(lambda wildcards: STUDIES),
        labels=settings_json(lambda wildcards: LABELS),
    # The programs read what names thousands of runs from a file: no argument may be longer than 128 KiB.
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --configs {input.configs:q}"
        " @<(printf '%s\\n' --studies {params.studies:q} --labels {params.labels:q})"
        " --output-metrics {output.metrics:q} --output-runs {output.runs:q} > {log:q} 2>&1"
