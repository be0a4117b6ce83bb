# Basketball: tracked games and the pick-and-rolls found in them.


rule figure_segments:
    input:
        data="results/data/{dataset}.h5",
        games="results/data/{dataset}.games.csv",
        segments="results/data/{dataset}.segments.csv",
    output:
        figure=multiext("results/figures/segments_{dataset}", ".svg", ".png"),
        table="results/tables/segments_{dataset}.html",
    log:
        "results/logs/figures/segments_{dataset}.log",
    benchmark:
        "results/benchmarks/figures/segments_{dataset}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code_of("scripts/figure_segments.py"),
        program=script("figure_segments.py"),
    shell:
        "python {params.program:q} --data {input.data:q} --games {input.games:q}"
        " --segments {input.segments:q} --output {output.figure:q} --table {output.table:q}"
        " > {log:q} 2>&1"


rule figure_court:
    input:
        examples=lambda wildcards: first_seed("examples.npz", wildcards),
        config=lambda wildcards: first_seed("config.json", wildcards),
        data="results/data/{dataset}.h5",
    output:
        multiext("results/figures/court_{dataset}_{run}", ".svg", ".png"),
    log:
        "results/logs/figures/court_{dataset}_{run}.log",
    benchmark:
        "results/benchmarks/figures/court_{dataset}_{run}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code_of("scripts/figure_court.py"),
        program=script("figure_court.py"),
    shell:
        "python {params.program:q} --examples {input.examples:q} --data {input.data:q}"
        " --output {output:q} > {log:q} 2>&1"


rule figure_roles:
    input:
        model=lambda wildcards: first_seed("model.safetensors", wildcards),
        config=lambda wildcards: first_seed("config.json", wildcards),
        metrics=lambda wildcards: first_seed("metrics.csv", wildcards),
        data="results/data/{dataset}.h5",
    output:
        multiext("results/figures/roles_{dataset}_{run}", ".svg", ".png"),
    log:
        "results/logs/figures/roles_{dataset}_{run}.log",
    benchmark:
        "results/benchmarks/figures/roles_{dataset}_{run}.tsv"
    conda:
        "../../envs/cuda.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        *code_of("scripts/figure_roles.py"),
        program=script("figure_roles.py"),
        directory=lambda wildcards, input: Path(input.model).parent,
    shell:
        "python {params.program:q} --run {params.directory:q} --data {input.data:q}"
        " --output {output:q} > {log:q} 2>&1"
