"""Drawings and boxes: topologies, packets, traces and ways as SVG and HTML, for any page."""
