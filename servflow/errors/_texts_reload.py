"""Knows the sentences about a definition that is exchanged while tickets run, in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "reload.version": Text(
        en="the definition differs from version {version} of '{workflow}', which runs here, and has the number {given}",
        zh="该定义与正在运行的“{workflow}”第 {version} 版不同，但版本号为 {given}",
        hint_en="give it version: {least} or higher",
        hint_zh="请将 version 改为 {least} 或更高",
    ),
    "reload.desk": Text(
        en="pass the {wanted} whose workflows are exchanged, not {given}",
        zh="请传入要更换流程的 {wanted}，而不是 {given}",
        hint_en="for the other kind of desk, {other}, there is {there}",
        hint_zh="另一种 {other} 请使用 {there}",
    ),
    "reload.beside": Text(
        en="beside a desk stands what can be asked what it finds of workflows, with check(workflows), not {given}",
        zh="beside 中应为可用 check(workflows) 检查流程的对象，而不是 {given}",
        hint_en="pass an intake, a correlator or a plan as it was loaded",
        hint_zh="请传入已加载的受理、关联器或周期计划",
    ),
    "reload.answer": Text(
        en="{name} says what becomes of each, such as {{'old': 'new'}}; {given} does not",
        zh="{name} 应逐一说明各项的去向，例如 {{'旧': '新'}}，而不是 {given}",
        hint_en="pass a mapping",
        hint_zh="请传入映射",
    ),
    "reload.stranger": Text(
        en="{name} names {given}, which no edition has",
        zh="{name} 提到 {given}，而任何版本中都没有",
        hint_en="known are {known}",
        hint_zh="已有 {known}",
    ),
    "reload.target": Text(
        en="{name} leads to {given}, which the new edition does not have",
        zh="{name} 指向 {given}，而新版本中没有",
        hint_en="known are {known}",
        hint_zh="已有 {known}",
    ),
    "reload.count": Text(
        en="{name} is how many tickets, 1 or more, not {given}",
        zh="{name} 是工单数量，至少为 1，而不是 {given}",
    ),
    "reload.preview": Text(
        en="what is applied is what preview gave, not {given}",
        zh="要应用的是 preview 给出的结果，而不是 {given}",
        hint_en="pass preview(source) of the same desk",
        hint_zh="请传入同一 Desk 的 preview(source)",
    ),
    "reload.kind": Text(
        en="'{workflow}' is a correlator, whose tickets follow its newest version by themselves",
        zh="“{workflow}”是关联器，其工单会自动使用最新版本",
        hint_en="give the new version to the desk",
        hint_zh="请将新版本直接交给 Desk",
    ),
    "reload.findings": Text(en="this cannot be applied: {reasons}", zh="无法应用：{reasons}"),
    "reload.stranded": Text(
        en="version {version} of '{workflow}' would strand {count} tickets ({tickets}) in {states}: {reasons}",
        zh="“{workflow}”第 {version} 版会使状态 {states} 中的 {count} 个工单（{tickets}）无处可去：{reasons}",
        hint_en="preview again with the answers, or apply with move=False",
        hint_zh="请带上答案重新预览，或以 move=False 应用",
    ),
    "reload.meanwhile": Text(
        en="version {version} of '{workflow}' would meanwhile strand {count} tickets ({tickets}) in {states}: {reasons}",
        zh="“{workflow}”第 {version} 版此时会使状态 {states} 中的 {count} 个工单（{tickets}）无处可去：{reasons}",
        hint_en="preview again with the answers, or apply with move=False",
        hint_zh="请带上答案重新预览，或以 move=False 应用",
    ),
    "reload.stale": Text(
        en="version {version} of '{workflow}' was applied since this preview was made",
        zh="预览之后，“{workflow}”第 {version} 版已被应用",
        hint_en="preview again",
        hint_zh="请重新预览",
    ),
    "reload.first": Text(
        en="there is no edition of '{workflow}' before the present one",
        zh="“{workflow}”在当前版本之前没有其他版本",
    ),
    "reload.edition": Text(
        en="tickets run under an edition of '{workflow}' with hash {hash}, which neither the desk nor its store can read",
        zh="有工单运行于“{workflow}”的版本 {hash}，Desk 与存储均无法读取该版本",
        hint_en="give that version to the desk too, with the host functions it needs",
        hint_zh="请把该版本及其所需的宿主函数一并交给 Desk",
    ),
}
