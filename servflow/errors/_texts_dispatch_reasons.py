"""Knows the reasons that dispatch writes into records, and what they are in Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    # The English sentence is what stands in the record, and how it is known again there.
    "dispatch.reason.left": Text(en="left {what}", zh="工单已离开 {what}"),
    "dispatch.reason.closed": Text(en="the ticket was closed", zh="工单已关闭"),
    "dispatch.reason.anew": Text(en="the search began again", zh="重新开始寻找"),
    "dispatch.reason.condition": Text(en="its condition does not hold", zh="其条件不成立"),
    "dispatch.reason.filled": Text(en="filled by somebody", zh="已由他人指定人选"),
    "dispatch.reason.assigned": Text(en="somebody was assigned", zh="已直接派给某人"),
    "dispatch.reason.taken": Text(en="somebody else took it", zh="已被他人接单"),
    "dispatch.reason.mode": Text(en="the ticket is dispatched by {what} now", zh="现改用 {what} 方式派单"),
    "dispatch.reason.gone": Text(en="the new definition does not have it", zh="新版定义中没有该派单项"),
    "dispatch.reason.changed": Text(en="the definition changed", zh="定义已变更"),
    "dispatch.reason.not_there": Text(en="{who} is not there any more", zh="{who} 已不在候选之列"),
    "dispatch.reason.absent": Text(en="{who} is absent", zh="{who} 缺勤"),
    "dispatch.reason.away": Text(en="{who} is away or offline", zh="{who} 离开或离线"),
    "dispatch.reason.cannot_come": Text(en="{who} cannot come", zh="{who} 无法前来"),
    "dispatch.reason.late": Text(en="{who} did not begin within {what}", zh="{who} 未在 {what} 内开始处理"),
    "dispatch.reason.gave_back_because": Text(en="{who} gave it back: {why}", zh="{who} 退回：{why}"),
    "dispatch.reason.gave_back": Text(en="{who} gave it back", zh="{who} 退回"),
    "dispatch.reason.unmet": Text(en="{who} does not meet {what} any more", zh="{who} 不再满足 {what}"),
    "dispatch.reason.room": Text(en="{who} has room again and meets all that was asked", zh="{who} 又有空位，且满足全部要求"),
    "dispatch.reason.no_more": Text(en="{who} does not have the ticket any more", zh="{who} 已不再负责该工单"),
    "dispatch.reason.done": Text(en="the work is done", zh="工作已完成"),
    "dispatch.reason.no_answer": Text(en="no answer in time", zh="未按时答复"),
    "dispatch.step.drop": Text(en="drop {what}", zh="取消 {what}"),
    "dispatch.step.widen": Text(en="widen {what}", zh="放宽 {what}"),
    "dispatch.step.lower": Text(en="lower {what}", zh="降低 {what}"),
    "dispatch.step.neighbours": Text(en="neighbours {what}", zh="在 {what} 中加入相邻网点"),
    "dispatch.step.below": Text(en="below {what}", zh="负荷上限改为 {what}"),
    "dispatch.step.mode": Text(en="mode {what}", zh="改用 {what} 方式"),
    "dispatch.step.after": Text(en="{what} after {span}", zh="{span} 后{what}"),
}
