"""A verdict on inferred graphs, in words: is there evidence that anything acts on anything?"""

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from nri.data.samples import Samples
from nri.evaluation.evidence import Evidence, TooFewStrangersError, Trained, find_evidence
from nri.evaluation.refine import refines
from nri.evaluation.significance import LEVEL, Significance, significance
from nri.evaluation.strangers import Pool
from nri.files import ResultsError, atomic_path, make_again

__all__ = ["EVIDENCE_COLUMNS", "Judgement", "Verdict", "judge"]

EVIDENCE_COLUMNS = ["evidence", "p_value", "q_value", "without_sender", "without_edge"]


@dataclass(frozen=True)
class Verdict:
    """What may be said of the graphs of a run.

    found: whether any of the `tested` edges has evidence, None where nothing could be tested.
    evident: how many have. true, true_evident: how many of the tested edges are true ones, where
    that is known, and how many of these have evidence. level: the false discovery rate.
    strangers: who stood in for senders.
    gate_true, gate_true_evident: the true edges of as much simulated data (`scripts/gate.py`), and
    how many of them have evidence, where that was tried.
    probability, edges: the mean probability of an edge's most probable type, and the share of
    edges whose type is not "no edge" (None where no type means that), in the graphs inferred of
    the data and, with `_of_strangers`, of objects that never met.
    """

    found: bool | None
    sentence: str
    tested: int = 0
    evident: int = 0
    true: int | None = None
    true_evident: int | None = None
    level: float = LEVEL
    strangers: str = ""
    probability: float | None = None
    probability_of_strangers: float | None = None
    edges: float | None = None
    edges_of_strangers: float | None = None
    gate_true: int | None = None
    gate_true_evident: int | None = None

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Verdict":
        """The verdict in a JSON file; raises ResultsError if it holds none."""
        try:
            return cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ResultsError(f"{path}: holds no verdict ({error}); {make_again(path)}") from error

    def after_gate(self, gate: "Verdict") -> "Verdict":
        """The verdict on data, knowing that on as much simulated data with known edges."""
        if self.found is None or not gate.true or gate.true_evident is None:
            return self
        words = " On simulated springs of this amount the same run gives evidence for "
        words += f"{gate.true_evident} of {gate.true} true edges"
        if not self.found:
            many = gate.true_evident >= gate.true / 2
            words += (
                ", so that interaction like theirs would show"
                if many
                else ", so that this amount of data cannot show that nothing acts"
            )
        return dataclasses.replace(
            self,
            sentence=f"{self.sentence}{words}.",
            gate_true=gate.true,
            gate_true_evident=gate.true_evident,
        )

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file."""
        with atomic_path(path) as temporary:
            text = json.dumps(dataclasses.asdict(self), indent=2) + "\n"
            temporary.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Judgement:
    """A verdict and the evidence for each edge.

    evidence: a row of `EVIDENCE_COLUMNS` for each edge of each sample, in the order of
    `nri.graph`; empty cells where an edge was not tested, no table where none was.
    """

    verdict: Verdict
    evidence: pd.DataFrame | None = field(default=None, repr=False)


def judge(
    models: Sequence[Trained],
    samples: Samples,
    windows: pd.DataFrame,
    pool: Pool,
    posteriors: np.ndarray,
    refine: bool,
    truth: np.ndarray | None = None,
) -> Judgement:
    """Judge the graphs (R, S, E, K) that R models infer from samples.

    samples: normalised, cut to the frames that the encoder sees. windows: a row of
    `WINDOW_COLUMNS` for each. pool: as long and on the same scale. posteriors: of the refined
    graphs with `refine`, else the encoder's. truth (S, E): the true types, where they are known;
    all but the first count as edges.
    """
    if not all(refines(model) for model, _ in models):
        return Judgement(Verdict(None, "Not tested: the model has no trained decoder."))
    try:
        evidence = find_evidence(models, samples, windows, pool, refine)
    except TooFewStrangersError as problem:
        return Judgement(Verdict(None, f"Not tested: {problem}."))
    found = significance(evidence.scores)
    empty_type = all(settings.skip_first for _, settings in models)
    return Judgement(
        _verdict(evidence, found, posteriors, empty_type, truth),
        _table(evidence, found, posteriors.shape[1]),
    )


def _verdict(
    evidence: Evidence,
    found: Significance,
    posteriors: np.ndarray,
    empty_type: bool,
    truth: np.ndarray | None,
) -> Verdict:
    evident, tested = int(found.evident.sum()), len(found.p)
    rate = f"at a false discovery rate of {LEVEL:.0%}"
    real, strangers = posteriors[:, : len(evidence.without_sender)], evidence.strangers_graph
    probability, of_strangers = (float(each.max(-1).mean()) for each in (real, strangers))
    if evident:
        sentence = f"Interaction found: {evident} of {tested} edges have evidence, {rate}."
    else:
        sentence = (
            f"No interaction found: of {tested} edges none has evidence, {rate}. An object that "
            "was there explains the motion of another no better than one that was not; so the "
            "graph says nothing of interaction, however sure it is (mean probability "
            f"{probability:.2f}, and {of_strangers:.2f} among objects that never met)."
        )
    true = true_evident = None
    if truth is not None:
        edges = truth[: len(evidence.without_sender)].ravel() > 0
        true, true_evident = int(edges.sum()), int((edges & found.evident).sum())
        sentence += f" Of {true} true edges {true_evident} have evidence, and of {tested - true} "
        sentence += f"others {evident - true_evident}."
    shares = [float((each.argmax(-1) > 0).mean()) for each in (real, strangers)]
    return Verdict(
        found=evident > 0,
        sentence=sentence,
        tested=tested,
        evident=evident,
        true=true,
        true_evident=true_evident,
        strangers=evidence.kind,
        probability=probability,
        probability_of_strangers=of_strangers,
        edges=shares[0] if empty_type else None,
        edges_of_strangers=shares[1] if empty_type else None,
    )


def _table(evidence: Evidence, found: Significance, samples: int) -> pd.DataFrame:
    """A row for each edge of all samples, of which the first were tested."""
    tested, edges = evidence.without_sender.shape
    lost = evidence.without_edge
    rows = pd.DataFrame(
        {
            "evidence": pd.array(found.evident.astype(int), dtype="Int64"),
            "p_value": found.p.round(6),
            "q_value": found.q.round(6),
            "without_sender": evidence.without_sender.ravel().round(6),
            "without_edge": np.nan if lost is None else lost.ravel().round(6),
        },
        index=range(tested * edges),
        columns=EVIDENCE_COLUMNS,
    )
    return rows.reindex(range(samples * edges))
