"""Knows how documents become scorecards and samplings; must not know what they are used for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from servflow.documents._load import in_order
from servflow.documents._prune import without_echoes
from servflow.documents._shapes import Part
from servflow.documents._source import read_document
from servflow.errors import DefinitionError, Finding
from servflow.evaluation._sampling import Sampling
from servflow.evaluation._scorecard import Scorecard

Source = Path | str | Mapping[str, Any]


def load_scorecard(source: Source, *, lang: str = "en") -> Scorecard:
    """
    Read and check a scorecard.

    Args:
        source: a path, a text or a mapping, as for ``servflow.load``.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem at once, each with code, path, hint and, of a text, its line.
    """
    from servflow.documents._models_evaluation import ScorecardModel

    made: Scorecard = _load(source, ScorecardModel, Scorecard, lang)
    return made


def load_sampling(source: Source, *, lang: str = "en") -> Sampling:
    """
    Read and check a sampling.

    Args:
        source: a path, a text or a mapping, as for ``servflow.load``.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: as for ``load_scorecard``.
    """
    from servflow.documents._models_evaluation import SamplingModel

    made: Sampling = _load(source, SamplingModel, Sampling, lang)
    return made


def _load(source: Source, model: type[Part], kind: Any, lang: str) -> Any:
    # Imported here so that importing this package loads no pydantic.
    from servflow.documents._schema import FORMAT
    from servflow.documents._shape import check_shape

    try:
        document = read_document(source)
        data = document.data
        shape = check_shape(data, model)
        told = [*document.findings, *(finding for _, finding in shape)]
        written = data.get("servflow", FORMAT)
        if isinstance(written, int) and written != FORMAT:
            told.append(Finding("definition.format", "servflow", {"value": written, "known": FORMAT}))
        # What has a wrong shape is left out, so that the rest of it can still be judged.
        for wrong in {steps[0] for steps, _ in shape if steps}:
            data.pop(str(wrong), None)
        made = None
        try:
            made = kind.from_data({**kind.BLANK, **data})
        except DefinitionError as error:
            told += without_echoes(told, list(error.findings))
        if told:
            raise DefinitionError.of(in_order(told, document))
        return made
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


__all__ = ["load_sampling", "load_scorecard"]
