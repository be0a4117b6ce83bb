# The explorer of the page: a model of each simulated system that runs in the browser, and what models
# of recordings have predicted.

from nri.results.explorer.choice import RECORDED, explored

# The first seed of the first run of each system and number of objects, and of each data set of
# recordings: nothing is chosen by results.
EXPLORED = explored(SHOWN.values(), DATASETS)
EXPLORED_DATA = [
    data_file(run.dataset) for run in EXPLORED if DATASETS[run.dataset].source in RECORDED
]


rule explorer:
    input:
        models=[seed_files("model.safetensors", run)[0] for run in EXPLORED],
        configs=[seed_files("config.json", run)[0] for run in EXPLORED],
        examples=[seed_files("examples.npz", run)[0] for run in EXPLORED],
        posteriors=[seed_files("posterior.npz", run)[0] for run in EXPLORED],
        data=EXPLORED_DATA,
        static=[
            pipeline_file(f"nri/results/explorer/static/{file.name}")
            for file in sorted((BASE / "nri/results/explorer/static").iterdir())
        ],
    output:
        "results/explorer.html",
    log:
        "results/logs/explorer.log",
    benchmark:
        "results/benchmarks/explorer.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        *source_digests("scripts/explorer.py"),
        program=script("explorer.py"),
        directories=lambda wildcards, input: [Path(model).parent for model in input.models],
        data=lambda wildcards, input: ["--data", *input.data] if EXPLORED_DATA else [],
    shell:
        "python {params.program:q} --runs {params.directories:q} {params.data:q} --output {output:q}"
        " > {log:q} 2>&1"


# The picture that moves, of the same runs, where things move in a plane; made when asked for.
MOVING = {
    run.dataset: run for run in EXPLORED if DATASETS[run.dataset].source in ("springs", "charged")
}


rule moving:
    input:
        lambda wildcards: [
            seed_files(name, MOVING[wildcards.dataset])[0]
            for name in ("config.json", "model.safetensors", "examples.npz", "posterior.npz")
        ],
    output:
        "results/figures/moving_{dataset}.svg",
    log:
        "results/logs/figures/moving_{dataset}.log",
    benchmark:
        "results/benchmarks/figures/moving_{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(MOVING),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        *source_digests("scripts/moving.py"),
        program=script("moving.py"),
        directory=lambda wildcards, input: Path(input[0]).parent,
    shell:
        "python {params.program:q} --run {params.directory:q} --output {output:q} > {log:q} 2>&1"
