"""The geometry of charts, which templates draw as SVG."""
