"""Where a build keeps its files."""

from dataclasses import dataclass
from pathlib import Path

from data.recipe.models.folders import folder_of
from data.recipe.settings import Settings


@dataclass(frozen=True)
class Place:
    """What every stage is told.

    Attributes:
        settings: Which size.
        out: Holds what is bundled.
        work: Holds what stages hand on to each other; gone when the build ends.
    """

    settings: Settings
    out: Path
    work: Path

    @property
    def tokenizer(self) -> Path:
        """A folder with the tokenizer that all models share."""
        return self.work / "tokenizer"

    def schooled(self, model: str) -> Path:
        """The folder of a model that learns from documents; the base is not bundled."""
        return self.work / "base" if model == "base" else folder_of(self.out, model)

    def chosen(self, model: str) -> Path:
        """The candidates of a model that the curator kept."""
        return self.work / f"chosen_{model}.jsonl"

    def measured(self, model: str) -> Path:
        """What was measured of a model."""
        return self.work / f"measured_{model.replace('/', '_')}.json"
