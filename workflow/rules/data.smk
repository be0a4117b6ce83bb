# Simulated data sets.

SIMULATED = {
    name: settings
    for name, settings in DATASETS.items()
    if settings["source"] in ("springs", "charged", "kuramoto")
}


rule simulate:
    output:
        "results/data/{dataset}.h5",
    log:
        "results/logs/data/{dataset}.log",
    benchmark:
        "results/benchmarks/data/{dataset}.tsv"
    wildcard_constraints:
        dataset="|".join(SIMULATED) or "(?!)",
    conda:
        "../../envs/cpu.yaml"
    # As many as there are, up to these.
    threads: 8
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        program=script("simulate.py"),
        settings=lambda wildcards: settings_json(SIMULATED[wildcards.dataset]),
        code=lambda wildcards: code_of("scripts/simulate.py"),
    shell:
        "python {params.program:q} --settings {params.settings:q} --threads {threads}"
        " --output {output:q} > {log:q} 2>&1"
