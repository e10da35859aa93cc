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
    "dispatch.change.later": Text(en="wait until {need}", zh="等到 {need}"),
    "dispatch.change.presence": Text(en="{candidate} comes back (now {have})", zh="{candidate} 恢复在线（当前 {have}）"),
    "dispatch.change.absence": Text(en="lift the absence of {candidate} ({have})", zh="取消 {candidate} 的缺勤（{have}）"),
    "dispatch.change.cool_off": Text(
        en="ask {candidate} all the same, who let an offer run out (left alone until {have})",
        zh="仍向 {candidate} 派单，其上次未答复（冷却至 {have}）",
    ),
    "dispatch.change.declined": Text(en="ask {candidate} again, who declined", zh="再次询问已拒绝的 {candidate}"),
    "dispatch.change.booked": Text(
        en="move the other visit of {candidate} ({have})", zh="改期 {candidate} 的其他上门安排（{have}）"
    ),
    "dispatch.change.shift": Text(en="{candidate} works outside the shift ({have})", zh="{candidate} 在班次之外工作（{have}）"),
    "dispatch.change.load": Text(
        en="take {size} off the load of {candidate} ({have}, {need} would do)",
        zh="为 {candidate} 减少负荷 {size}（现为 {have}，降至 {need} 即可）",
    ),
    "dispatch.change.load_channel": Text(
        en="take {size} off the {what} load of {candidate} ({have}, {need} would do)",
        zh="为 {candidate} 减少渠道 {what} 的负荷 {size}（现为 {have}，降至 {need} 即可）",
    ),
    "dispatch.change.capacity": Text(
        en="raise the capacity of {candidate} from {have} to {need}", zh="将 {candidate} 的容量从 {have} 提高到 {need}"
    ),
    "dispatch.change.capacity_channel": Text(
        en="raise the {what} capacity of {candidate} from {have} to {need}",
        zh="将 {candidate} 在渠道 {what} 的容量从 {have} 提高到 {need}",
    ),
    "dispatch.change.part": Text(
        en="give {candidate} {size} more of part {what} ({have}, {need} asked)",
        zh="为 {candidate} 补充备件 {what} {size} 件（现有 {have}，需要 {need}）",
    ),
    "dispatch.change.certificate": Text(
        en="give {candidate} a valid certificate {what} (now {have})",
        zh="为 {candidate} 办理有效证书 {what}（现有效期 {have}）",
    ),
    "dispatch.change.skill": Text(
        en="raise skill {what} of {candidate} from level {have} to {need}",
        zh="将 {candidate} 的技能 {what} 从 {have} 级提高到 {need} 级",
    ),
    "dispatch.change.area": Text(en="let {candidate} serve area {what}", zh="让 {candidate} 服务区域 {what}"),
    "dispatch.change.channel": Text(en="let {candidate} serve channel {what}", zh="让 {candidate} 服务渠道 {what}"),
    "dispatch.change.language": Text(en="{candidate} speaks {what}", zh="{candidate} 会说 {what}"),
    "dispatch.change.forbidden": Text(
        en="lift the ban of customer {what} on {candidate}", zh="解除客户 {what} 对 {candidate} 的禁止"
    ),
    "dispatch.change.preferred": Text(en="customer {what} accepts {candidate} too", zh="客户 {what} 也接受 {candidate}"),
    "dispatch.change.contract": Text(en="give {candidate} the contract {what}", zh="为 {candidate} 签订合同 {what}"),
    "dispatch.change.slot": Text(en="choose {need} as {what} instead of {have}", zh="将 {what} 由 {have} 改为 {need}"),
    "dispatch.change.below": Text(en="let {what} use the whole capacity", zh="让 {what} 使用全部容量"),
    "dispatch.change.lower": Text(en="lower the level asked in {what} by {size}", zh="将 {what} 的级别要求降低 {size} 级"),
    "dispatch.change.widen": Text(en="widen {what} by {size}", zh="将 {what} 放宽 {size} 级"),
    "dispatch.change.neighbours": Text(
        en="add neighbour outlets up to {size} steps away to {what}", zh="在 {what} 中加入 {size} 步以内的相邻网点"
    ),
    "dispatch.change.relax": Text(
        en="relax {what} now, by {size} more of its steps", zh="立即执行 {what} 的后续 {size} 个放宽步骤"
    ),
    "dispatch.change.drop": Text(en="drop the requirement {what}", zh="取消要求 {what}"),
    "dispatch.change.then": Text(en="; then {who} fit", zh="；此后 {who} 符合"),
    "dispatch.change.then_one": Text(en="; then {who} fits", zh="；此后 {who} 符合"),
    "dispatch.unblock.fit": Text(en="somebody fits already: {who}", zh="已有人符合：{who}"),
    "dispatch.unblock.none": Text(
        en="no single change lets anybody in; nearest came:", zh="没有任何单项改变能产生候选；最接近的是："
    ),
    "dispatch.unblock.nobody": Text(en="there is nobody whom a change could let in", zh="没有任何可以通过改变而符合的人"),
    "dispatch.unblock.cut": Text(en="there may be more: a bound was reached", zh="可能还有更多：已达到上限"),
    "dispatch.again.same": Text(en="decided again it is the same", zh="重新决策，结果相同"),
    "dispatch.again.inputs": Text(en="decided again from something else, the same comes out:", zh="依据已不同，但结果相同："),
    "dispatch.again.otherwise": Text(en="decided again it is not the same:", zh="重新决策，结果不同："),
    "dispatch.again.policy": Text(en="another policy: hash {now}, was {then}", zh="派单策略不同：散列值 {now}，原为 {then}"),
    "dispatch.again.world": Text(en="another world: version {now}, was {then}", zh="世界快照不同：版本 {now}，原为 {then}"),
    "dispatch.again.ticket": Text(en="another ticket: {now}, was {then}", zh="工单不同：{now}，原为 {then}"),
    "dispatch.again.sequence": Text(
        en="another revision of the ticket: {now}, was {then}", zh="工单修订不同：{now}，原为 {then}"
    ),
    "dispatch.again.read": Text(en="what is read of the ticket differs", zh="所读取的工单内容不同"),
    "dispatch.again.stage": Text(en="relaxed {now} times, was {then}", zh="放宽次数 {now}，原为 {then}"),
    "dispatch.again.answers": Text(
        en="functions of the host answer: {now}; answered: {then}", zh="宿主函数的回答：{now}；原为：{then}"
    ),
    "dispatch.again.action": Text(en="what follows: {now}, was {then}", zh="结果：{now}，原为 {then}"),
    "dispatch.again.to": Text(en="it goes to {now}, went to {then}", zh="对象：{now}，原为 {then}"),
    "dispatch.again.mode": Text(en="mode {now}, was {then}", zh="方式 {now}，原为 {then}"),
    "dispatch.again.considered": Text(en="{now} considered, were {then}", zh="考虑 {now} 个，原为 {then}"),
    "dispatch.again.counts": Text(en="kept out: {now}; were: {then}", zh="排除：{now}；原为：{then}"),
    "dispatch.again.ranked": Text(en="ranked: {now}; were: {then}", zh="排名：{now}；原为：{then}"),
    "dispatch.story.began": Text(en="looks for somebody for the slot {slot}", zh="为 {slot} 寻找人选"),
    "dispatch.story.taken_back": Text(en="taken back, and looks again", zh="收回后重新寻找"),
    "dispatch.story.taken_back.reason": Text(en=": {reason}", zh="：{reason}"),
    "dispatch.story.decided": Text(en="{counts}; {action}", zh="{counts}；{action}"),
    "dispatch.story.assign": Text(en="{to} gets it", zh="派给 {to}"),
    "dispatch.story.offer": Text(en="it is offered to {to}", zh="向 {to} 发出邀约"),
    "dispatch.story.pool": Text(en="it is offered to all who fit: {to}", zh="向所有符合者发出邀约：{to}"),
    "dispatch.story.approve": Text(en="{to} is proposed", zh="建议派给 {to}"),
    "dispatch.story.queue": Text(en="it waits in line for {to}", zh="排队等待 {to}"),
    "dispatch.story.appointment": Text(en="visits are offered to the customer", zh="向客户提供可预约时段"),
    "dispatch.story.book": Text(en="{to} would come", zh="由 {to} 上门"),
    "dispatch.story.wait": Text(en="it waits", zh="等待"),
    "dispatch.story.offered": Text(en="asks {to}", zh="询问 {to}"),
    "dispatch.story.offered.until": Text(en=", who may answer until {until}", zh="，答复期限 {until}"),
    "dispatch.story.offered.pool": Text(en=", the first to take it has it", zh="，先接者得"),
    "dispatch.story.answered_accepted": Text(en="{to} accepted", zh="{to} 接受"),
    "dispatch.story.answered_rejected": Text(en="{to} rejected it", zh="{to} 拒绝"),
    "dispatch.story.answered_rejected.reason": Text(en=": {reason}", zh="：{reason}"),
    "dispatch.story.answered_expired": Text(en="{to} let the offer run out", zh="{to} 未在期限内答复"),
    "dispatch.story.answered_withdrawn": Text(en="the offer to {to} was withdrawn", zh="撤回向 {to} 的邀约"),
    "dispatch.story.answered_withdrawn.reason": Text(en=": {reason}", zh="：{reason}"),
    "dispatch.story.proposed": Text(en="{to} waits for a dispatcher to confirm", zh="{to} 待调度员确认"),
    "dispatch.story.declined": Text(en="the dispatcher declined {to}", zh="调度员否决了 {to}"),
    "dispatch.story.declined.reason": Text(en=": {reason}", zh="：{reason}"),
    "dispatch.story.queued": Text(en="waits in line until somebody pulls it", zh="排队等待领取"),
    "dispatch.story.queued.relax_at": Text(en=", asks for less at {relax_at}", zh="，{relax_at} 放宽要求"),
    "dispatch.story.booking": Text(en="waits for a visit to be booked", zh="等待预约上门时间"),
    "dispatch.story.booking.relax_at": Text(en=", asks for less at {relax_at}", zh="，{relax_at} 放宽要求"),
    "dispatch.story.booked": Text(en="a visit by {to} is booked", zh="已预约 {to} 上门"),
    "dispatch.story.booked.start": Text(en=" for {start}", zh="，时间 {start}"),
    "dispatch.story.moved": Text(en="the visit is moved: {to} comes", zh="上门改期：{to}"),
    "dispatch.story.moved.start": Text(en=" at {start}", zh="，时间 {start}"),
    **{
        f"dispatch.story.unbooked_{phase}{more}": text
        for phase, en, zh in (
            ("cancelled", "the visit by {to} is cancelled", "取消 {to} 的上门预约"),
            ("missed", "{to} came and met nobody", "{to} 上门未遇"),
            ("lost", "{to} cannot come to the visit", "{to} 无法按约上门"),
            ("done", "the visit by {to} is done", "{to} 的上门已完成"),
        )
        for more, text in (("", Text(en=en, zh=zh)), (".reason", Text(en=": {reason}", zh="：{reason}")))
    },
    "dispatch.story.relaxed": Text(en="asks for less ({stage}): {reason}", zh="放宽要求（第 {stage} 步）：{reason}"),
    "dispatch.story.waiting": Text(en="waits", zh="等待"),
    "dispatch.story.waiting.waits": Text(en=" for room of {waits}", zh="，等 {waits} 有空位"),
    "dispatch.story.waiting.change_at": Text(en=", looks again at {change_at}", zh="，{change_at} 再次评估"),
    "dispatch.story.waiting.relax_at": Text(en=", asks for less at {relax_at}", zh="，{relax_at} 放宽要求"),
    "dispatch.story.unasked": Text(en="no world was given; the host was asked", zh="未提供世界快照；已询问宿主"),
    "dispatch.story.failed": Text(en="what time had set failed: {reason}", zh="到时处理失败：{reason}"),
    "dispatch.story.filled": Text(en="{to} has it", zh="已由 {to} 负责"),
    "dispatch.story.filled.by": Text(en=", set by {by}", zh="，由 {by} 指定"),
    "dispatch.story.emptied": Text(en="{to} no longer has it", zh="不再由 {to} 负责"),
    "dispatch.story.ended": Text(en="the search ends", zh="寻找结束"),
    "dispatch.story.ended.reason": Text(en=": {reason}", zh="：{reason}"),
    "dispatch.sum_one.skill": Text(en="1 lacks skill {need}", zh="1 个缺少技能 {need}"),
    "dispatch.sum_one.language": Text(en="1 does not speak {need}", zh="1 个不会语言 {need}"),
    "dispatch.sum_one.channel": Text(en="1 does not serve channel {need}", zh="1 个不服务渠道 {need}"),
    "dispatch.sum_one.when": Text(en="1 does not meet {need}", zh="1 个不满足 {need}"),
    "dispatch.sum_one.host": Text(en="1 does not meet {rule}", zh="1 个不满足 {rule}"),
    "dispatch.verdict.fail.absence": Text(en="{candidate} is absent ({have})", zh="{candidate} 缺勤（{have}）"),
    "dispatch.verdict.fail.forbidden": Text(
        en="{candidate} is not wanted by customer {need}", zh="客户 {need} 不接受 {candidate}"
    ),
    "dispatch.verdict.fail.declined": Text(
        en="{candidate} declined, or let an offer run out", zh="{candidate} 已拒绝，或未按时答复"
    ),
    "dispatch.verdict.fail.presence": Text(en="{candidate} is not there now: {have}", zh="{candidate} 当前不在：{have}"),
    "dispatch.verdict.fail.cool_off": Text(en="{candidate} let an offer run out lately", zh="{candidate} 近期未答复邀约"),
    "dispatch.verdict.fail.other_than": Text(
        en="{candidate} does not meet {rule}: excluded by name", zh="{candidate} 不满足 {rule}：被点名排除"
    ),
    "dispatch.verdict.pass.absence": Text(en="{candidate} is not absent", zh="{candidate} 没有缺勤"),
    "dispatch.verdict.pass.declined": Text(en="{candidate} did not decline", zh="{candidate} 没有拒绝"),
    "dispatch.verdict.pass.forbidden": Text(
        en="{candidate} is not forbidden by customer {need}", zh="客户 {need} 未禁止 {candidate}"
    ),
}
