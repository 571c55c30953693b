"""Names of the 41 classes: first what a person would choose, then what people would type."""

NAMES = [
    line.split(", ")
    for line in """
grinning face, smiling face, smile
face with hearts, love, starry-eyed face
face with hands, thinking face, hug
skeptical face, smirk, face in clouds
sick face, mask, ill
party face, cowboy, disguise
surprised face, astonished face, shocked
tired face, sad face, yawn
cat face, cat, happy cat
three wise monkeys, see no evil, shy monkey
heart, red heart, coloured heart
monkey or dog, monkey, dog
horse or leopard, horse, unicorn
pig or cow, pig, cow
rabbit or rodent, rabbit, mouse
small wild animal, sloth, kangaroo
bird, owl, flamingo
frog, frog face, toad
sea animal, fish, octopus
insect, butterfly, bee
flower, rose, blossom
tree, plant, palm tree
citrus or melon, orange, watermelon
berry or cherry, strawberry, fruit
nuts and roots, peanut, mushroom
breakfast, pancakes, meat
cooked dish, fried egg, stew
rice dish, rice, bento
cake or ice cream, cake, ice cream
hot drink, coffee, tea
train, railway, metro
bus, ambulance, fire engine
two-wheeler, bicycle, scooter
road sign, traffic light, stop sign
aeroplane, airplane, plane
moon, full moon, half moon
star or cloud, star, cloud
rainbow or storm, rainbow, tornado
fireworks, christmas tree, pumpkin
japanese festival, wind chime, carp streamer
ball game, tennis, bowling
""".strip().splitlines()
]

_EVERY = [name for names in NAMES for name in names]
assert len(NAMES) == 41 and len(set(_EVERY)) == len(_EVERY), "a name stands for one class"
