"""Names of colours, kinds and of things the brain was never taught, in English and Chinese.

Names that are drawn for teaching tests (`NOVEL_COLOURS`, `NOVEL_KINDS` of the simulation)
stand on the held-out side only.
"""
from __future__ import annotations

import random
from typing import Final

from yan_brain.simulation.things import COLOURS, KINDS

Index = int
ANY_COLOUR: Final = len(COLOURS)
UNKNOWN_COLOUR: Final = len(COLOURS) + 1
ANY_KIND: Final = len(KINDS)
UNKNOWN_KIND: Final = len(KINDS) + 1

# The first name of each is the plain one, drawn most often.
COLOUR_EN: dict[str, tuple[str, ...]] = {
    'red': ('red', 'crimson', 'scarlet', 'bright red', 'dark red'),
    'orange': ('orange', 'bright orange', 'dark orange'),
    'yellow': ('yellow', 'bright yellow', 'light yellow'),
    'green': ('green', 'dark green', 'light green'),
    'blue': ('blue', 'dark blue', 'light blue', 'navy blue'),
    'purple': ('purple', 'violet', 'dark purple'),
}
KIND_EN: dict[str, tuple[str, ...]] = {
    'ball': ('ball', 'sphere', 'round ball'),
    'box': ('box', 'cube', 'crate', 'carton'),
    'cone': ('cone', 'traffic cone', 'road cone'),
    'cylinder': ('cylinder', 'tube', 'canister', 'tin can'),
    'bottle': ('bottle', 'water bottle', 'flask'),
    'chair': ('chair', 'seat', 'stool'),
    'ring': ('ring', 'hoop', 'torus'),
    'star': ('star', 'star shape'),
}
# The first character stands for the colour in short names (红球).
COLOUR_ZH: dict[str, tuple[str, ...]] = {
    'red': ('红', '大红', '鲜红', '深红'),
    'orange': ('橙', '橘', '桔', '橘红'),
    'yellow': ('黄', '金黄', '浅黄', '亮黄'),
    'green': ('绿', '翠绿', '深绿', '浅绿'),
    'blue': ('蓝', '深蓝', '天蓝', '浅蓝'),
    'purple': ('紫', '深紫', '浅紫'),
}
KIND_ZH: dict[str, tuple[str, ...]] = {
    'ball': ('球', '圆球', '球体', '皮球', '小球'),
    'box': ('箱子', '盒子', '方块', '箱', '盒', '立方体', '方盒子'),
    'cone': ('圆锥', '锥体', '圆锥体', '路锥', '锥形筒', '锥子'),
    'cylinder': ('圆柱', '圆柱体', '柱子', '圆筒', '罐子', '柱体'),
    'bottle': ('瓶子', '水瓶', '瓶'),
    'chair': ('椅子', '凳子', '座椅', '椅'),
    'ring': ('圆环', '环', '圆圈', '圈', '圈圈', '环形'),
    'star': ('星星', '五角星', '星', '星形'),
}
SIZES_EN = ('big', 'small', 'little', 'large', 'tall', 'tiny', 'old', 'new', 'nice')
SIZES_ZH = ('大', '小', '高', '矮')
THING_EN = ('thing', 'one', 'object', 'item')
THING_ZH = ('东西', '东西', '那个', '物体', '物品', '那个东西')
DETERMINERS_EN = ('the', 'the', 'the', 'the', 'the', 'the', 'a', 'that', 'this', 'my', '',
                  'your', 'the nearest', 'some')
DETERMINERS_ZH = ('', '', '', '', '', '', '那个', '这个', '一个', '我的', '那', '那边的', '前面的')
PERSON_EN = ('me',)
PERSON_ZH = ('我',)

# Every fifth of these is drawn for evaluation only.
_NOUNS_EN = (
    'dog', 'cat', 'table', 'printer', 'sofa', 'lamp', 'door', 'phone', 'cup', 'mug', 'keys',
    'book', 'pen', 'pencil', 'laptop', 'computer', 'screen', 'television', 'couch', 'bed',
    'pillow', 'blanket', 'shoe', 'shoes', 'sock', 'hat', 'coat', 'jacket', 'glove', 'bag',
    'backpack', 'suitcase', 'basket', 'bucket', 'broom', 'mop', 'sink', 'fridge', 'oven',
    'kettle', 'toaster', 'plate', 'spoon', 'fork', 'knife', 'pan', 'pot', 'glass', 'vase',
    'flower', 'plant', 'tree', 'window', 'curtain', 'mirror', 'clock', 'watch', 'camera',
    'radio', 'speaker', 'guitar', 'piano', 'drum', 'desk', 'shelf', 'cupboard', 'drawer',
    'carpet', 'rug', 'toy', 'doll', 'teddy bear', 'car', 'bicycle', 'truck', 'train', 'plane',
    'robot', 'drone', 'mouse', 'rabbit', 'horse', 'cow', 'duck', 'bird', 'fish', 'baby', 'man',
    'woman', 'boy', 'girl', 'child', 'grandmother', 'kitchen', 'bathroom', 'bedroom', 'garage',
    'wall', 'corner', 'charger', 'charging station', 'coffee mug', 'remote control', 'umbrella',
    'candle', 'apple', 'banana', 'pear', 'sandwich', 'triangle', 'hammer', 'screwdriver',
    'brush', 'towel', 'soap', 'ladder', 'rope', 'helmet', 'balloon', 'kite', 'newspaper',
)
_NOUNS_ZH = (
    '狗', '猫', '桌子', '打印机', '沙发', '灯', '门', '手机', '杯子', '水杯', '钥匙', '书', '笔',
    '铅笔', '电脑', '屏幕', '电视', '床', '枕头', '毯子', '鞋子', '袜子', '帽子', '外套', '手套',
    '书包',
    '背包', '行李', '篮子', '水桶', '扫把', '拖把', '水池', '冰箱', '烤箱', '水壶', '盘子', '勺子',
    '叉子', '刀', '锅', '碗', '花', '植物', '树', '窗户', '窗帘', '镜子', '时钟', '手表', '相机',
    '收音机',
    '音箱', '吉他', '钢琴', '鼓', '书桌', '架子', '柜子', '抽屉', '地毯', '玩具', '娃娃', '小熊',
    '汽车',
    '自行车', '卡车', '火车', '飞机', '机器人', '老鼠', '兔子', '马', '牛', '鸭子', '鸟', '鱼',
    '宝宝',
    '男人', '女人', '小孩', '奶奶', '爷爷', '厨房', '卫生间', '卧室', '车库', '墙', '墙角',
    '充电器',
    '充电桩', '遥控器', '雨伞', '蜡烛', '苹果', '香蕉', '梨', '三角形', '锤子', '刷子', '毛巾',
    '梯子',
    '绳子', '头盔', '气球', '风筝', '报纸',
)
_ADJECTIVES_EN = (
    'brown', 'grey', 'gray', 'teal', 'cyan', 'silver', 'beige', 'maroon', 'magenta', 'striped',
    'spotted', 'transparent', 'wooden', 'metal', 'bronze', 'colourful', 'checked', 'plaid',
    'olive', 'shiny',
)
_ADJECTIVES_ZH = (
    '棕', '灰', '青', '银', '米', '咖啡', '褐', '透明', '条纹', '彩', '土', '花', '肉', '古铜',
)


def _split(words: tuple[str, ...], novel: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    training = tuple(w for i, w in enumerate(words) if i % 5 != 4)
    return training, words[4::5] + novel


# [False] for training, [True] held out
NOUNS_EN = _split(_NOUNS_EN, ('cross', 'pyramid', 'arch', 'mushroom', 'dumbbell', 'hourglass',
                              'stairs'))
NOUNS_ZH = _split(_NOUNS_ZH, ('十字架', '金字塔', '拱门', '蘑菇', '哑铃', '沙漏', '楼梯'))
ADJECTIVES_EN = _split(_ADJECTIVES_EN, ('pink', 'turquoise', 'black', 'white'))
ADJECTIVES_ZH = _split(_ADJECTIVES_ZH, ('粉红', '粉', '青绿', '黑', '白'))

_ONSETS = ('b', 'bl', 'br', 'd', 'dr', 'f', 'fl', 'fr', 'g', 'gl', 'gr', 'h', 'j', 'k', 'kl',
           'kr', 'l', 'm', 'n', 'p', 'pl', 'pr', 'qu', 'r', 's', 'sk', 'sl', 'sm', 'sn', 'sp',
           'st', 't', 'tr', 'v', 'w', 'y', 'z', 'ch', 'sh', 'th', 'w', 'tw')
_NUCLEI = ('a', 'e', 'i', 'o', 'u', 'a', 'e', 'i', 'o', 'u', 'ee', 'oo', 'ai', 'ou')
_CODAS = ('', 'b', 'd', 'g', 'k', 'l', 'm', 'n', 'p', 'r', 'rp', 's', 't', 'x', 'z', 'ck', 'nk',
          'ng', 'mp', 'rt', 'lk', 'sh', 'ff', 'zzle', 'ster', 'rk', 'nd')
_SECOND = ('', '', 'y', 'a', 'o', 'er', 'le', 'it', 'in', 'on', 'us', 'ie', 'et')
_SYLLABLES_ZH = ('布洛普卡拉米多迪比波吉噜咕嘟啦巴塔诺菲雅库莫奇贝索托里尼萨瓦泽鲁达玛蒂格斯克林'
                 '朵丁当叮咚圆方小阿皮豆豆乐乐美可西东妮娜露丝威安')
_SYLLABLES_ZH_POOL = tuple(dict.fromkeys(c for c in _SYLLABLES_ZH if c not in '圆方小东西'))

_LETTERS_EN = frozenset(
    word for text in (*_NOUNS_EN, *_ADJECTIVES_EN, *SIZES_EN, *THING_EN,
                      *(w for ws in (*COLOUR_EN.values(), *KIND_EN.values()) for w in ws),
                      'stop', 'wait', 'left', 'right', 'bowl', 'comb', 'stair', 'boll', 'bon',
                      'bal', 'bock', 'con', 'stat', 'chat', 'red', 'wring', 'bring', 'what',
                      'that', 'this', 'the', 'there', 'see', 'look', 'turn', 'go', 'me', 'it')
    for word in text.split())


def pseudo_word(rng: random.Random) -> str:
    """Make up an English word that can be said and is not one of ours."""
    while True:
        pick = rng.random
        word = (_ONSETS[int(pick() * len(_ONSETS))] + _NUCLEI[int(pick() * len(_NUCLEI))]
                + _CODAS[int(pick() * len(_CODAS))] + _SECOND[int(pick() * len(_SECOND))])
        if pick() < 0.25:
            word = (_ONSETS[int(pick() * len(_ONSETS))] + _NUCLEI[int(pick() * 10)] + word)
        if len(word) >= 3 and word not in _LETTERS_EN:
            return word


def pseudo_name_zh(rng: random.Random) -> str:
    """Make up a Chinese name of two or three characters."""
    pool, pick = _SYLLABLES_ZH_POOL, rng.random
    name = pool[int(pick() * len(pool))] + pool[int(pick() * len(pool))]
    return name + pool[int(pick() * len(pool))] if pick() < 0.5 else name
