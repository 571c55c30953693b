"""Names of the 41 classes: the display name first, then alternatives that users may type."""

NAMES = [
    line.split(", ")
    for line in """
grinning face, smiling face, smile, grinning, smiley, grin, laughing, sweat smile, rolling on the floor laughing
face with hearts, love, starry-eyed face, smiling face with 3 hearts, heart eyes, star struck, kissing heart
face with hands, thinking face, hug, hugging face, face with hand over mouth, face with open eyes and hand over mouth, face with peeking eye, shushing face, saluting face
skeptical face, smirk, face in clouds, dotted line face, unamused, face with rolling eyes
sick face, mask, ill, face with medical mask, face with thermometer, face with head bandage, nauseated face, face vomiting, sneezing face
party face, cowboy, disguise, face with cowboy hat, partying face, disguised face
surprised face, astonished face, shocked, hushed, astonished, flushed, pleading face, face holding back tears, frowning, anguished
tired face, sad face, yawn, confounded, persevere, disappointed, sweat, weary, yawning face
cat face, cat, happy cat, smiling cat, grinning cat, laughing cat, heart eyes cat
three wise monkeys, see no evil, shy monkey, see-no-evil monkey, hear no evil, speak no evil
heart, red heart, coloured heart, mending heart, pink heart, orange heart, yellow heart, green heart
monkey or dog, monkey, dog, monkey face, gorilla, orangutan, puppy
horse or leopard, horse, unicorn, leopard, moose, donkey, pony, unicorn face
pig or cow, pig, cow, cattle, piglet, boar, pig nose, ram
rabbit or rodent, rabbit, mouse, rat, hamster, bunny, chipmunk, beaver
small wild animal, sloth, kangaroo, otter, skunk, badger, paw prints
bird, owl, flamingo, swan, dodo, feather
frog, frog face, toad
sea animal, fish, octopus, tropical fish, pufferfish, shark, seashell, coral
insect, butterfly, bee, snail, caterpillar, ant
flower, rose, blossom, bouquet, cherry blossom, white flower, lotus, rosette
tree, plant, palm tree, seedling, potted plant, evergreen tree, deciduous tree
citrus or melon, orange, watermelon, grapes, melon, tangerine, lemon, lime
berry or cherry, strawberry, fruit, cherries, blueberries, kiwifruit, tomato, olive, coconut
nuts and roots, peanut, mushroom, peanuts, beans, chestnut, ginger root, pea pod, root vegetable
breakfast, pancakes, meat, bagel, waffle, cheese wedge, meat on bone, poultry leg
cooked dish, fried egg, stew, falafel, egg, paella, fondue
rice dish, rice, bento, rice cracker, rice ball, curry
cake or ice cream, cake, ice cream, soft ice cream, shaved ice, doughnut, cookie, birthday cake
hot drink, coffee, tea, baby bottle, glass of milk, teapot, sake
train, railway, metro, steam locomotive, railway car, bullet train, high-speed train, blue train
bus, ambulance, fire engine, oncoming bus, trolleybus, minibus
two-wheeler, bicycle, scooter, motor scooter, manual wheelchair, motorized wheelchair, auto rickshaw, bike
road sign, traffic light, stop sign, fuel pump, wheel, rotating light, vertical traffic light, octagonal sign, construction
aeroplane, airplane, plane, small airplane, airplane departure, airplane arriving, parachute, seat
moon, full moon, half moon, new moon, waxing crescent moon, first quarter moon, gibbous moon
star or cloud, star, cloud, glowing star, shooting star, milky way, partly sunny
rainbow or storm, rainbow, tornado, lightning, fog, wind blowing face, cyclone
fireworks, christmas tree, pumpkin, jack o lantern, sparkler, firecracker
japanese festival, wind chime, carp streamer, pine decoration, japanese dolls, koinobori, moon viewing
ball game, tennis, bowling, rugby football, flying disc, cricket bat and ball, field hockey stick and ball, ice hockey stick and puck
""".strip().splitlines()
]

_EVERY = [name for names in NAMES for name in names]
assert len(NAMES) == 41 and len(set(_EVERY)) == len(_EVERY), "a name stands for one class"
