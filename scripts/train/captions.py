"""The images that the text model learns, and their captions."""

import random
from pathlib import Path

import numpy as np

from data import load

# Images per subcategory: a number of first ones, or short names.
IMAGES = {
    "face-smiling": 14, "face-affection": 6, "face-tongue": 3, "face-hand": 4,
    "face-neutral-skeptical": 8, "face-sleepy": 3, "face-unwell": 6, "face-hat": 3,
    "face-glasses": 3, "face-concerned": 10, "face-negative": 6, "face-costume": 8,
    "cat-face": 6, "monkey-face": 3, "heart": "love_letter cupid gift_heart sparkling_heart "
    "two_hearts broken_heart heart_on_fire heart pink_heart orange_heart yellow_heart green_heart "
    "blue_heart purple_heart brown_heart black_heart white_heart", "animal-mammal": 36,
    "animal-bird": 14, "animal-reptile": 6, "animal-amphibian": 1, "animal-marine": 10,
    "animal-bug": 8, "plant-flower": 10, "plant-other": 6, "food-fruit": 20, "food-vegetable": 8,
    "food-prepared": 16, "food-asian": 4, "food-sweet": 8, "drink": 12, "sport": 10, "event": 7,
    "transport-ground": "steam_locomotive bullettrain_side train2 metro tram bus oncoming_bus "
    "ambulance fire_engine police_car taxi car truck tractor racing_car motor_scooter bike "
    "traffic_light", "transport-water": 5, "transport-air": "airplane small_airplane parachute "
    "helicopter rocket flying_saucer", "sky & weather": "full_moon crescent_moon sunny star star2 "
    "cloud partly_sunny rain_cloud rainbow umbrella zap snowflake snowman fire droplet ocean",
}  # fmt: skip
ALSO = """mouse mouse2 rabbit rabbit2 bear panda_face elephant koala hedgehog thinking_face cry skull
t-rex sauropod hotdog tulip""".split()

# Excluded from these, because few prompts name them and every image costs training time.
DROPPED = """dotted_line_face face_in_clouds face_with_raised_eyebrow expressionless no_mouth
face_with_peeking_eye face_with_open_eyes_and_hand_over_mouth face_with_hand_over_mouth
disguised_face face_with_monocle face_with_diagonal_mouth slightly_frowning_face
white_frowning_face hushed face_with_thermometer face_with_head_bandage sneezing_face
face_vomiting triumph face_with_symbols_on_mouth imp kissing relaxed sweat_smile laughing smile
orangutan guide_dog service_dog raccoon moose donkey bison ox water_buffalo boar pig_nose ram
dodo turkey hatching_chick lizard dragon_face whale2 blowfish seal shell cricket white_flower
lotus rosette wilted_flower melon lime kiwifruit olive coconut mango potato cucumber flatbread
bagel meat_on_bone cut_of_meat bento rice_cracker shaved_ice sake tea baby_bottle oncoming_bus
canoe ring_buoy firecracker sparkler softball rugby_football flying_disc""".split()

GROUPS = {
    "face-smiling": "smiling face", "face-affection": "smiling face with love",
    "face-tongue": "face with tongue", "face-hand": "face with hand",
    "face-neutral-skeptical": "neutral face", "face-sleepy": "sleepy face",
    "face-unwell": "sick face", "face-hat": "face with hat", "face-glasses": "face with glasses",
    "face-concerned": "worried face", "face-negative": "angry face",
    "face-costume": "costume face", "cat-face": "cat face", "monkey-face": "monkey face",
    "heart": "heart", "animal-mammal": "animal", "animal-bird": "bird",
    "animal-reptile": "reptile", "animal-amphibian": "reptile", "animal-marine": "sea animal",
    "animal-bug": "bug", "plant-flower": "flower", "plant-other": "plant", "food-fruit": "fruit",
    "food-vegetable": "vegetable", "food-prepared": "food", "food-asian": "asian food",
    "food-sweet": "sweet food", "drink": "drink", "sky & weather": "weather", "sport": "sport",
    "event": "party", "transport-ground": "vehicle", "transport-water": "boat",
    "transport-air": "aircraft",
}  # fmt: skip

# Names that differ from what the image shows.
RENAMED = {
    "heart": "red heart", "sunny": "sun", "star": "star", "boat": "sailboat",
    "hankey": "pile of poo", "car": "red car", "coffee": "cup of coffee", "pizza": "slice of pizza",
    "full_moon": "full moon", "zap": "lightning", "bus": "bus", "alien": "alien",
    "space_invader": "space invader", "ocean": "wave", "droplet": "drop of water",
}  # fmt: skip

SYNONYMS = {
    "grinning": "happy face, smiley face, smile", "smiley": "happy face, smiley, big smile",
    "joy": "laughing face, crying with laughter", "wink": "winking face, wink",
    "heart_eyes": "face in love, heart eyes", "kissing_heart": "kiss, kissing face",
    "thinking_face": "thinking", "sunglasses": "cool face, sunglasses", "cry": "sad face, crying",
    "nerd_face": "nerd, glasses", "rage": "red angry face, furious face", "angry": "mad face, angry face",
    "skull": "skeleton head", "ghost": "spooky ghost",
    "alien": "alien head", "robot_face": "robot", "hankey": "poop, poo", "clown_face": "clown",
    "smiley_cat": "happy cat, cat, kitty", "smile_cat": "grinning cat, cat", "joy_cat": "laughing cat",
    "heart_eyes_cat": "cat in love", "heart": "heart, love, red heart", "broken_heart": "heartbreak",
    "dog": "dog, puppy, doggy", "dog2": "dog, puppy, hound", "poodle": "white dog",
    "wolf": "wolf, grey wolf", "fox_face": "fox, red fox", "cat": "cat, kitten, kitty",
    "cat2": "cat, kitten, orange cat", "black_cat": "black cat, black kitten", "lion_face": "lion",
    "tiger": "tiger, big cat", "tiger2": "tiger, wild cat", "horse": "horse, brown horse",
    "racehorse": "horse, running horse, pony", "unicorn_face": "unicorn", "zebra_face": "zebra",
    "cow": "cow", "cow2": "cow", "pig": "pig, piglet", "pig2": "pig", "mouse": "mouse",
    "mouse2": "white mouse", "rabbit": "bunny, rabbit, hare", "rabbit2": "bunny, rabbit, hare",
    "bear": "bear, brown bear", "panda_face": "panda, panda bear", "elephant": "elephant, grey elephant",
    "monkey_face": "monkey", "rooster": "cock", "baby_chick": "chick, yellow chick",
    "hatched_chick": "chick", "bird": "blue bird, bird", "eagle": "bird of prey", "duck": "duck, duckling",
    "swan": "white swan", "owl": "owl", "dove_of_peace": "dove, white dove", "frog": "frog, toad, green frog",
    "snake": "green snake", "dragon": "green dragon", "t-rex": "dinosaur", "sauropod": "dinosaur",
    "whale": "blue whale, whale", "fish": "blue fish, fish", "tropical_fish": "fish, yellow fish",
    "shark": "shark", "octopus": "octopus, squid", "bug": "caterpillar, green caterpillar",
    "bee": "bee, bumblebee", "ladybug": "ladybird, ladybug", "butterfly": "orange butterfly",
    "rose": "red rose, flower", "sunflower": "sunflower, yellow flower, flower", "tulip": "pink tulip, flower",
    "cherry_blossom": "pink flower, flower", "bouquet": "bunch of flowers", "evergreen_tree": "fir, pine tree, tree",
    "deciduous_tree": "tree, green tree, oak", "palm_tree": "palm", "cactus": "cactus, desert plant",
    "grapes": "purple grapes, grape", "tangerine": "orange, mandarin", "lemon": "yellow lemon, citrus",
    "apple": "apple, red apple", "green_apple": "apple, green apple", "pear": "green pear",
    "cherries": "cherry, red cherries", "strawberry": "red strawberry, berry", "tomato": "red tomato",
    "eggplant": "eggplant, purple aubergine", "corn": "corn, sweetcorn", "hot_pepper": "chili, chilli pepper",
    "carrot": "orange carrot", "bread": "loaf of bread, toast", "cheese_wedge": "cheese, piece of cheese",
    "hamburger": "burger, cheeseburger", "fries": "french fries, chips", "pizza": "pizza, pizza slice",
    "hotdog": "sausage in a bun", "rice_ball": "onigiri", "icecream": "ice cream, ice cream cone",
    "ice_cream": "bowl of ice cream", "doughnut": "donut", "cookie": "biscuit, chocolate cookie",
    "birthday": "cake, birthday cake", "cake": "piece of cake, strawberry cake", "coffee": "coffee, hot coffee, tea",
    "wine_glass": "red wine, glass of wine", "cocktail": "martini", "beer": "glass of beer, beer",
    "full_moon": "moon, full moon", "crescent_moon": "moon, half moon", "sunny": "sun, sunshine",
    "star": "yellow star", "star2": "shining star", "rain_cloud": "rain, rainy cloud", "umbrella": "purple umbrella",
    "zap": "lightning bolt, thunder", "snowman": "snow man", "fire": "flame, flames", "ocean": "sea, water wave",
    "soccer": "football, soccer, ball", "basketball": "basketball, orange ball", "tennis": "tennis ball, tennis racket",
    "jack_o_lantern": "pumpkin, halloween pumpkin", "christmas_tree": "xmas tree", "balloon": "red balloon",
    "steam_locomotive": "train, steam train", "bullettrain_side": "fast train, train", "train2": "train, blue train",
    "metro": "subway, underground train", "bus": "coach, blue bus", "fire_engine": "fire truck, red truck",
    "police_car": "police", "taxi": "cab, yellow taxi, yellow car", "car": "car, auto, automobile", "truck": "lorry, truck",
    "racing_car": "race car, red race car", "motor_scooter": "moped, yellow scooter", "bike": "bicycle, bike, cycle",
    "boat": "sailboat, sail boat, yacht", "speedboat": "motor boat", "airplane": "plane, airplane, aeroplane, jet",
    "small_airplane": "plane, small plane", "helicopter": "chopper", "rocket": "spaceship, space rocket",
    "flying_saucer": "ufo",
}  # fmt: skip

# Recoloured copies, so that colours are learned for more than hearts.
TINTED = {
    "duck": "black white blue pink", "dog2": "black white brown blue", "cat2": "white blue pink green",
    "bird": "black red green yellow", "rabbit2": "black pink", "racehorse": "black white blue",
    "fish": "red green pink", "car": "black blue green yellow", "butterfly": "blue red",
    "tulip": "blue yellow white red", "rose": "white blue pink", "star": "blue red green",
    "turtle": "blue red", "balloon": "blue green yellow",
}  # fmt: skip
COLOURS = {
    "black": (45, 45, 50), "white": (235, 235, 235), "red": (225, 45, 40), "green": (70, 165, 60),
    "blue": (50, 110, 220), "yellow": (250, 200, 40), "pink": (245, 130, 180), "brown": (130, 85, 55),
}  # fmt: skip

PLAIN = ["{}", "{}", "{}", "a {}", "an emoji of {}", "{} emoji"]
MORE = [
    "an emoji of a {}", "an image of a {}", "an image of {}", "a cute {}", "a cute {}", "cute {}",
    "the {}", "a drawing of a {}", "a small {}", "a photo of a {}", "{}, emoji", "{}, cute", "{}s",
    "two {}s", "an icon of a {}", "{} icon", "a little {}", "a nice {}", "draw a {}", "my {}",
    "a {} on white", "a happy {}", "a big {}", "a beautiful {}", "cartoon {}", "{} image", "an {}",
    "{} clipart", "image of {}", "i like the {}", "a funny {}", "here is a {}", "some {}", "{}!",
]  # fmt: skip
HELD_OUT = {
    wording: names.split()
    for wording, names in (
        line.split("\t")
        for line in (Path(__file__).parent / "heldout.txt").read_text().splitlines()
    )
}


def clean(name: str) -> str:
    for mark in "_-:,’'":
        name = name.replace(mark, " ")
    return " ".join(name.lower().split())


def _tint(pixels: np.ndarray, colour: tuple) -> np.ndarray:
    """Maps lightness from dark over a colour to white; the white background stays white."""
    light = pixels.astype(np.float32).mean(-1, keepdims=True) / 255
    ground = pixels.min(-1, keepdims=True) > 248
    target = np.array(colour, np.float32)
    low = target * np.clip(light / 0.6, 0, 1) ** 0.7
    high = target + (255 - target) * np.clip((light - 0.6) / 0.4, 0, 1) * 0.45
    tinted = np.where(light < 0.6, low, high)
    return np.where(ground, pixels, tinted).clip(0, 255).astype(np.uint8)


def images(dropped=frozenset(DROPPED)) -> list[dict]:
    """Rows of `load` with `id`, `nouns` (the first is the main one) and `group`, and recoloured ones."""
    kept, seen = [], {}
    for row in load():
        wanted, short = IMAGES[row["subcategory"]], row["short"][0]
        seen[row["subcategory"]] = seen.get(row["subcategory"], 0) + 1
        if isinstance(wanted, str):
            wanted = len(seen) * 10_000 if short in wanted.split() else 0
        if short not in dropped and (seen[row["subcategory"]] <= wanted or short in ALSO):
            kept.append({**row, "id": short, "group": GROUPS[row["subcategory"]], "nouns": _nouns(row)})
    return kept + [tinted for row in kept for tinted in _tinted(row)]


def _nouns(row: dict) -> list[str]:
    short = row["short"][0]
    main = RENAMED.get(short, clean(row["name"]))
    shorter = [main.removesuffix(" symbol"), main.removesuffix(" face")]
    others = [] if short in RENAMED else [clean(name) for name in row["short"]]
    others = [name for name in others if not name[-1].isdigit()]
    synonyms = SYNONYMS[short].split(", ") if short in SYNONYMS else []
    return list(dict.fromkeys([main, *shorter, *synonyms, *others]))


def _tinted(row: dict):
    nouns = {"dog2": ["dog"], "cat2": ["cat"], "rabbit2": ["rabbit", "bunny"], "racehorse": ["horse"],
             "car": ["car"]}.get(row["id"], [row["id"]])  # fmt: skip
    for colour in TINTED.get(row["id"], "").split():
        pixels = _tint(row["pixels"], COLOURS[colour])
        yield {**row, "pixels": pixels, "group": None, "nouns": [f"{colour} {noun}" for noun in nouns]}


def caption(row: dict, rng: random.Random) -> str:
    """A wording for the image; one in ten is empty, for guidance."""
    return "" if rng.random() < 0.1 else wording(row, noun(row, rng), rng)


def noun(row: dict, rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.12 and row["group"]:
        return row["group"]
    return row["nouns"][0] if kind < 0.5 else rng.choice(row["nouns"])


def wording(row: dict, noun: str, rng: random.Random) -> str:
    """The noun in a template, never in a held-out one."""
    while True:
        template = rng.choice(PLAIN if rng.random() < 0.5 else MORE)
        text = template.format(noun)
        if rng.random() < 0.05 and row["group"]:
            text = rng.choice([f"{noun}, {row['group']}", f"{row['group']}, {noun}"])
        if text.lower() not in HELD_OUT:
            return text


def corpus() -> list[str]:
    """Texts for the vocabulary: every noun in every plain template."""
    names = [noun for row in images() for noun in [*row["nouns"], row["group"]] if noun]
    return [template.format(name) for name in names for template in PLAIN]
