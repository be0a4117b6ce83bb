# Training: one job per run and seed, continued from its last checkpoint if it was interrupted.
# The LSTMs that the paper compares with are runs, too: their group is `baselines`.

TRAINED = {
    (run.group, run.dataset, run.name): run
    for run in [*RUNS.values(), *BASELINES.values()]
    if isinstance(run, PlannedRun)
}
TRAINING_SETTINGS = {key: run.depends_on() for key, run in TRAINED.items()}
TRAINING_CODE = {
    key: source_digests("scripts/train.py", *networks_of(run)) for key, run in TRAINED.items()
}


rule train:
    input:
        data="results/data/{dataset}.h5",
        start=start_files,
    output:
        model="results/{group}/{dataset}/{run}/seed{seed}/model.safetensors",
        config="results/{group}/{dataset}/{run}/seed{seed}/config.json",
        curve="results/{group}/{dataset}/{run}/seed{seed}/curve.csv",
    log:
        "results/logs/{group}/{dataset}/{run}/seed{seed}/train.log",
    benchmark:
        "results/benchmarks/{group}/{dataset}/{run}/seed{seed}/train.tsv"
    wildcard_constraints:
        group=groups_of(TRAINED),
        run="[^/]+",
    # The longest chain first, so that no long training is left at the end with nothing beside it.
    priority: lambda wildcards: seconds_of_chain(trained_key(wildcards))
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        gpu=CONFIG.gpu,
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=training_minutes,
        cpu_seconds=lambda wildcards: seconds_to_train(trained_key(wildcards)),
    params:
        *tracked(TRAINING_SETTINGS, trained_key),
        *padded(TRAINING_CODE, trained_key),
        program=script("train.py"),
        run=untracked(lambda wildcards: TRAINED[trained_key(wildcards)].job()),
        code=untracked(lambda wildcards: fingerprint(TRAINING_CODE[trained_key(wildcards)])),
        start=untracked(start_arguments),
        # Undeclared, since Snakemake deletes the outputs of a job that fails.
        checkpoints="results/checkpoints/{dataset}/{run}/seed{seed}",
        directory=lambda wildcards, output: Path(output.model).parent,
    shell:
        "python {params.program:q} --run {params.run:q} --seed {wildcards.seed}"
        " --data {input.data:q} --checkpoints {params.checkpoints:q} --code {params.code}"
        " --threads {threads} {params.start:q} --output {params.directory:q} > {log:q} 2>&1"
