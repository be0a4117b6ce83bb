# Basketball: tracked games, searched for pick-and-rolls. Public archives come by rule download.


rule prepare_sportvu:
    input:
        games=sportvu_files,
    output:
        data="results/data/{dataset}.h5",
        games="results/data/{dataset}.games.csv",
        segments="results/data/{dataset}.segments.csv",
    log:
        "results/logs/data/{dataset}.log",
    benchmark:
        "results/benchmarks/data/{dataset}.tsv"
    wildcard_constraints:
        dataset="|".join(SPORTVU) or "(?!)",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        # A game unpacked has 100 MB of text and a few times that as objects.
        mem_mb=4000,
        runtime=240,
    params:
        *tracked(SPORTVU, lambda wildcards: wildcards.dataset),
        *source_digests("scripts/prepare_sportvu.py"),
        program=script("prepare_sportvu.py"),
        settings=settings_json(lambda wildcards: SPORTVU[wildcards.dataset]),
    shell:
        "python {params.program:q} --settings {params.settings:q} --files {input.games:q}"
        " --output {output.data:q} --games {output.games:q} --segments {output.segments:q}"
        " > {log:q} 2>&1"
