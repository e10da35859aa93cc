"""Titles and descriptions of the schemas in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from servflow.documents import schema
from servflow.documents._schema import MODELS
from servflow.errors import InputError

CHINESE = re.compile("[\u4e00-\u9fff]")


def told(of: str, lang: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every part and every key of a schema, by its path."""
    made = schema(of, lang)
    for name, part in {of: made, **made.get("$defs", {})}.items():  # type: ignore[dict-item]  # JSON of our own
        yield name, part
        for key, spec in part["properties"].items():
            yield f"{name}.{key}", spec


@pytest.mark.parametrize("of", MODELS)
def test_every_part_and_key_has_a_title_and_a_description_in_both_languages(of: str) -> None:
    """Nothing that an editor shows is without words, and the Chinese ones are Chinese."""
    english = [path for path, spec in told(of, "en") if not (spec.get("title") and spec.get("description"))]
    chinese = [
        path
        for path, spec in told(of, "zh")
        if not (CHINESE.search(spec.get("title", "")) and CHINESE.search(spec.get("description", "")))
    ]

    assert [] == english
    assert [] == chinese


@pytest.mark.parametrize("of", MODELS)
def test_the_two_languages_describe_the_same_documents(of: str) -> None:
    """Only words differ: what is allowed does not."""

    def bare(node: Any, keys: bool = False) -> Any:
        if isinstance(node, dict):
            words = () if keys else ("title", "description", "x-zh", "$id")
            return {key: bare(value, key == "properties") for key, value in node.items() if key not in words}
        return [bare(item) for item in node] if isinstance(node, list) else node

    assert bare(schema(of, "en")) == bare(schema(of, "zh"))


def test_each_kind_of_document_has_one_id_for_a_version_of_the_format() -> None:
    """An editor may keep schemas by their ids."""
    ids = [schema(of, lang)["$id"] for of in MODELS for lang in ("en", "zh")]

    assert len(ids) == len(set(ids))
    assert "urn:servflow:schema:workflow:1" == ids[0]
    assert "urn:servflow:schema:workflow:1:zh" == ids[1]


def test_another_language_is_refused() -> None:
    """There are two."""
    with pytest.raises(InputError, match="en and zh, not in 'fr'"):
        schema("workflow", "fr")
