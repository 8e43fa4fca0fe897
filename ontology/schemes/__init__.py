"""The concept schemes, one Turtle file each; a package so that an installation ships them."""
