"""A trace as a figure: its drawing, every packet with its hops and its boxes."""
