"""The source `basketball`: pick-and-rolls in tracked games (paper, section 5.2; docs/nba.md)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nri.data.basketball.settings import FEATURES, UNITS, BasketballSettings
from nri.data.source import Source, disjoint
from nri.data.splits import SPLITS

__all__ = ["Basketball"]

ARCHIVES = (
    "results/downloads/raw.githubusercontent.com/linouk23/NBA-Player-Movements/"
    "master/data/2016.NBA.Raw.SportVU.Game.Logs"
)
SAMPLES_PER_GAME = 300  # at most


class Basketball(Source[BasketballSettings]):
    """Segments of games with ball, two attackers and two defenders; no edges are known."""

    Settings = BasketballSettings
    reports = ("games.csv", "segments.csv")

    @classmethod
    def features(cls, settings: BasketballSettings) -> tuple[str, ...]:
        """Position and velocity."""
        return FEATURES

    @classmethod
    def units(cls, settings: BasketballSettings) -> tuple[str, ...]:
        """Metres and metres per second."""
        return UNITS

    @classmethod
    def frame_rate(cls, settings: BasketballSettings) -> float:
        """Frames per second that the games are resampled to."""
        return settings.frame_rate

    @classmethod
    def training_samples(cls, settings: BasketballSettings) -> int:
        """An upper bound: games are not cut yet."""
        return SAMPLES_PER_GAME * len(settings.games.train)

    @classmethod
    def contradictions(cls, settings: BasketballSettings) -> Iterator[tuple[str, str]]:
        """A game belongs to one split, and a segment holds its screen."""
        yield from super().contradictions(settings)
        yield from disjoint(settings.games, "games", "game")
        rules, place = settings.pick_and_roll, "pick_and_roll"
        low, high = rules.basket_distance
        if low >= high:
            yield f"{place}.basket_distance", f"{[low, high]}: the first must be below the second"
        frames, rate = settings.frames.test, settings.frame_rate
        if round(rules.lead * rate) >= frames:
            length = f"{frames} frames at {rate} a second"
            yield f"{place}.lead", f"{rules.lead} s leaves no screen in a segment of {length}"

    @classmethod
    def inputs(cls, settings: BasketballSettings, mirror: str | None) -> dict[str, list[str]]:
        """The file of each game of each split: a download for a name, else the file named."""
        return {
            split: [_game_file(game, mirror) for game in settings.games[split]] for split in SPLITS
        }

    @classmethod
    def prepare(
        cls,
        settings: BasketballSettings,
        inputs: Mapping[str, Sequence[Path]],
        output: Path,
        reports: Mapping[str, Path],
        threads: int = 1,
    ) -> None:
        """Find the screens and cut the segments; report games and segments."""
        from nri.data.basketball.prepare import prepare_basketball
        from nri.files import write_table

        games, segments = prepare_basketball(settings, inputs, output)
        write_table(games, reports["games.csv"])
        write_table(segments, reports["segments.csv"])


def _game_file(game: str, mirror: str | None) -> str:
    if game.endswith((".7z", ".json")):
        return str(Path(mirror or "", game))
    return f"{ARCHIVES}/{game}.7z"
