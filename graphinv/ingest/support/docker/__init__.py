"""Container images and compose services: how they are built, what they run, what they are given."""
