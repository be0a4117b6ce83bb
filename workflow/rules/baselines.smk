# Baselines that train nothing: the last frame or the last change repeated, correlations of paths, and correlations of
# the states of an LSTM, which rule train trains as the run `corr-lstm`.

CORRELATED = {key: run for key, run in TRAINED.items() if run.baseline == "corr-lstm"}
# Of `evaluation`, correlations use nothing: they predict no motion.
BASELINE_EVALUATIONS = {
    key: (
        {"horizon": CONFIG.evaluation.horizon}
        if baseline.baseline in ("static", "constant-velocity")
        else {}
    )
    for key, baseline in BASELINES.items()
}


rule baseline:
    input:
        data="results/data/{dataset}.h5",
    output:
        metrics="results/baselines/{dataset}/{baseline}/seed{seed}/metrics.csv",
        config="results/baselines/{dataset}/{baseline}/seed{seed}/config.json",
    log:
        "results/logs/baselines/{dataset}/{baseline}/seed{seed}/baseline.log",
    benchmark:
        "results/benchmarks/baselines/{dataset}/{baseline}/seed{seed}/baseline.tsv"
    wildcard_constraints:
        baseline="static|constant-velocity|corr-path",
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        gpu=CONFIG.gpu,
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    params:
        *tracked(BASELINE_EVALUATIONS, baseline_key),
        *source_digests("scripts/baseline.py", DECODERS["lstm-single"].choice),
        program=script("baseline.py"),
        identity=settings_json(lambda wildcards: BASELINES[baseline_key(wildcards)].identity()),
        horizon=untracked(lambda wildcards: CONFIG.evaluation.horizon),
        lstm=lambda wildcards, input: (
            f"--lstm {Path(input.model).parent}" if "model" in input.keys() else ""
        ),
        directory=lambda wildcards, output: Path(output.metrics).parent,
    shell:
        "python {params.program:q} --baseline {params.identity:q} --seed {wildcards.seed}"
        " --data {input.data:q} --horizon {params.horizon} --threads {threads}"
        " {params.lstm} --output {params.directory:q} > {log:q} 2>&1"


use rule baseline as correlate_lstm with:
    input:
        data="results/data/{dataset}.h5",
        model="results/baselines/{dataset}/{baseline}/seed{seed}/model.safetensors",
        config="results/baselines/{dataset}/{baseline}/seed{seed}/config.json",
    output:
        metrics="results/baselines/{dataset}/{baseline}/seed{seed}/metrics.csv",
    wildcard_constraints:
        baseline=one_of(run.name for run in CORRELATED.values()),
