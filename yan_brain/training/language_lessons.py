"""Words by which tricks are told and shown, done, praised and blamed: templates in two languages.

As in `language_en`, every fifth template of a skill is for evaluation only. Beside the one slot of
a template may stand `{b}`: some commands one after the other, of any kind the robot can do.
Slots of their own: `{v}` the name of a trick, `{s}` a sound, `{l}` a state of the light, `{h}`
a touch.
"""
from __future__ import annotations

TRICKS_EN = ('dance', 'wave', 'bow', 'twirl', 'patrol', 'go crazy', 'party',
             'show off', 'good night', 'hello', 'salute', 'wiggle', 'march', 'waltz', 'shake',
             'high five', 'roll over', 'play dead', 'sit', 'cheers', 'moonwalk', 'zigzag')
TRICKS_ZH = ('跳舞', '敬礼', '转圈圈', '打招呼', '巡逻', '撒娇', '晚安', '鞠躬', '摇摆',
             '走正步', '装死', '打滚', '握手', '欢迎', '再见', '表演', '散步')
SOUNDS_EN = ('bell', 'alarm', 'music', 'loud noise', 'sound', 'knock', 'doorbell', 'whistle',
             'clap', 'phone', 'siren', 'beep', 'voice', 'bang')
SOUNDS_ZH = ('铃声', '音乐', '响声', '敲门声', '门铃', '口哨', '拍手声', '电话', '警报', '声音',
             '哨声')
LIGHTS_EN = ('dark', 'bright', 'light', 'very dark', 'too dark', 'night')
LIGHTS_ZH = ('天黑', '黑', '亮', '变暗', '天亮', '太暗')
TOUCHES_EN = ('touched', 'bumped', 'hit', 'pushed', 'patted')
TOUCHES_ZH = ('碰到', '撞到', '摸', '推', '拍')

TRICK_EN = [
    '~when i say {v} {b}', '~when i say {v}, {b}',
    '~(when|whenever) i say {v}[,] do (this|that)', '~whenever i say {v}, {b}',
    '~if i say {v} {b}', '~{v} means {b}', '~to {v}, {b}', 'learn the trick {v}: {b}',
    '~this is how you {v}: {b}', '~the trick {v} is: {b}', '~when you hear me say {v} {b}',
    '~when i call {v} do (this|that|what i show you)', 'let me teach you to {v}[,] {b}',
    '{b} when i say {v}', '~whenever i say {v} you {b}', '~{b}, call (it|that) {v}',
    '~i will show you {v}, watch me', '~when i tell you to {v} {b}', 'learn to {v}: {b}',
    '~every time i say {v}, {b}', '~if i say {v}, {b}', '~{b} whenever i say {v}',
    '~here is how to {v}, {b}', '~{b}, that is called {v}', '~(if|when) i say {v} then {b}',
    '~when i say the word {v}, {b}', '~you {v} like this, {b}', '~{v} is when you {b}',
    'do this when i say {v}', '~when i shout {v} {b}',
]
WHEN_EN = [
    '~when you hear (the|a) {s} {b}', '~when you see {a}, {b}', '~if it is {l} {b}',
    '~when you are {h} {b}', '~if you see {a} {b}', '~if it gets {l}, {b}',
    '~whenever there is {s}, {b}', '~when the {s} rings {b}',
    '~as soon as you hear (the|a|) {s} {b}', '~once you see {a} {b}', '{b} when you see {a}',
    '{b} if it is {l}', '~if somebody {h} you {b}', '~whenever you see {a} {b}',
    '~when you hear {s}, {b}', '~if you hear (the|a|some) {s}, {b}', '~when it is {l}, {b}',
    '{b} when you hear the {s}', '~if you get {h}, {b}', '~when {a} is in front of you {b}',
    '~if there is {a} {b}', '{b} as soon as you see {a}', '~when it gets {l} {b}',
    '~if you are {h} then {b}', '{b} if you see {a}', '~whenever it is {l} {b}',
    '~once you hear (the|a) {s}, {b}', '~when you notice {a} {b}', '~should you see {a}, {b}',
    '{b} if you hear the {s}',
]
WATCH_EN = [
    '@+1 watch me', '@+1 watch', '@-1 ~done', "@-1 ~that's it", '@+1 look what i do',
    '@+1 do this', '@+1 do that', '@-1 ~i am (done|finished)', '@-1 ~finished', '@+1 do as i do',
    '@+1 do like this', '@+1 ~like this', '@-1 ~that was it', '@-1 ~that is all',
    '@-1 ~all done', '@+1 do what i (show you|do)', '@+1 ~i will show you', '@-1 ~the end',
    '@-1 stop recording', '@+1 ~let me show you', '@+1 pay attention', '@+1 copy me',
    '@-1 ~end of the trick', "@-1 ~that's the trick", "@-1 ~ok that's it", '@+1 watch closely',
    '@+1 follow my lead', '@+1 (record this|record)', "@-1 ~i'm (done|finished)",
    '@+1 start recording', '@+1 watch what i do', "@-1 ~that's all", '@-1 ~now i am done',
    '@+1 ~see how i do it', '@+1 watch and learn',
]
PERFORM_EN = [
    'do {v}', 'do the {v}', 'do a {v}', 'do your {v}', 'perform {v}', 'show me the trick {v}',
    'show me your {v}', 'do the trick {v}', 'do the {v} trick', 'perform your {v}',
    '(perform|do) the trick called {v}', 'show us the {v}', 'give me a {v}', 'show me a {v}',
    'show me {v}', 'perform a {v}', 'do that {v}', 'let me see your {v}', 'do the {v} again',
    'perform the {v}',
]
FEEDBACK_EN = [
    '@+1 ~good', '@+1 ~well done', '@-1 ~no', '@-1 ~wrong', '@+1 ~very good', '@+1 ~good job',
    '@-1 ~no wrong', '@-1 ~bad', '@+1 ~great[ job]', '@-1 ~not like that',
    '@-1 ~that (is|was) wrong', '@+1 ~[yes] that (is|was) right', '@+1 ~correct',
    '@-1 ~not that one', '@+1 ~exactly', '@+1 ~right', '@-1 ~incorrect', '@+1 ~nice',
    '@+1 ~good (robot|boy|girl)', '@-1 ~bad robot', "@-1 ~no[,] that's (not right|wrong)",
    '@-1 ~you got it wrong', '@-1 ~not right', '@-1 ~that (is|was) not {t}',
    '@+1 ~you got it right', '@+1 ~perfect', '@+1 ~bravo', "@-1 ~that isn't {t}", '@+1 ~yes',
    "@-1 ~that's not it", '@+1 ~excellent', '@-1 ~no no', '@+1 ~that was (great|good|perfect)',
    "@+1 ~that's it exactly", "@-1 ~that wasn't right", '@-1 ~no not that', '@+1 ~yes that one',
    '@+1 ~yes well done', '@-1 ~that was not what i meant', '@+1 ~nicely done',
]
UNDO_EN = [
    'undo', 'undo (that|it)', 'undo the last lesson', 'take that back',
    'undo what i (said|taught)', 'forget (that|it)', 'forget what i just (said|taught you)',
    '~i take it back', 'forget the last (one|lesson|thing)',
    'unlearn the last (one|lesson|thing)', 'scratch that', 'unlearn that', 'undo the lesson',
    'undo the last thing', 'take it back',
]
NOT_LESSONS_EN = [
    '~when is the (meeting|party|film)', '~when did you see {t}', '~if only', 'say hello',
    '~when does the (train|bus) leave', '~(good morning|good evening) everybody',
    '~done with {t}', '~if i were you', '~when will you (come|be back)', '~what if it rains',
]

TRICK_ZH = [
    '~我说{v}的时候，{b}', '~我说{v}就{b}', '~当我说{v}时{b}', '~听到我说{v}就{b}',
    '~当我说{v}的时候{b}', '~{v}就是{b}', '~{v}的意思是{b}', '教你{v}：{b}', '学会{v}：{b}',
    '~{v}的做法是{b}', '~我一说{v}你就{b}', '~我说{v}你就这样做', '~我说{v}就照这样做',
    '~{b}，这叫{v}', '~我说{v}的时候你要{b}', '~{b}，这就是{v}', '~只要我说{v}，{b}',
    '~我说{v}时，{b}', '~每次我说{v}你就{b}', '~如果我说{v}，{b}', '~我喊{v}就{b}',
    '学一下{v}，{b}', '~听见{v}就{b}', '~我说{v}你就{b}', '教你一个动作{v}，{b}',
]
WHEN_ZH = [
    '~听到{s}就{b}', '~看到{t}就{b}', '~看见{t}的时候{b}', '~如果{l}了就{b}',
    '~当你看到{t}时，{b}', '~要是{l}了，{b}', '~被{h}就{b}', '~有人{h}你就{b}',
    '~一听到{s}就{b}', '~要是听到{s}就{b}', '~如果看见{t}，{b}', '~听到{s}的时候{b}',
    '~看到{t}的时候，{b}', '~{l}的时候{b}', '~只要看到{t}就{b}', '~当你听到{s}，{b}',
    '~如果你看到{t}就{b}', '~如果被{h}，{b}', '~一看到{t}就{b}', '~{l}了就{b}',
    '~听见{s}你就{b}', '~要是看见{t}就{b}', '~如果有人{h}你，{b}', '~要是有{s}就{b}',
    '~当{l}的时候，{b}',
]
WATCH_ZH = [
    '@+1 看着我', '@+1 看我做', '@-1 ~好了', '@-1 ~完了', '@+1 看我怎么做', '@+1 看我的',
    '@+1 看好了', '@-1 ~就这样', '@-1 ~做完了', '@+1 照着做', '@+1 照这样做', '@+1 这样做',
    '@-1 ~结束了', '@-1 ~就是这样', '@-1 ~录好了', '@+1 像这样', '@+1 跟我学', '@-1 ~演示完了',
    '@-1 ~录完了', '@+1 ~我来做给你看', '@+1 ~我做给你看', '@+1 学我', '@-1 ~完成了',
    '@+1 照我做的做', '@-1 ~我做完了', '@+1 开始录',
]
PERFORM_ZH = [
    '做{v}', '表演{v}', '来个{v}', '来一个{v}', '表演一个{v}', '给我表演一下{v}', '做一下{v}',
    '{v}一下', '开始{v}', '做一个{v}', '表演一下{v}', '给大家{v}一下', '来一段{v}', '做个{v}',
    '给我来个{v}',
]
FEEDBACK_ZH = [
    '@+1 ~好', '@+1 ~很好', '@-1 ~不对', '@-1 ~错了', '@+1 ~非常好', '@+1 ~真棒', '@+1 ~对',
    '@-1 ~不是', '@-1 ~不是这样', '@-1 ~你做错了', '@+1 ~对了', '@+1 ~做得(好|对)', '@-1 ~不好',
    '@-1 ~做错了', '@-1 ~这样不对', '@+1 ~不错', '@+1 ~没错', '@-1 ~不是(这个|那个)',
    '@-1 ~你弄错了', '@+1 ~太棒了', '@+1 ~真聪明', '@+1 ~好样的', '@-1 ~不行', '@+1 ~干得好',
    '@+1 ~正确', '@-1 ~那不是{t}', '@+1 ~就是这个', '@-1 ~这不是{t}',
]
UNDO_ZH = [
    '撤销', '撤回', '取消刚才教的', '忘掉刚才的', '忘掉刚才教的', '忘了刚才说的', '收回刚才的话',
    '撤销刚才那个', '~刚才的不算', '撤销刚才教的',
]
NOT_LESSONS_ZH = [
    '~什么时候开会', '~你什么时候看到{t}的', '~如果下雨怎么办', '~(早上|下午)好大家',
    '~要是我是你',
]
