# Graphs that trained models infer: from test splits of own data, and from new data.

INFERENCE_SETTINGS = {
    name: entry.model_dump() | {"refine": CONFIG.evaluation.refine} for name, entry in INFER.items()
}
GRAPH_CODE = {
    key: source_digests("scripts/graphs.py", *networks_of(run))
    for key, run in RUNS.items()
    if DATASETS[run.dataset].source == "own"
}
INFERENCE_CODE = {
    name: source_digests("scripts/infer.py", *networks_of(RUNS[entry.dataset, entry.run]))
    for name, entry in INFER.items()
}

GATES = {key: {"gate": [sha256(path)[:8] for path in gate_of(*key)]} for key in GRAPH_CODE}


rule infer_test:
    input:
        models=lambda wildcards: all_seeds("model.safetensors", wildcards),
        posteriors=lambda wildcards: all_seeds("posterior.npz", wildcards),
        configs=lambda wildcards: all_seeds("config.json", wildcards),
        data="results/data/{dataset}.h5",
        windows="results/data/{dataset}.windows.csv",
    output:
        edges="results/graphs/{dataset}/{run}/edges.csv",
        verdict="results/graphs/{dataset}/{run}/verdict.json",
        graphs=directory("results/graphs/{dataset}/{run}/graphml"),
    log:
        "results/logs/graphs/{dataset}/{run}.log",
    benchmark:
        "results/benchmarks/graphs/{dataset}/{run}.tsv"
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        *padded(GRAPH_CODE, lambda wildcards: (wildcards.dataset, wildcards.run)),
        *tracked(GATES, lambda wildcards: (wildcards.dataset, wildcards.run)),
        program=script("graphs.py"),
        runs=lambda wildcards, input: [str(Path(path).parent) for path in input.configs],
        gate=untracked(
            lambda wildcards: [
                f"--gate={path}" for path in gate_of(wildcards.dataset, wildcards.run)
            ]
        ),
        directory=lambda wildcards, output: Path(output.edges).parent,
    shell:
        "python {params.program:q} --runs {params.runs:q} --data {input.data:q} {params.gate:q}"
        " --windows {input.windows:q} --threads {threads} --output {params.directory:q}"
        " > {log:q} 2>&1"


rule infer_new:
    input:
        models=lambda wildcards: infer_seeds("model.safetensors", wildcards),
        configs=lambda wildcards: infer_seeds("config.json", wildcards),
        # They say what the learned types are called.
        posteriors=lambda wildcards: infer_seeds("posterior.npz", wildcards),
        data=lambda wildcards: user_file(INFER[wildcards.name].path),
    output:
        edges="results/inferred/{name}/edges.csv",
        verdict="results/inferred/{name}/verdict.json",
        graphs=directory("results/inferred/{name}/graphml"),
    log:
        "results/logs/inferred/{name}.log",
    benchmark:
        "results/benchmarks/inferred/{name}.tsv"
    wildcard_constraints:
        name=one_of(INFER),
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        *tracked(INFERENCE_SETTINGS, lambda wildcards: wildcards.name),
        *padded(INFERENCE_CODE, lambda wildcards: wildcards.name),
        program=script("infer.py"),
        runs=lambda wildcards, input: [str(Path(model).parent) for model in input.models],
        settings=settings_json(lambda wildcards: INFER[wildcards.name].settings),
        refine=untracked(lambda wildcards: "" if CONFIG.evaluation.refine else "--no-refine"),
        directory=lambda wildcards, output: Path(output.edges).parent,
    shell:
        "python {params.program:q} --runs {params.runs:q} --data={input.data:q}"
        " --settings {params.settings:q} {params.refine} --threads {threads}"
        " --output {params.directory:q} > {log:q} 2>&1"
