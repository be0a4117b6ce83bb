# A card in the directory of each run and baseline. The rule and its program are their own, so that other
# words there make nothing else again. One job writes them all: each takes less than the start of a job,
# and no cluster is asked.


rule cards:
    input:
        configs=all_files("config.json"),
        metrics=all_files("metrics.csv"),
        template=pipeline_file("nri/results/templates/card.md"),
    # Not the cards: of each output Snakemake writes down all inputs with their checksums, of thousands
    # of cards hours and gigabytes of them.
    output:
        "results/cards.txt",
    log:
        "results/logs/cards.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        *source_digests("scripts/cards.py"),
        *tracked({(): LABELS}),
        program=script("cards.py"),
        # What tables and figures call a run, if not by the row of the paper.
        labels=settings_json(lambda wildcards: LABELS),
        directories=lambda wildcards, input: [Path(config).parent for config in input.configs],
    shell:
        "python {params.program:q} --runs {params.directories:q}"
        " @<(printf '%s\\n' --labels {params.labels:q})"
        " --output {output:q} > {log:q} 2>&1"
