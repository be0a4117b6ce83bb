# Baselines: one job per data set, baseline and seed, trained (where it is) and evaluated.

UNTRAINED = {name for (_, name), settings in BASELINES.items() if "training" not in settings}
TRAINED = {name for _, name in BASELINES} - UNTRAINED
BASELINE_SETTINGS = {
    name: {key: value for key, value in entry.items() if key != "seeds"}
    for name, entry in BASELINES.items()
}
BASELINE_EVALUATIONS = {name: used_evaluation(entry) for name, entry in BASELINES.items()}


rule baseline:
    input:
        data="results/data/{dataset}.h5",
    output:
        metrics="results/baselines/{dataset}/{baseline}/seed{seed}/metrics.csv",
        config="results/baselines/{dataset}/{baseline}/seed{seed}/config.json",
    log:
        "results/logs/baselines/{dataset}/{baseline}/seed{seed}.log",
    benchmark:
        "results/benchmarks/baselines/{dataset}/{baseline}/seed{seed}.tsv"
    wildcard_constraints:
        baseline="|".join(sorted(UNTRAINED)) or "(?!)",
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        gpu=config["gpu"],
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: training_minutes(
            BASELINES[wildcards.dataset, wildcards.baseline], attempt
        ),
    params:
        *compared(BASELINE_SETTINGS, baseline_of),
        *compared(BASELINE_EVALUATIONS, baseline_of),
        *code_of("scripts/baseline.py"),
        program=script("baseline.py"),
        settings=settings_json(lambda wildcards: BASELINE_SETTINGS[baseline_of(wildcards)]),
        evaluation=settings_json(lambda wildcards: config["evaluation"]),
        code=code_fingerprint("scripts/baseline.py"),
        # Undeclared, since Snakemake deletes the outputs of a job that fails.
        checkpoints="results/checkpoints/{dataset}/{baseline}/seed{seed}",
        directory=lambda wildcards, output: Path(output.config).parent,
    shell:
        "python {params.program:q} --settings {params.settings:q} --seed {wildcards.seed}"
        " --data {input.data:q} --evaluation {params.evaluation:q}"
        " --checkpoints {params.checkpoints:q} --code {params.code}"
        " --threads {threads} --output {params.directory:q} > {log:q} 2>&1"


use rule baseline as trained_baseline with:
    output:
        metrics="results/baselines/{dataset}/{baseline}/seed{seed}/metrics.csv",
        config="results/baselines/{dataset}/{baseline}/seed{seed}/config.json",
        model="results/baselines/{dataset}/{baseline}/seed{seed}/model.safetensors",
        curve="results/baselines/{dataset}/{baseline}/seed{seed}/curve.csv",
        examples="results/baselines/{dataset}/{baseline}/seed{seed}/examples.npz",
    wildcard_constraints:
        baseline="|".join(sorted(TRAINED)) or "(?!)",
