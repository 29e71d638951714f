"""Names for guests who have not chosen one."""

COLOURS = (
    "Amber Apricot Ash Azure Birch Blue Bronze Cherry Chestnut Clay Cloud Cobalt Copper Coral Cream Crimson "
    "Dawn Dune Dusk Ember Fern Flint Forest Frost Ginger Golden Granite Green Hazel Heather Honey Indigo Iris Ivory "
    "Jade Juniper Lavender Lemon Lilac Lime Linen Maple Marble Meadow Mint Misty Moss Navy Ochre Olive Opal Orange "
    "Pearl Pebble Pine Plum Poppy Quartz Rose Ruby Russet Rust Saffron Sage Sand Scarlet Silver Sky Slate Snowy "
    "Spruce Steel Stone Straw Sunny Teal Thyme Topaz Umber Velvet Violet Walnut Wheat Willow Winter"
).split()
ANIMALS = (
    "Albatross Badger Bat Bear Beaver Bison Bittern Boar Buzzard Camel Capybara Cat Chamois Cicada Cod Coot "
    "Cormorant Crab Crane Cricket Crow Cuckoo Curlew Deer Dipper Dolphin Dormouse Dove Dragonfly Duck Eagle Eel Egret "
    "Eider Elk Falcon Ferret Finch Firefly Fox Frog Gannet Gecko Goldfinch Goose Grebe Grouse Gull Hamster Hare Hawk "
    "Hedgehog Heron Hoopoe Horse Ibex Ibis Jackdaw Jay Kestrel Kingfisher Kite Lapwing Lark Linnet Lizard Lynx Magpie "
    "Marten Merlin Mole Moose Moth Mouse Newt Nightjar Nuthatch Otter Owl Oyster Panda Partridge Pelican Penguin "
    "Petrel Pika Plover Pony Puffin Quail Rabbit Raven Robin Rook Salmon Seal Shrew Sparrow Squirrel Starling Stoat "
    "Stork Swallow Swan Swift Tern Thrush Toad Tortoise Trout Turtle Vole Wagtail Walrus Weasel Whale Wombat Wren Yak"
).split()

_SPREAD = 2_654_435_761
"""An odd number near 2^32 divided by the golden ratio: neighbours in time get names far apart."""


def guest_name(number: int) -> str:
    """A friendly name of two words, always the same for the same number. Not unique: ids are."""
    scattered = number * _SPREAD % 2**32
    return f"{COLOURS[scattered % len(COLOURS)]} {ANIMALS[scattered // len(COLOURS) % len(ANIMALS)]}"
