"""What the robot says: short sentences in the language it was spoken to, English or Chinese.

Only what is known is put into words here; nothing is decided.
"""
from __future__ import annotations

import math
import re
from collections.abc import Sequence

from yan_brain.learning.tricks import Trick
from yan_brain.mind.nearness import asks_to_come
from yan_brain.mind.tasks import Task
from yan_brain.perception.amounts import is_unclear
from yan_brain.signals import Concept, Decision, Percept, Sense, Skill, SkillStatus

MOST_THINGS = 6          # named in one breath
AHEAD_RAD = math.radians(8)
THERE_M = 1.0            # it is at a place from here on
# Least squares on what SVOX Pico says, with a little more breath; a Chinese character is a
# syllable.
BREATH_S, LETTER_S, DIGIT_S, SYLLABLE_S, PAUSE_S = 1.2, 0.068, 0.33, 0.3, 0.55
_PAUSE = re.compile(r'[.,;:?!]+"?(?=\s)|"')
_ARTICLE = re.compile(r'(the|a|an|my|your|that|this|some)\s+', re.IGNORECASE)
WORDS_ZH = {
    'red': '红色', 'orange': '橙色', 'yellow': '黄色', 'green': '绿色', 'blue': '蓝色',
    'purple': '紫色', 'ball': '球', 'box': '箱子', 'cone': '圆锥', 'cylinder': '圆柱',
    'bottle': '瓶子', 'chair': '椅子', 'ring': '圆环', 'star': '星星'}

# Reason of a failure: English, Chinese; {bare} is the target, {thing} with its article.
_FAILED = {
    'not_found': ('I see no {bare}.', '我没有看到{bare}。'),
    'blocked': ('Something is in my way.', '路被挡住了。'),
    'timeout': ('I could not finish in time.', '我没能按时完成。'),
    'stale': ('I stopped, because I could not see for a moment.', '我停下了，因为我一时看不见。'),
    'unknown_word': ('I do not know what "{bare}" is. Show me one and say: this is a {bare}.',
                     '我不知道“{bare}”是什么。请给我看一个，说：这是{bare}。'),
    'unclear': ('I did not understand that.', '我没听懂。'),
    'amount': ('I am not sure how far you mean. Say one number and its unit, like two metres.',
               '我不确定是多少。请说一个数和单位，比如两米。'),
    'unseen': ('I cannot see where you are.', '我看不到你在哪里。'),
    'no_odometry': ('I stopped, because I do not feel how I move.',
                    '我停下了，因为我感觉不到自己的移动。'),
    'no_scan': ('I stopped, because I cannot feel what is around me.',
                '我停下了，因为我测不到周围的距离。'),
    'no_planner': ('My body does not answer.', '我的身体没有反应。'),
    'no_decision': ('I could not think of an answer in time.', '我没能及时想好。'),
    'unknown_trick': ('I do not know how to "{bare}". Say: when I say {bare}, and what to do.',
                      '我不会“{bare}”。请说：我说{bare}的时候，该做什么。'),
    'clause': ('I did not understand "{bare}", so I learned nothing.',
               '我没听懂“{bare}”，所以什么也没学。'),
    'not_perceived': ('I cannot perceive "{bare}". I notice things and sounds that I know, touch, '
                      'noise and darkness.',
                      '我感觉不到“{bare}”。我能注意到认识的东西和声音、触碰、响声和黑暗。'),
    'nothing_shown': ('Nobody was showing me anything.', '没有人在给我演示。'),
    'no_place': ('I do not feel where I am, so I cannot remember this place.',
                 '我感觉不到自己在哪里，所以记不住这个地方。'),
    'lost': ('I know the {bare}, but I have lost my bearings. Take me there and say: this place '
             'is called {bare}.',
             '我知道{bare}，可是我迷失了方向。请带我过去，说：这个地方叫{bare}。'),
    'lost_here': ('I have lost my bearings, so I cannot find back. Tell me again where to come.',
                  '我迷失了方向，找不回来了。请再告诉我一次该去哪里。'),
    'cancelled': ('I stopped.', '我停下了。'),
    'preempted': ('I do the new thing instead.', '我改做新的事。'),
    'shutdown': ('I am being switched off.', '我正在关机。'),
}
_DONE = {
    Skill.STOP: ('I stopped.', '我停下了。'),
    Skill.GO_TO: ('I am at {thing}.', '我到{bare}这里了。'),
    Skill.FIND: ('I see {thing}{where}.', '我看到{bare}了{where}。'),
    Skill.TURN_TO: ('I am facing {thing}.', '我正对着{bare}。'),
    Skill.FOLLOW: ('I followed {thing}.', '我跟着{bare}走了。'),
    Skill.MOVE: ('I moved {amount}.', '我{amount}了。'),
    Skill.TURN: ('I turned {amount}.', '我{amount}了。'),
}

# What was learned: {one} with an article.
_TAUGHT = {
    Sense.SIGHT: ('I will remember: this is {one}.', '我记住了：这是{name}。'),
    Sense.SOUND: ('I will remember: this is the sound of {one}.', '我记住了这个声音：{name}。'),
    Sense.TOUCH: ('I will remember: this is what {one} feels like.',
                  '我记住了这样的触碰：{name}。'),
    Sense.PLACE: ('I will remember this place: {name}.', '我记住了这个地方：{name}。'),
    Sense.VOICE: ('Hello {called}, I will know your voice.', '你好，{name}，我记住了你的声音。')}
_OF = {Sense.SOUND: ('a sound', '声音'), Sense.TOUCH: ('a touch', '触碰'),
       Sense.PLACE: ('a place', '地方'), Sense.VOICE: ('a person', '人')}


class Sentences:
    """The voice of the package; see `Voice` in conversation.py."""

    def describe(self, percepts: Sequence[Percept], language: str) -> str:
        """What is in view, surest first."""
        seen = percepts[:MOST_THINGS]
        if language == 'zh':
            things = [f'{_zh_label(p.label)}（{_where_zh(p.bearing_rad)}，'
                      f'约{p.range_m:.1f}米）' for p in seen]
            return f'我看到{"、".join(things)}。' if things else '我没有看到认识的东西。'
        things = [f'{_with_a(p.label)} {_where_en(p.bearing_rad)}, about {p.range_m:.1f} metres '
                  'away' for p in seen]
        return f'I see {_and(things, "; ")}.' if things else 'I see nothing that I know.'

    def recall(self, concepts: Sequence[Concept], tricks: Sequence[Trick], language: str) -> str:
        """What was taught: how often, and how sure it is."""
        chinese = language == 'zh'
        parts = [_known(concept, chinese) for concept in concepts]
        if tricks:
            names = [_owned(trick, chinese) for trick in tricks]
            parts.append(f'会做{"、".join(names)}' if chinese else f'how to {_and(names)}')
        if not parts:
            return ('你还没有教过我什么。给我看一样东西，告诉我它叫什么。' if chinese else
                    'You have taught me nothing yet. Show me a thing and tell me what it is.')
        return f'你教过我：{"、".join(parts)}。' if chinese else f'You taught me {_and(parts)}.'

    def taught(self, concept: Concept, language: str) -> str:
        """A lesson was learned."""
        return _TAUGHT[concept.sense][language == 'zh'].format(
            name=concept.name, one=_with_a(concept.name), called=concept.name.title())

    def forgot(self, name: str, known: bool, language: str) -> str:
        """A lesson was taken back, or there was none."""
        name = bare(name)
        if language == 'zh':
            return f'我忘掉了{name}。' if known else f'没有人教过我{name}。'
        return (f'I forgot what {_with_a(name)} is.' if known
                else f'Nobody has taught me what {_with_a(name)} is.')

    def trouble(self, why: str, language: str, about: str = '') -> str:
        """Something did not work; `about` are the words it is about."""
        chinese = language == 'zh'
        if why in _FAILED:
            return _FAILED[why][chinese].format(thing=about, bare=bare(about))
        return f'不行：{why}' if chinese else f'That did not work: {why}'

    def trick(self, trick: Trick, language: str) -> str:
        """A trick was learned."""
        count = len(trick.steps)
        if language == 'zh':
            when = f'{trick.name}的时候' if trick.percept else f'你说“{trick.name}”的时候'
            return f'我学会了：{when}我做{count}步。'
        when = (f'I notice {trick.name}' if trick.percept else f'you say "{trick.name}"')
        return f'I learned it: {count} step{"s" if count != 1 else ""} when {when}.'

    def watching(self, language: str) -> str:
        """A showing begins."""
        return ('我看着。带我走一遍，完了说“好了”。' if language == 'zh'
                else 'I am watching. Lead me, and say "done" at the end.')

    def shown(self, language: str) -> str:
        """A showing without a name is over."""
        return ('我看到了。说：我说什么的时候，这样做。' if language == 'zh'
                else 'I saw it. Say when I should do this: when I say ..., do this.')

    def did(self, name: str, language: str) -> str:
        """Something with a name was done."""
        return f'{name}，做好了。' if language == 'zh' else f'I did "{name}".'

    def undone(self, name: str, language: str) -> str:
        """The last lesson was taken back; '' for a name: there was none."""
        if language == 'zh':
            return f'我收回了关于{name}的最后一课。' if name else '没有什么可以收回的。'
        return (f'I took back the last lesson on {name}.' if name
                else 'There is nothing to take back.')

    def judged(self, value: float, language: str) -> str:
        """Praise or blame was heard."""
        if language == 'zh':
            return '谢谢。' if value > 0 else '我记住了，下次改。'
        return 'Thank you.' if value > 0 else 'I see. Tell me what you want instead.'

    def where(self, nearest: tuple[str, float] | None, language: str) -> str:
        """Where the robot is: the nearest place, and how far it is in metres."""
        if nearest is None:
            return ('我不认识这里的任何地方。' if language == 'zh'
                    else 'I do not know where I am: I know no place here.')
        name, far = nearest
        if far <= THERE_M:
            return f'我在{name}。' if language == 'zh' else f'I am at this place: {name}.'
        return (f'我离{name}大约{far:.1f}米。' if language == 'zh'
                else f'I am about {far:.1f} metres from this place: {name}.')

    def who(self, name: str, language: str) -> str:
        """Who is speaking; '' for a name: a voice that is not known, or none."""
        if language == 'zh':
            return f'你是{name}。' if name else '我听不出你是谁。请对我说：我叫什么名字。'
        return (f'You are {name.title()}.' if name else
                'I do not know your voice. Tell me aloud: my name is, and your name.')

    def ended(self, task: Task) -> str:
        """How an instruction ended."""
        decision = task.decision or Decision(stamp_s=0.0, version='')
        chinese = decision.language == 'zh'
        name = bare(decision.argument)
        words = {
            'bare': name or ('那个' if chinese else 'such thing'),
            'thing': 'you' if name == 'me' else f'the {name}',
            'where': _found_where(task.status, chinese), 'amount': _amount(decision)}
        if task.succeeded:
            return _DONE.get(decision.skill, ('Done.', '好了。'))[chinese].format(**words)
        reason = task.reason
        if reason == 'unknown_word' and name in ('me', '我'):
            reason = 'unseen'
        elif reason == 'unclear':
            reason = 'unseen' if asks_to_come(task.text) else (
                'amount' if is_unclear(task.text) else reason)
        if reason in _FAILED:
            return _FAILED[reason][chinese].format(**words)
        return self.trouble(reason, decision.language)


def spoken_s(text: str) -> float:
    """About how long it takes to say a sentence aloud, rather too long than too short."""
    pauses = len(_PAUSE.findall(text))
    digits = sum(character.isdecimal() for character in text)
    letters = sum(character.isascii() and character.isalpha() for character in text)
    syllables = sum(not character.isascii() and character.isalpha() for character in text)
    return (BREATH_S + LETTER_S * letters + DIGIT_S * digits + SYLLABLE_S * syllables
            + PAUSE_S * pauses)


def _known(concept: Concept, chinese: bool) -> str:
    about = [_OF[concept.sense][chinese]] if concept.sense in _OF else []
    if concept.lessons > 1:
        about.append(f'{concept.lessons}次' if chinese else f'{concept.lessons} times')
    if not about:
        return concept.name
    return (f'{concept.name}（{"，".join(about)}）' if chinese
            else f'{concept.name} ({", ".join(about)})')


def _owned(trick: Trick, chinese: bool) -> str:
    if not trick.person:
        return trick.name
    return (f'{trick.name}（{trick.person}的）' if chinese
            else f'{trick.name} (for {trick.person.title()})')


def bare(name: str) -> str:
    """A target's words without an article."""
    return _ARTICLE.sub('', name.strip(), count=1) if _ARTICLE.match(name.strip()) \
        else name.strip()


def _with_a(name: str) -> str:
    return f'an {name}' if name[:1].lower() in 'aeiou' else f'a {name}'


def _and(parts: Sequence[str], comma: str = ', ') -> str:
    return parts[0] if len(parts) == 1 else f'{comma.join(parts[:-1])}{comma}and {parts[-1]}'


def _zh_label(label: str) -> str:
    words = label.split()
    if not all(word in WORDS_ZH for word in words):
        return label                     # a taught name, as it was taught
    return '的'.join(WORDS_ZH[word] for word in words)


def _where_en(bearing_rad: float) -> str:
    if abs(bearing_rad) < AHEAD_RAD:
        return 'ahead'
    return 'to the left' if bearing_rad > 0 else 'to the right'


def _where_zh(bearing_rad: float) -> str:
    if abs(bearing_rad) < AHEAD_RAD:
        return '正前方'
    return '左边' if bearing_rad > 0 else '右边'


def _found_where(status: SkillStatus | None, chinese: bool) -> str:
    if status is None or status.bearing_rad is None:
        return ''
    return (f'，在{_where_zh(status.bearing_rad)}' if chinese
            else f' {_where_en(status.bearing_rad)}')


def _amount(decision: Decision) -> str:
    amount, chinese = decision.amount or 0.0, decision.language == 'zh'
    if decision.skill is Skill.TURN:
        degrees = f'{abs(math.degrees(amount)):.0f}'
        if chinese:
            return f'向{"左" if amount > 0 else "右"}转{degrees}度'
        return f'{"left" if amount > 0 else "right"} {degrees} degrees'
    metres = f'{abs(amount):.2f}'.rstrip('0').rstrip('.')
    if chinese:
        return f'向{"前" if amount > 0 else "后"}走{metres}米'
    unit = 'metre' if metres == '1' else 'metres'
    return f'{"forward" if amount > 0 else "back"} {metres} {unit}'
