# A card in the directory of each run and baseline. Its rule and its program are its own, so that other
# words there make nothing else again; it takes a second, so no cluster is asked.

CARDS = {(run.group, run.dataset, run.name): run for run in [*RUNS.values(), *BASELINES.values()]}


rule card:
    input:
        config="results/{group}/{dataset}/{run}/seed{seed}/config.json",
        metrics="results/{group}/{dataset}/{run}/seed{seed}/metrics.csv",
        template=pipeline_file("nri/results/templates/card.md"),
    output:
        "results/{group}/{dataset}/{run}/seed{seed}/README.md",
    log:
        "results/logs/{group}/{dataset}/{run}/seed{seed}/card.log",
    wildcard_constraints:
        group=groups_of(CARDS),
        run="[^/]+",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        *source_digests("scripts/card.py"),
        program=script("card.py"),
        # What tables and figures call the run, if not by the row of the paper.
        label=lambda wildcards: LABELS.get(f"{wildcards.dataset}/{wildcards.run}", ""),
        directory=lambda wildcards, input: Path(input.config).parent,
    shell:
        "python {params.program:q} --run {params.directory:q} --label={params.label:q}"
        " --output {output:q} > {log:q} 2>&1"
