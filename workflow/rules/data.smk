# Simulated data sets.

SYSTEMS = {name: f"nri/data/simulated/{name}.py" for name in ("springs", "charged", "kuramoto")}
SIMULATED = {name: entry for name, entry in DATASETS.items() if entry["source"] in SYSTEMS}
# The program imports the equations of all systems; a data set depends on those of its own.
SIMULATORS = {
    name: source_digests("scripts/simulate.py", without=set(SYSTEMS.values()) - {file})
    for name, file in SYSTEMS.items()
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
        *tracked(SIMULATED, lambda wildcards: wildcards.dataset),
        *padded(SIMULATORS, lambda wildcards: SIMULATED[wildcards.dataset]["source"]),
        program=script("simulate.py"),
        settings=settings_json(lambda wildcards: SIMULATED[wildcards.dataset]),
    shell:
        "python {params.program:q} --settings {params.settings:q} --threads {threads}"
        " --output {output:q} > {log:q} 2>&1"
