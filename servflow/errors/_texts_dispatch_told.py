"""Knows the sentences that explain dispatch, in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "dispatch.why_not.best": Text(
        en="{candidate} fits, and is the best of {fit}", zh="{candidate} 符合要求，且在 {fit} 个符合者中排名第一"
    ),
    "dispatch.why_not.tied": Text(
        en="{candidate} fits, place {rank} of {fit}, with the same points as {best} ({mine}); ties are settled by a hash of the ticket",
        zh="{candidate} 符合要求，在 {fit} 个符合者中排第 {rank}，与 {best} 同分（{mine}）；同分时按工单的散列值决定",
    ),
    "dispatch.why_not.behind": Text(
        en="{candidate} fits, place {rank} of {fit}, behind {best}: points {mine} against {theirs}; "
        "level {level} decides ({candidate} : {best}): {terms}",
        zh="{candidate} 符合要求，在 {fit} 个符合者中排第 {rank}，落后于 {best}：得分 {mine} 对 {theirs}；"
        "由第 {level} 层决定（{candidate} : {best}）：{terms}",
    ),
}
