# Own data: files of the user's, cut into samples.


rule prepare_own:
    input:
        files=own_files,
        edges=own_edges,
    output:
        data="results/data/{dataset}.h5",
        windows="results/data/{dataset}.windows.csv",
    log:
        "results/logs/data/{dataset}.log",
    benchmark:
        "results/benchmarks/data/{dataset}.tsv"
    wildcard_constraints:
        dataset="|".join(OWN) or "(?!)",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        *compared(OWN, lambda wildcards: wildcards.dataset),
        *code_of("scripts/prepare_own.py"),
        program=script("prepare_own.py"),
        settings=settings_json(lambda wildcards: OWN[wildcards.dataset]),
        edges=lambda wildcards, input: f"--edges {input.edges}" if input.edges else "",
    shell:
        "python {params.program:q} --settings {params.settings:q} --files {input.files:q}"
        " {params.edges} --output {output.data:q} --windows {output.windows:q} > {log:q} 2>&1"


rule figure_edges:
    input:
        edges="results/graphs/{dataset}/{run}/edges.csv",
        configs=lambda wildcards: all_seeds("config.json", wildcards),
    output:
        multiext("results/figures/edges_{dataset}_{run}", ".svg", ".png"),
    log:
        "results/logs/figures/edges_{dataset}_{run}.log",
    benchmark:
        "results/benchmarks/figures/edges_{dataset}_{run}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code_of("scripts/figure_edges.py"),
        program=script("figure_edges.py"),
    shell:
        "python {params.program:q} --edges {input.edges:q} --configs {input.configs:q}"
        " --output {output:q} > {log:q} 2>&1"
