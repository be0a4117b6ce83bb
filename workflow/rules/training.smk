# Training: one job per run and seed, continued from its last checkpoint if it was interrupted.

TRAININGS = {name: training_settings(run) for name, run in RUNS.items()}


rule train:
    input:
        data="results/data/{dataset}.h5",
    output:
        model="results/runs/{dataset}/{run}/seed{seed}/model.safetensors",
        config="results/runs/{dataset}/{run}/seed{seed}/config.json",
        curve="results/runs/{dataset}/{run}/seed{seed}/curve.csv",
    log:
        "results/logs/runs/{dataset}/{run}/seed{seed}/train.log",
    benchmark:
        "results/benchmarks/runs/{dataset}/{run}/seed{seed}/train.tsv"
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        gpu=config["gpu"],
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: training_minutes(
            RUNS[wildcards.dataset, wildcards.run], attempt
        ),
    params:
        *compared(TRAININGS, run_of),
        *code_of("scripts/train.py"),
        program=script("train.py"),
        settings=settings_json(lambda wildcards: TRAININGS[run_of(wildcards)]),
        code=code_fingerprint("scripts/train.py"),
        # Undeclared, since Snakemake deletes the outputs of a job that fails.
        checkpoints="results/checkpoints/{dataset}/{run}/seed{seed}",
        directory=lambda wildcards, output: Path(output.model).parent,
    shell:
        "python {params.program:q} --settings {params.settings:q} --seed {wildcards.seed}"
        " --data {input.data:q} --checkpoints {params.checkpoints:q} --code {params.code}"
        " --threads {threads} --output {params.directory:q} > {log:q} 2>&1"
