# Figures: one rule draws all that the table of figures (figure_table.smk) names.

import shlex


report: "../report/workflow.rst"


rule figure:
    input:
        unpack(lambda wildcards: FIGURES[wildcards.figure].inputs),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            labels=figure_labels,
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    benchmark:
        "results/benchmarks/figures/{figure}.tsv"
    wildcard_constraints:
        figure=one_of(FIGURES),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *padded(FIGURE_CODE, lambda wildcards: FIGURES[wildcards.figure].kind),
        *tracked(FIGURE_LABELS, lambda wildcards: wildcards.figure),
        labels=settings_json(lambda wildcards: FIGURE_LABELS[wildcards.figure]),
        kind=lambda wildcards, output: FIGURES[wildcards.figure].kind,
        arguments=lambda wildcards, input: shlex.join(
            part
            for name, files in input.items()
            for part in (f"--{name}", *([files] if isinstance(files, str) else files))
        ),
        caption=report_caption,
    shell:
        "python -m nri.figures.{params.kind} {params.arguments}"
        " @<(printf '%s\\n' --labels {params.labels:q})"
        " --output {output:q} > {log:q} 2>&1"
